import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { run } from "../src/deploy.js";
import { Known } from "../src/known.js";
import type { Machine } from "../src/toolchain/machine.js";
import { alive } from "./support/alive.js";
import { VAULT } from "./support/vault.js";
import { standIn } from "./support/waiting.js";
import { type Plan, Wired } from "./support/wired.js";

const { ensureAnsible, endNow } = vi.hoisted(() => ({ ensureAnsible: vi.fn(), endNow: vi.fn() }));
vi.mock("../src/toolchain/install.js", () => ({ ensureAnsible, beginAnsible: () => undefined }));
// It would end the process of the tests, and has tests of its own.
vi.mock("../src/end-now.js", () => ({ endNow }));

let wired: Wired;

/** The stand-in as an Ansible that is ready. */
const ready = (cached: boolean, signal?: AbortSignal) => ({
  ...{ python: wired.python, version: "2.21.5", cached },
  waiting: standIn(wired.python, signal),
});

/** Wires a run up. Without inputs: a playbook of the user's for one host. */
function wire(
  inputs: Readonly<Record<string, string>> = {},
  plan: Plan = {},
  env: Readonly<Record<string, string>> = {},
) {
  wired = new Wired({ hosts: "web1.example.org", playbook: "deploy.yml", ...inputs }, plan, env);
  return wired;
}

/** Container mode has a playbook that gives back, and needs no Django project. */
const BUNDLED = { playbook: "", mode: "container" };
const SECRETS = { env: "API_TOKEN=t0ken-value", "become-password": "b3come-pass", "vault-password": "v4ult-pass" };

const stats = (host: string, counts: object = {}) => ({
  ...{ event: "stats", hosts: { [host]: { ok: 1, changed: 0, unreachable: 0, failures: 0, ...counts } } },
});
const failed = (msg: string) => ({
  ...{ event: "result", host: "web1.example.org", task: "1", name: "Do", action: "command", status: "failed", msg },
});

beforeEach(() => {
  ensureAnsible.mockImplementation(async (_root, _wish, { signal }: Machine) => ready(true, signal));
});
afterEach(() => {
  ensureAnsible.mockReset();
  endNow.mockReset();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = 0;
});

