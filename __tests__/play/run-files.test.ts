import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Inputs } from "../../src/inputs/inputs.js";
import { type RunParts, writeRunFiles } from "../../src/play/run-files.js";
import { parseAnsibleCfg } from "../../src/project/ansible-cfg.js";
import { PrivateFolder } from "../../src/secrets/private-folder.js";
import { createFolder, mode } from "../support/folder.js";
import { createInputs } from "../support/inputs.js";
import { createPlay } from "../support/play.js";

/** Writes the files of a run for one host. */
function written(inputs: Partial<Inputs> = {}, more: Partial<RunParts> = {}, cfg?: string) {
  const project = { ...createPlay("").play.project };
  const files = writeRunFiles({
    inputs: createInputs(inputs),
    project:
      cfg === undefined ? project : { ...project, cfg: { path: "/p/ansible.cfg", settings: parseAnsibleCfg(cfg) } },
    folder: PrivateFolder.create(createFolder()),
    job: {},
    actionRoot: process.cwd(),
    identity: { keyFiles: [], agentSocket: "", publicKey: "", repairs: [] },
    becomePassword: "",
    ...more,
  });
  const read = (path: string) => readFileSync(path, "utf8");
  return { files, ssh: read(files.sshConfig), variables: JSON.parse(read(files.variables)), read };
}

describe("the files of a run", () => {
  it("hold each password in a file of its own, on a line as Ansible reads it", () => {
    const { files, read } = written(
      { vaultPassword: "v4ult", vaultPasswords: { prod: "pr0d", dev: "d3v" } },
      { becomePassword: "b3come" },
    );
    expect([read(files.becomePassword), read(files.vaultPassword)]).toEqual(["b3come\n", "v4ult\n"]);
    expect(Object.entries(files.vaultPasswords).map(([id, path]) => [id, basename(path), read(path)])).toEqual([
      ["prod", "vault-password-prod", "pr0d\n"],
      ["dev", "vault-password-dev", "d3v\n"],
    ]);
    expect(mode(files.becomePassword)).toBe("600");
  });

  it("are none for what is not given", () => {
    const { files } = written();
    expect([files.becomePassword, files.vaultPassword, files.vaultPasswords, files.standInVaultPassword]).toEqual([
      ...["", "", {}, ""],
    ]);
  });

  it("stand in for a file of vault passwords that ansible.cfg names and that is not here", () => {
    const cfg = "[defaults]\nvault_password_file = /nowhere/at-all\n";
    const [one, two] = [written({}, {}, cfg), written({}, {}, cfg)];
    expect(basename(one.files.standInVaultPassword)).toBe("no-vault-password");
    expect(one.read(one.files.standInVaultPassword)).toMatch(/^[0-9a-f]{32}\n$/);
    expect(one.read(one.files.standInVaultPassword)).not.toBe(two.read(two.files.standInVaultPassword));
  });

  it("tell the hosts which run it is and who started it", () => {
    const job = {
      GITHUB_RUN_ID: "4711",
      GITHUB_RUN_ATTEMPT: "2",
      GITHUB_ACTOR: "octocat",
      GITHUB_REPOSITORY: "a/shop",
    };
    const named = JSON.stringify(written({}, { job }).variables);
    expect(named).toMatch(/"4711-2-[0-9a-f]{8}"/);
    expect(named).toContain('"octocat"');
    expect(named).toContain('"shop"');
    const unnamed = JSON.stringify(written().variables);
    expect(unnamed).toMatch(/"0-1-[0-9a-f]{8}"/);
    expect(JSON.stringify(written({}, { job: { GITHUB_RUN_ID: "", GITHUB_RUN_ATTEMPT: "" } }).variables)).toMatch(
      /"0-1-[0-9a-f]{8}"/,
    );
    expect(unnamed).not.toContain("Stryker");
  });

  it("run a playbook of the user's as it is, and the bundled one with what takes it back", () => {
    expect(written().files).toMatchObject({ playbook: "/p/deploy.yml", cancelPlaybook: "" });
    const bundled = written({ mode: "container" }, { project: { ...createPlay("").play.project, playbook: "" } }).files;
    expect(basename(bundled.cancelPlaybook)).toMatch(/cancel\.yml$/);
  });
});

describe("what ssh may know of host keys", () => {
  const LINE = "web1.example.org ssh-ed25519 AAAA";
  it.each<[Inputs["hostKeyChecking"], string, RegExp[], RegExp[]]>([
    // The runner's own files alone, unchanged.
    ["strict", "", [/StrictHostKeyChecking yes/], [/UserKnownHostsFile/]],
    // The given ones alone.
    ["strict", LINE, [/UserKnownHostsFile ".*\/known_hosts"$/m, /GlobalKnownHostsFile \/dev\/null/], [/~\/\.ssh/]],
    // What is learned goes into the private folder, and the runner's files count.
    ["accept-new", "", [/UserKnownHostsFile ".*\/known_hosts" ~\/\.ssh\/known_hosts/], [/GlobalKnownHostsFile/]],
    ["accept-new", LINE, [/UserKnownHostsFile ".*\/known_hosts"$/m, /GlobalKnownHostsFile \/dev\/null/], [/~\/\.ssh/]],
    ["off", "", [/StrictHostKeyChecking no/, /UserKnownHostsFile ".*\/known_hosts" ~/], [/GlobalKnownHostsFile/]],
  ])("with host-key-checking: %s and known-hosts %j", (hostKeyChecking, knownHosts, has, lacks) => {
    const { ssh, read } = written({ hostKeyChecking, knownHosts });
    for (const pattern of has) expect(ssh).toMatch(pattern);
    for (const pattern of lacks) expect(ssh).not.toMatch(pattern);
    const file = /UserKnownHostsFile "(.*?)"/.exec(ssh)?.[1];
    if (file !== undefined) expect(read(file).trim()).toBe(knownHosts);
  });

  it("includes files that the project gives to ssh with -F, the job's before those of ansible.cfg", () => {
    const cfg =
      "[ssh_connection]\nssh_args = -F ~/one\nssh_common_args = -F ssh/two\nssh_extra_args = -F /abs/~/three\n";
    const { ssh } = written({}, {}, cfg);
    const includes = (text: string) => [...text.matchAll(/^Include "(.*)"$/gm)].map(([, path]) => path);
    const byCfg = includes(ssh);
    expect(byCfg[0]).toBe(join(homedir(), "one"));
    expect(byCfg[1]).toMatch(/\/work\/ssh\/two$/);
    expect(byCfg[2]).toBe("/abs/~/three");
    const job = { ANSIBLE_SSH_ARGS: "-F /a", ANSIBLE_SSH_COMMON_ARGS: "-F /b", ANSIBLE_SSH_EXTRA_ARGS: "" };
    expect(includes(written({}, { job }, cfg).ssh)).toEqual(["/a", "/b"]);
    expect(includes(written().ssh)).toEqual([]);
  });
});
