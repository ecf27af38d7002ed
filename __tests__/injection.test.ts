import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import { plainLine } from "../src/announce.js";
import { ansibleArguments } from "../src/ansible/arguments.js";
import { LogLines } from "../src/ansible/log.js";
import { extraVariables } from "../src/ansible/variables.js";
import { jumpHosts } from "../src/connection/jump-hosts.js";
import { knownHosts } from "../src/connection/known-hosts.js";
import { DeployError } from "../src/errors.js";
import { parseDotenv } from "../src/inputs/dotenv.js";
import { INPUT_NAMES } from "../src/inputs/inputs.js";
import { parseInputs } from "../src/inputs/parse.js";
import { splitArguments } from "../src/inputs/split-arguments.js";
import { validateInputs } from "../src/inputs/validate.js";
import { parseMapping } from "../src/inputs/yaml.js";
import { hostsInventory, parseHosts } from "../src/inventory/hosts.js";
import { OUTPUT_NAMES, type Outputs, setOutputs } from "../src/report/outputs.js";
import { repairKeys } from "../src/secrets/private-key.js";
import { createInputs, createRaw } from "./support/inputs.js";

/** Texts with what acts somewhere: for the runner, a shell, ssh, Ansible, YAML, Markdown. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...["::set-output name=a::b", "::add-mask::x", "::stop-commands::t", "##[add-mask]x", "\n", "\r", "\r\n", " "],
        ...["{{ lookup('pipe', 'id') }}", "{% raw %}", "-oProxyCommand=id", "--extra-vars", "$(id)", "`id`", "'", '"'],
        ...["ghadelimiter_x", "<<EOF", "EOF", "&anchor", "*anchor", "!!python/name:os.system", "<script>", "|", "\0"],
        ...["host", "1.2.3.4", ":22", "user@", "#", "=", "\\"],
      ),
      fc.string({ maxLength: 8 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));

/** What the function gives, or undefined when it refuses the text in a sentence. */
function accepted<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    expect(error).toBeInstanceOf(DeployError);
    expect(String(error)).not.toMatch(/\n\s+at /);
    return undefined;
  }
}

describe("the log", () => {
  it("lets no output of Ansible act as a command, however it is cut", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom("stdout", "stderr"), hostile)), (chunks) => {
        const written: string[] = [];
        const write = (line: string) => written.push(...line.split(/\r\n|\r|\n/));
        const log = new LogLines(
          {
            ...{ startGroup: () => {}, endGroup: () => {}, write },
            stop: (token) => write(`::stop-commands::${token}`),
            resume: () => write("::random-token::"),
          },
          "random-token",
          "random-marker",
        );
        for (const [stream, chunk] of chunks) log.push(stream as "stdout", chunk);
        log.end();
        let stopped = false;
        for (const line of written) {
          if (line === "::stop-commands::random-token") stopped = true;
          else if (line === "::random-token::") stopped = false;
          else expect(stopped, JSON.stringify(line)).toBe(true);
        }
        expect(stopped).toBe(false);
      }),
    );
  });

  it("has no command in a line of the action's own that holds a host's text", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const line = plainLine(text);
        expect(line).not.toMatch(/[\r\n]|^\s*::|##\[/);
      }),
    );
  });
});

describe("the output file", () => {
  afterEach(() => vi.unstubAllEnvs());

  it("gives each output back as it was, and no other", () => {
    const file = join(mkdtempSync(join(tmpdir(), "outputs-")), "output");
    vi.stubEnv("GITHUB_OUTPUT", file);
    fc.assert(
      fc.property(fc.array(hostile, { minLength: OUTPUT_NAMES.length, maxLength: OUTPUT_NAMES.length }), (texts) => {
        writeFileSync(file, "");
        const outputs = Object.fromEntries(OUTPUT_NAMES.map((name, index) => [name, texts[index] ?? ""])) as Outputs;
        setOutputs(outputs);
        expect(readOutputs(readFileSync(file, "utf8"))).toEqual(outputs);
      }),
      { numRuns: 50 },
    );
  });
});

/** As the runner does: a name, a delimiter, and everything up to a line that is the delimiter. */
function readOutputs(text: string): Record<string, string> {
  const result: Record<string, string> = {};
  let rest = text;
  while (rest !== "") {
    const [head = "", name = "", delimiter = ""] = /^([^\n]*?)<<([^\n]*)\n/.exec(rest) ?? [];
    expect(name).not.toBe("");
    const end = rest.indexOf(`\n${delimiter}\n`, head.length - 1);
    result[name] = end < head.length ? "" : rest.slice(head.length, end);
    rest = rest.slice(end + delimiter.length + 2);
  }
  return result;
}