describe("a run", () => {
  it("plays, sets its outputs and leaves nothing", async () => {
    wire(SECRETS, { play: { events: [stats("web1.example.org", { changed: 1 })], stdout: "PLAY [one]\n" } });
    await run(new Known(), process.cwd());
    expect(wired.outputs).toMatchObject({ status: "succeeded", "ok-hosts": "1", "ansible-version": "2.21.5" });
    expect(wired.started.map(({ part }) => part)).toEqual(["play"]);
    expect(process.exitCode ?? 0).toBe(0);
    expect(wired.left).toEqual([]);
    expect(process.listenerCount("SIGINT")).toBe(0);
  });

  it("leaves nobody waiting: no long timer, no listener", async () => {
    const listeners = () =>
      ["SIGINT", "SIGTERM", "beforeExit", "uncaughtException"].map((name) => process.listenerCount(name));
    wire();
    const before = listeners();
    const [set, clear] = [vi.spyOn(globalThis, "setTimeout"), vi.spyOn(globalThis, "clearTimeout")];
    await run(new Known(), process.cwd());
    const long = set.mock.results
      .filter((_, index) => Number(set.mock.calls[index]?.[1]) >= 5_000)
      .map(({ value }) => value);
    const cleared = clear.mock.calls.map(([timer]) => timer);
    expect(long.length).toBeGreaterThan(1);
    expect(long.filter((timer) => !cleared.includes(timer))).toEqual([]);
    expect(listeners()).toEqual(before);
  });

  it("fetches what its requirements name before it plays, which gets them", async () => {
    wire({ requirements: "requirements.yml" });
    wired.write("workspace/requirements.yml", "collections:\n  - {name: own.things, version: 1.0.0}\n");
    await run(new Known(), process.cwd());
    expect(wired.outputs.status).toBe("succeeded");
    expect(wired.started.map(({ part }) => part)).toEqual(["galaxy", "play"]);
    const [galaxy, play] = wired.started;
    expect(galaxy?.argv.join(" ")).toContain("requirements.yml");
    expect(play?.env.ANSIBLE_COLLECTIONS_PATH).toContain(join(wired.folder, "bin", "django-ansible-deploy-galaxy"));
    expect(galaxy?.env.ANSIBLE_COLLECTIONS_PATH).toMatch(/django-ansible-deploy-galaxy/);
  });

  it("is ended by its watchdog where it waits for nothing any more", async () => {
    wire({}, { play: { wait: true } });
    const known = new Known();
    const done = run(known, process.cwd());
    await wired.waiting();
    process.emit("beforeExit", 0);
    expect(endNow).toHaveBeenCalledExactlyOnceWith(known, undefined);
    process.emit("SIGINT");
    await done;
  });

  it("gives Ansible its secrets in files, and no input in its environment", async () => {
    wire(SECRETS);
    await run(new Known(), process.cwd());
    const [{ argv = [], env = {}, secrets = [] } = {}] = wired.started;
    expect(secrets.map((path) => path.split("/").at(-1)).sort()).toEqual([
      "become-password",
      "vars.json",
      "vault-password",
    ]);
    expect(JSON.stringify([argv, env])).not.toMatch(/t0ken-value|b3come-pass|v4ult-pass/);
    expect(Object.keys(env).filter((name) => /^(INPUT|STATE)_/.test(name))).toEqual([]);
  });

  it("saves the paths of what it makes before it fails", async () => {
    ensureAnsible.mockRejectedValue(new Error("no network"));
    wire();
    await run(new Known(), process.cwd());
    expect(wired.outputs.status).toBe("failed");
    expect(wired.state.privateFolder).toMatch(/\/temp\/django-ansible-deploy-/);
    expect(wired.state.controlFolder).toMatch(/\/dad-/);
    expect(wired.left).toEqual([]);
    expect(wired.log).toContain("::error::no network");
    expect(process.exitCode).toBe(1);
  });

  it("says so where the tool cache may not be written to", async () => {
    wire();
    ensureAnsible.mockImplementation(async () => {
      vi.stubEnv("RUNNER_TOOL_CACHE", "/opt/cache");
      return ready(false);
    });
    await run(new Known(), process.cwd());
    expect(wired.log).toContain("::warning::The runner's tool cache may not be written to");
  });

  it("refuses a Windows runner with one sentence, before anything is made", async () => {
    wire();
    vi.spyOn(process, "platform", "get").mockReturnValue("win32");
    await run(new Known(), process.cwd());
    expect(wired.log.match(/^::error::.*$/gm)).toEqual([
      "::error::The job runs on Windows, where Ansible does not run: use a Linux or macOS runner, such as runs-on: ubuntu-latest.",
    ]);
    expect(wired.state.privateFolder).toBeUndefined();
    expect(wired.outputs.status).toBe("failed");
  });
});

