import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { closeConnections, createControlFolder } from "../../src/connection/control-folder.js";
import { type Identity, keysIntoAgent, prepareIdentity } from "../../src/connection/identity.js";
import { PrivateFolder } from "../../src/secrets/private-folder.js";
import { alive } from "../support/alive.js";
import { createFolder } from "../support/folder.js";
import { makeKey } from "../support/keys.js";

const controlFolders: string[] = [];

function prepare(sshPrivateKey: string, sshPrivateKeyPassphrase = ""): Promise<Identity> {
  const controlFolder = createControlFolder();
  controlFolders.push(controlFolder);
  const folder = PrivateFolder.create(createFolder());
  return prepareIdentity(
    { sshPrivateKey, sshPrivateKeyPassphrase, timeoutMinutes: 1, emptySecrets: [] },
    folder,
    controlFolder,
  );
}

afterEach(async () => {
  for (const folder of controlFolders.splice(0)) await closeConnections(folder);
});

describe("prepareIdentity", () => {
  it("leaves the job's own access alone when no key is given", async () => {
    expect(await prepare("")).toEqual({ keyFiles: [], agentSocket: "", publicKey: "", repairs: [] });
  });

  it("writes each key into a private file of its own", async () => {
    const [one, two] = [makeKey(), makeKey()];
    const { keyFiles, publicKey } = await prepare(one.text + two.text);
    expect(keyFiles.map((file) => readFileSync(file, "utf8"))).toEqual([one.text, two.text]);
    expect(publicKey).toBe(one.publicKey);
  });

  it("gives a protected key to an agent that ends with its folder", async () => {
    const { text, publicKey } = makeKey("-N", "right passphrase");
    const identity = await prepare(text, "right passphrase");
    expect(identity).toMatchObject({ keyFiles: [], publicKey });
    const list = (): string =>
      execFileSync("ssh-add", ["-L"], {
        encoding: "utf8",
        env: { ...process.env, SSH_AUTH_SOCK: identity.agentSocket },
      });
    expect(list()).toContain(publicKey.split(" ")[1]);
    expect(identity.agentSocket.startsWith(tmpdir())).toBe(true);
    const pid = Number(readFileSync(join(identity.agentSocket, "..", "agent.pid"), "utf8"));
    await closeConnections(join(identity.agentSocket, ".."));
    expect(existsSync(identity.agentSocket)).toBe(false);
    expect(list).toThrow();
    await expect.poll(() => alive(pid)).toBe(false);
  });

  it("lets the agent forget keys by itself, 5 minutes after the run's limit or a minute after its end", async () => {
    const folder = createFolder({ "ssh-add": `#!/bin/sh\necho "$@" >> "$0.log"\nPATH="$REAL" exec ssh-add "$@"\n` });
    chmodSync(join(folder, "ssh-add"), 0o755);
    vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
    writeFileSync(
      join(folder, "ssh-add"),
      readFileSync(join(folder, "ssh-add"), "utf8").replace("$REAL", process.env.PATH?.split(`${folder}:`)[1] ?? ""),
    );
    const lifetimes = () =>
      [...readFileSync(join(folder, "ssh-add.log"), "utf8").matchAll(/-t (\d+)/g)].map(([, seconds]) => seconds);
    await prepare(makeKey("-N", "right").text, "right");
    expect(lifetimes()).toEqual(["360"]);
    await keysIntoAgent(await prepare(makeKey().text));
    expect(lifetimes()).toEqual(["360", "60"]);
    vi.unstubAllEnvs();
  });

  it("gives no program an input", async () => {
    vi.stubEnv("INPUT_BECOME-PASSWORD", "b3come-pass");
    const programs = ["ssh-keygen", "ssh-add", "ssh-agent"];
    const text = '#!/bin/sh\nenv > "$0.env.$$"\nPATH="REAL" exec "$(basename "$0")" "$@"\n'.replace(
      "REAL",
      process.env.PATH ?? "",
    );
    const folder = createFolder(Object.fromEntries(programs.map((name) => [name, text])));
    for (const name of programs) chmodSync(join(folder, name), 0o755);
    const protectedKey = makeKey("-N", "right").text;
    vi.stubEnv("PATH", `${folder}:${process.env.PATH}`);
    await prepare(protectedKey, "right");
    vi.unstubAllEnvs();
    const seen = readdirSync(folder).filter((name) => name.includes(".env."));
    expect(new Set(seen.map((name) => name.split(".")[0]))).toEqual(new Set(programs));
    for (const name of seen) expect(readFileSync(join(folder, name), "utf8")).not.toContain("b3come-pass");
  });

  it("moves keys from their files into the agent when a run is ended", async () => {
    const [one, two] = [makeKey(), makeKey()];
    const identity = await prepare(one.text + two.text);
    await keysIntoAgent(identity);
    expect(identity.keyFiles.filter(existsSync)).toEqual([]);
    const env = { ...process.env, SSH_AUTH_SOCK: identity.agentSocket };
    const held = execFileSync("ssh-add", ["-L"], { encoding: "utf8", env });
    for (const { publicKey } of [one, two]) expect(held).toContain(publicKey.split(" ")[1]);
    for (const file of identity.keyFiles) expect(held).toContain(readFileSync(`${file}.pub`, "utf8").split(" ")[1]);
  });

  it("says that a passphrase was not needed", async () => {
    const { repairs } = await prepare(makeKey().text, "useless");
    expect(repairs).toEqual(["it has no passphrase, so ssh-private-key-passphrase was not used"]);
  });

  it.each([
    [
      "a missing passphrase",
      makeKey("-N", "right").text,
      "",
      /is protected by a passphrase and ssh-private-key-passphrase is/,
    ],
    [
      "a wrong passphrase",
      makeKey("-N", "right").text,
      "wrong",
      /^ssh-private-key-passphrase does not open ssh-private-key/,
    ],
    [
      "a damaged key",
      makeKey()
        .text.replace(/^(.{40})....../m, "$1AAAAAA")
        .replace(/\n(.{30}).{8}/, "\n$1AAAAAAAA"),
      "",
      /^ssh-private-key is damaged \(.+\): it was probably cut off or changed when it was stored/,
    ],
    [
      "a second key that is damaged",
      makeKey().text + makeKey().text.replace(/\n(.{30}).{8}/, "\n$1AAAAAAAA"),
      "",
      /^ssh-private-key \(key 2 of 2\) is damaged/,
    ],
  ])("refuses %s", async (_, text, passphrase, sentence) => {
    await expect(prepare(text, passphrase)).rejects.toThrow(sentence);
  });
});