describe("arguments", () => {
  const files = {
    ...{ python: "/python", playbook: "/playbook", inventories: ["/inventory"], variables: "/variables" },
    ...{ becomePassword: "/become", vaultPassword: "/vault", vaultPasswords: {} },
  };

  it("have no option that comes from limit or tags", () => {
    fc.assert(
      fc.property(hostile, hostile, (limit, tags) => {
        const inputs = accepted(() => parseInputs(createRaw({ hosts: "web1", limit, tags })));
        if (inputs === undefined) return;
        const isValid = accepted(() => {
          validateInputs(inputs);
          return true;
        });
        if (isValid !== true) return;
        const options = ansibleArguments(inputs, files).filter((word) => word.startsWith("-"));
        const own = ["-P", "-m", "--inventory", "--extra-vars", "--become-password-file", "--vault-password-file"];
        for (const option of options) expect([...own, "--limit", "--tags"]).toContain(option);
      }),
    );
  });

  it("are split as they were joined", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        const quoted = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
        expect(splitArguments(quoted.join(" "))).toEqual(words);
      }),
    );
  });
});

describe("ssh", () => {
  it("gets only names, addresses, users and ports of hosts", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const hosts = accepted(() => parseHosts(text)) ?? [];
        for (const { name, address, user = "u", port = 22 } of hosts) {
          for (const part of [name, address, user]) expect(part).toMatch(/^[A-Za-z0-9_:][^\s"'{}%`;|&<>]*$/);
          expect(port).toBeGreaterThan(0);
        }
        if (hosts.length > 0) {
          const read = parse(hostsInventory(hosts)) as { all: { hosts: Record<string, { ansible_host: string }> } };
          expect(Object.keys(read.all.hosts)).toEqual(hosts.map(({ name }) => name));
        }
      }),
    );
  });

  it("gets no directive from jump-host", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        for (const line of accepted(() => jumpHosts(text)) ?? []) {
          expect(line).toMatch(/^(Host| {2}(HostName|User|Port|ProxyJump)) [^\s"]+$/);
        }
      }),
    );
  });

  it("gets known hosts a line each, and keys in their frame", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        for (const line of (accepted(() => knownHosts(text)) ?? "").split("\n")) {
          expect(line).toMatch(/^$|^#|^(@\S+ )?\S+\s+(ssh|ecdsa|sk)-\S+\s+[A-Za-z0-9+/=]+/);
        }
        for (const key of accepted(() => repairKeys(text))?.keys ?? []) expect(key).toMatch(/^-----BEGIN /);
      }),
    );
  });
});

describe("Ansible", () => {
  it("reads no input but vars as a template", () => {
    fc.assert(
      fc.property(hostile, hostile, (text, value) => {
        const inputs = createInputs({
          ...{ appName: text, serverName: text, revision: text, composeFile: text, registry: text },
          ...{ registryUsername: text, registryPassword: value, env: { NAME: value } },
        });
        const detected = {
          ...{ appName: text, workspace: text, revision: text, settingsModule: text, manageDir: text, runId: text },
          ...{ actor: text },
        };
        const seen: string[] = [];
        const walk = (item: unknown, unsafe: boolean): void => {
          if (typeof item === "string" && !unsafe) seen.push(item);
          if (typeof item !== "object" || item === null) return;
          for (const [key, child] of Object.entries(item)) walk(child, key === "__ansible_unsafe");
        };
        walk(JSON.parse(JSON.stringify(extraVariables(inputs, detected as never, [text]))), false);
        expect(seen.filter((found) => /\{[{%#]/.test(found))).toEqual([]);
      }),
    );
  });

  it("gets env as it was written", () => {
    const name = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,9}$/);
    fc.assert(
      fc.property(fc.dictionary(name, hostile), (env) => {
        const value = (text: string) =>
          `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n").replaceAll("\r", "\\r")}"`;
        const text = Object.entries(env).map(([key, content]) => `${key}=${value(content)}`);
        expect(parseDotenv(text.join("\n")).values).toEqual({ ...env });
      }),
    );
  });
});

describe("a text that is refused", () => {
  it("is refused in a sentence, whatever it is and whichever input", () => {
    fc.assert(
      fc.property(fc.constantFrom(...INPUT_NAMES), hostile, (name, text) => {
        const inputs = accepted(() => parseInputs(createRaw({ hosts: "web1", [name]: text })));
        if (inputs !== undefined) accepted(() => validateInputs(inputs));
      }),
      { numRuns: 500 },
    );
  });

  it("is not repeated where it may hold a secret", () => {
    const canary = "canary0123456789";
    fc.assert(
      fc.property(hostile, hostile, (before, after) => {
        const text = `${before}${canary}${after}`;
        for (const read of [
          () => parseDotenv(text),
          () => parseMapping("vars", text),
          () => repairKeys(text),
          () => parseInputs(createRaw({ "vault-passwords": `a: ${text}` })),
        ]) {
          try {
            read();
          } catch (error) {
            if (!/^DeployError: \S+ has the (key|id) /.test(String(error))) expect(String(error)).not.toContain(canary);
          }
        }
      }),
    );
  });
});