describe("what a run says beside Ansible", () => {
  const CLOSED = VAULT.replace(/.{8}$/, "36363636");

  it("is which Ansible runs, and no warning where nothing is wrong", async () => {
    wire({}, { play: { events: [stats("web1.example.org")] } });
    await run(new Known(), process.cwd());
    expect(wired.log).toContain("ansible-core 2.21.5 from the tool cache.\n");
    expect(wired.log).not.toMatch(/^::warning::/m);
    expect(Number(wired.outputs["duration-seconds"])).toBeLessThan(60);
    expect(Object.keys(JSON.parse(wired.outputs.timings ?? ""))).toEqual([
      ...["total", "look", "ansible-ready", "ansible-start"],
    ]);
    ensureAnsible.mockImplementation(async (_root, _wish, { signal }: Machine) => ready(false, signal));
    wire();
    await run(new Known(), process.cwd());
    expect(wired.log).toContain("ansible-core 2.21.5 installed.\n");
  });

  it("warns of secrets that are cut, empty or too weak to hide, and of host keys that are not checked", async () => {
    const given = { env: "A=s3cret #tail", "become-password": "1234", "host-key-checking": "off" };
    wire(given, {}, { "INPUT_REGISTRY-PASSWORD": "" });
    await run(new Known(), process.cwd());
    const warnings = wired.log.match(/^::warning::.*$/gm) ?? [];
    expect(warnings.some((line) => line.includes("The value of A in env ends before"))).toBe(true);
    expect(warnings.some((line) => line.includes("become-password is so short or common"))).toBe(true);
    expect(warnings.some((line) => line.includes("registry-password is given but empty"))).toBe(true);
    expect(warnings.some((line) => line.includes("host-key-checking"))).toBe(true);
    expect(warnings).not.toContain("::warning::");
  });

  it("is what was found out about the project", async () => {
    wire({ playbook: "", "app-name": "shop", source: "git", vars: "app_repo: https://git.example.org/shop.git" });
    wired.write("workspace/manage.py", 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n');
    wired.write("workspace/shop/settings.py", "");
    await run(new Known(), process.cwd());
    expect(wired.log).toMatch(/^manage\.py: in \. \(found by manage\.py; app_path overrides\)$/m);
  });

  it.each([
    [
      "that host keys are not checked",
      { vars: "ansible_host_key_checking: false" },
      /^::error::vars sets ansible_host_key_checking/m,
    ],
  ])("is a refusal of variables that say %s", async (_, given, sentence) => {
    wire(given);
    await run(new Known(), process.cwd());
    expect(wired.log).toMatch(sentence);
    expect(ensureAnsible).not.toHaveBeenCalled();
  });

  it("warns of a check that takes everything from a pull request", async () => {
    wire({ check: "true" }, {}, { GITHUB_EVENT_NAME: "pull_request" });
    await run(new Known(), process.cwd());
    expect(wired.log).toMatch(/^::warning::This check takes inventory, variables, .* from the pull request itself/m);
  });

  it("refuses a rule that is broken, before anything is made", async () => {
    wire({ limit: "-x" });
    await run(new Known(), process.cwd());
    expect(wired.log).toContain('::error::limit has the pattern "-x"');
    expect(wired.state.privateFolder).toBeUndefined();
    expect(ensureAnsible).not.toHaveBeenCalled();
    expect(wired.summary).toContain("limit has the pattern");
  });

  it("has a summary also of inputs that cannot be read, and none where none is wanted", async () => {
    wire({ mode: "neither" });
    await run(new Known(), process.cwd());
    expect(wired.summary).toContain("mode is");
    wire({ summary: "false" });
    await run(new Known(), process.cwd());
    expect(wired.summary).toBe("");
  });

  it("refuses a vault that no password opens and every host needs, before Ansible is fetched", async () => {
    wire({ "vault-password": "wrong" });
    wired.write("workspace/group_vars/all/vault.yml", CLOSED);
    await run(new Known(), process.cwd());
    expect(wired.outputs.status).toBe("failed");
    expect(wired.log).toMatch(/^::error::.*vault/m);
    expect(ensureAnsible).not.toHaveBeenCalled();
  });

  it.each([
    ["web1.example.org", ["list", "inventory"]],
    ["web2.example.org", ["list", "inventory", "play"]],
  ])("asks for the hosts of a run where a vault of one group stays closed: %s in it", async (member, started) => {
    const graph = `@all:\n  |--@web:\n  |  |--${member}\n  |--@ungrouped:\n  |  |--web1.example.org\n`;
    wire({ "vault-password": "wrong" }, { list: { stdout: "      web1.example.org\n" }, inventory: { stdout: graph } });
    wired.write("workspace/group_vars/web/vault.yml", CLOSED);
    await run(new Known(), process.cwd());
    expect(wired.started.map(({ part }) => part).sort()).toEqual([...started].sort());
    expect(wired.outputs.status).toBe(started.includes("play") ? "succeeded" : "failed");
  });
});

describe("the cause of a failure", () => {
  const unreachable = { ...failed("Failed to connect to the host via ssh: x"), status: "unreachable" };
  const play = { events: [unreachable, stats("web1.example.org", { unreachable: 1 })], code: 4 };
  const inventory = (variables: object) => ({
    stdout: JSON.stringify({ _meta: { hostvars: { "web1.example.org": variables } } }),
  });

  it("takes the place of Ansible's words where it is found", async () => {
    wire({}, { play, inventory: inventory({ ansible_host: "192.0.2.7" }) });
    await run(new Known(), process.cwd());
    expect(wired.log).toMatch(/^::error::web1\.example\.org \(192\.0\.2\.7\) refuses connections/m);
    expect(wired.summary).toContain("refuses connections");
    expect(wired.log).not.toMatch(/^::warning::/m);
  });

  it("changes nothing where looking for it fails, which is said", async () => {
    wire({}, { play, inventory: inventory({ ansible_ssh_args: "-o 'open" }) });
    await run(new Known(), process.cwd());
    expect(wired.outputs).toMatchObject({ status: "failed", "unreachable-hosts": "1" });
    expect(wired.log).toMatch(/^::warning::The cause was not found out: \S/m);
  });
});

describe("secrets", () => {
  it("are hidden in log, annotations, summary and outputs, also what a vaulted become password holds", async () => {
    const leak = "t0ken-value and vault_x: secret";
    wire(
      { env: "API_TOKEN=t0ken-value", "become-password": VAULT, "vault-password": "right" },
      {
        play: {
          events: [
            { ...failed(leak), stderr: leak, deploy: { warnings: [leak] } },
            stats("web1.example.org", { failures: 1 }),
          ],
          stdout: `${leak}\n`,
          stderr: `${leak}\n`,
          code: 2,
        },
      },
    );
    await run(new Known(), process.cwd());
    expect(wired.outputs["failed-host-names"]).toBe('["web1.example.org"]');
    expect(wired.log).toContain("::add-mask::vault_x: secret");
    expect(wired.summary).toContain("failed: &#42;&#42;&#42; and &#42;&#42;&#42;.");
    expect(wired.visible).toMatch(/^::error title=web1.*\*\*\*/m);
    const comment = readFileSync(wired.outputs["summary-file"] ?? "", "utf8");
    for (const text of [wired.visible, wired.summary, comment, JSON.stringify(wired.outputs)]) {
      expect(text).not.toMatch(/t0ken-value|vault_x: secret/);
    }
  });

  it("are hidden in annotations, also where they stand in what no event holds as a text", async () => {
    const event = { ...failed("no"), host: "t0ken-value" };
    wire(
      { env: "API_TOKEN=t0ken-value", hosts: "t0ken-value" },
      { play: { events: [event, stats("t0ken-value", { failures: 1 })], stderr: "t0ken-value\n", code: 2 } },
    );
    await run(new Known(), process.cwd());
    expect(wired.visible).toMatch(/^::error title=\*\*\*%3A Do::\*\*\*: the task "Do" failed: no\.$/m);
    expect(wired.visible).not.toContain("t0ken-value");
  });

  it("are hidden in what Ansible says where it ends before any host", async () => {
    wire({ env: "API_TOKEN=t0ken-value" }, { play: { stderr: "ERROR! no t0ken-value here\n", code: 4 } });
    await run(new Known(), process.cwd());
    expect(wired.outputs.status).toBe("failed");
    expect(wired.log).toMatch(/^::error::.*no \*\*\* here/m);
    for (const text of [wired.visible, wired.summary]) expect(text).not.toContain("t0ken-value");
  });

  it("are gone before the report is written", async () => {
    wire(SECRETS, { play: { events: [stats("web1.example.org")] } });
    const seen: string[][] = [];
    wired.onWrite = (chunk) => {
      if (/deploy\.yml on web1/.test(chunk)) seen.push(readdirSync(join(wired.folder, "temp")));
    };
    await run(new Known(), process.cwd());
    expect(seen).toEqual([[]]);
  });
});

describe("a run that is cancelled", () => {
  it("ends Ansible, gives back, and has secrets no longer than Ansible needs them", async () => {
    wire({ ...BUNDLED, ...SECRETS }, { play: { wait: true, events: [failed("x")] }, cancel: { hold: 300 } });
    const done = run(new Known(), process.cwd());
    const pid = await wired.waiting();
    process.emit("SIGINT");
    await done;
    expect(wired.orderly).toBe(true);
    expect(alive(pid)).toBe(false);
    const [, cancel] = wired.started;
    expect(cancel?.part).toBe("cancel");
    expect(cancel?.secrets.length).toBe(3);
    expect(cancel?.left).toEqual([]);
    expect(wired.outputs).toMatchObject({ status: "cancelled", "total-hosts": "1" });
    expect(wired.log).toContain("::error::The run was cancelled.");
    expect(wired.left).toEqual([]);
  });

  it("warns where it could not give back, when commands count again", async () => {
    wire(BUNDLED, { play: { wait: true, stdout: "::error::forged\n" }, cancel: { code: 4 } });
    const done = run(new Known(), process.cwd());
    await wired.waiting();
    process.emit("SIGTERM");
    await done;
    const [, token = ""] = /^::stop-commands::(.+)$/m.exec(wired.log) ?? [];
    const parts = wired.log.split(`\n::${token}::\n`);
    expect(parts.length).toBe(2);
    expect(parts[0]).toContain("::error::forged");
    expect(parts[1]).toContain("::warning::The deploy lock was not given back on every host");
  });

  it("gives nothing back where a playbook of the user's ran", async () => {
    wire({}, { play: { wait: true } });
    const done = run(new Known(), process.cwd());
    await wired.waiting();
    process.emit("SIGINT");
    await done;
    expect(wired.started.map(({ part }) => part)).toEqual(["play"]);
    expect(wired.outputs.status).toBe("cancelled");
  });

  it("has no secret after 3 s and is gone after 8, also where nothing listens", { timeout: 20_000 }, async () => {
    const stubborn = { wait: true, stubborn: true };
    wire({ ...BUNDLED, ...SECRETS }, { play: stubborn, cancel: { ...stubborn, silent: true } });
    const done = run(new Known(), process.cwd());
    const pid = await wired.waiting();
    const [{ secrets = [] } = {}] = wired.started;
    expect(secrets.length).toBe(3);
    const started = Date.now();
    process.emit("SIGINT");
    await vi.waitFor(
      () => expect(readdirSync(join(secrets[0] ?? "", "..")).filter((n) => /password|vars/.test(n))).toEqual([]),
      5_000,
    );
    expect(Date.now() - started).toBeLessThan(3_000);
    await done;
    expect(Date.now() - started).toBeLessThan(8_000);
    expect(alive(pid)).toBe(false);
    expect(wired.left).toEqual([]);
    expect(wired.outputs.status).toBe("cancelled");
  });

  it.each<[string, () => Promise<unknown>]>([
    ["that goes on and succeeds", async () => ({ python: wired.python, version: "2.21.5", cached: true })],
    ["that fails", async () => Promise.reject(new Error("killed"))],
    ["that never ends", () => new Promise(() => undefined)],
  ])("in a step %s starts nothing more", async (_, step) => {
    wire(SECRETS);
    ensureAnsible.mockImplementation(() => {
      process.emit("SIGINT");
      return step();
    });
    const started = Date.now();
    await run(new Known(), process.cwd());
    expect(Date.now() - started).toBeLessThan(3_000);
    expect(wired.started).toEqual([]);
    expect(wired.outputs.status).toBe("cancelled");
    expect(wired.left).toEqual([]);
  });

  it("after Ansible has ended keeps the outcome", async () => {
    const unreachable = { ...failed("Failed to connect"), status: "unreachable" };
    wire(
      {},
      {
        play: { events: [unreachable, stats("web1.example.org", { unreachable: 1 })], code: 4 },
        inventory: { wait: true },
      },
    );
    const done = run(new Known(), process.cwd());
    await wired.waiting();
    process.emit("SIGINT");
    await done;
    expect(wired.outputs).toMatchObject({ status: "failed", "unreachable-hosts": "1" });
  });

  it("by its time limit fails with a sentence", async () => {
    wire({ ...BUNDLED, "timeout-minutes": "0.02" }, { play: { wait: true } });
    await run(new Known(), process.cwd());
    expect(wired.log).toContain("::error::The run was ended after 0.02 minutes, the limit of timeout-minutes.");
    expect(wired.outputs.status).toBe("failed");
    expect(wired.started.map(({ part }) => part)).toEqual(["play", "cancel"]);
  });
});

describe("an error that nobody expected", () => {
  const unreachable = { ...failed("Failed to connect to the host via ssh: x"), status: "unreachable" };

  it.each(["no JSON\n{}", "", '{"_meta": 1}'])("in the inventory's output %j costs no output", async (stdout) => {
    wire(
      {},
      {
        play: { events: [unreachable, stats("web1.example.org", { unreachable: 1 })], code: 4 },
        inventory: { stdout },
      },
      { RUNNER_DEBUG: "1" },
    );
    await run(new Known(), process.cwd());
    expect(wired.outputs).toMatchObject({ status: "failed", "unreachable-host-names": '["web1.example.org"]' });
    expect(wired.log).toMatch(/^::error::web1\.example\.org (is unreachable|refuses connections)/m);
    expect(wired.started.find(({ part }) => part === "inventory")?.env.ANSIBLE_VERBOSITY).toBe("0");
  });

  it("in what a host reports costs the details, not the outcome", async () => {
    wire({}, { play: { events: [{ event: "stats", hosts: null }], code: 2 } });
    await run(new Known(), process.cwd());
    expect(wired.outputs.status).toBe("failed");
    expect(process.exitCode).toBe(1);
  });

  it("and that nobody caught ends the run, which says so", async () => {
    wire(BUNDLED, { play: { wait: true } });
    const done = run(new Known(), process.cwd());
    await wired.waiting();
    process.emit("unhandledRejection", new Error("t0ken"), Promise.resolve());
    await done;
    expect(wired.log).toContain("::error::Unexpected: t0ken");
    const stack = vi.mocked(process.stderr.write).mock.calls.map(([text]) => String(text));
    expect(stack.join("")).toMatch(/Error: t0ken\n\s+at /);
    expect(wired.log).toContain("::error::The action ended by an error of its own, shown above.");
    expect(wired.outputs.status).toBe("failed");
    expect(wired.started.map(({ part }) => part)).toEqual(["play", "cancel"]);
  });
});
