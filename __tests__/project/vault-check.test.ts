import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Inputs } from "../../src/inputs.js";
import { parseAnsibleCfg } from "../../src/project/ansible-cfg.js";
import type { Project } from "../../src/project/inspect.js";
import { opensVault } from "../../src/project/vault.js";
import { requireVaultPassword, unopenedFiles } from "../../src/project/vault-check.js";
import { createFolder } from "../support/folder.js";
import { createInputs } from "../support/inputs.js";

/** `vault_x: secret`, encrypted by ansible-vault with the password `right`. */
const VAULT = `$ANSIBLE_VAULT;1.1;AES256
65343864323063346639313438326332396637333037363733376237303339613966343634633538
6262656137373133666334653961653234373163656462620a386166363130626334346666333264
33333133356138336136323034353164363832326237663335623035613664363239363532353565
3432646163663364620a646536373230393565313565613462323061633866396665356237666637
35386162663833636263383038306466396334666563653935643061316436663835`;

function projectIn(folder: string, cfg?: string): Project {
  return {
    folder,
    playbook: "",
    composeSource: "",
    revision: undefined,
    django: undefined,
    cfg: cfg === undefined ? undefined : { path: join(folder, "ansible.cfg"), settings: parseAnsibleCfg(cfg) },
  };
}

describe("opensVault", () => {
  it("tells the right password from a wrong one", () => {
    expect(opensVault(VAULT, "right")).toBe(true);
    expect(opensVault(VAULT, "right\n")).toBe(true);
    expect(opensVault(VAULT, "wrong")).toBe(false);
    expect(opensVault(VAULT.replace("1.1;AES256", "1.2;AES256;prod"), "right")).toBe(true);
  });

  it.each(["", "plain: text", "$ANSIBLE_VAULT;1.0;AES\n00", "$ANSIBLE_VAULT;1.1;AES256\nzz"])(
    "knows nothing of %j",
    (text) => {
      expect(opensVault(text, "right")).toBeUndefined();
    },
  );
});

describe("requireVaultPassword", () => {
  it.each([
    ["group_vars/all/vault.yml", "group_vars/all/vault.yml"],
    ["group_vars/all.yml", "group_vars/all.yml"],
    ["inventory/group_vars/all/secrets/db.yml", "inventory/group_vars/all/secrets/db.yml"],
  ])("names the encrypted file %s and the usual cause", (path, named) => {
    const folder = createFolder({ [path]: VAULT, "inventory/production.yml": "all:" });
    const check = () =>
      requireVaultPassword(createInputs(), projectIn(folder), [join(folder, "inventory/production.yml")], {});
    expect(check).toThrow(
      `${named} is encrypted with ansible-vault and vault-password is empty: the secret is probably not configured for this repository or environment.`,
    );
  });

  it.each<[string, Record<string, string>, Partial<Inputs>, Record<string, string>, string?]>([
    ["a password", { "group_vars/all.yml": VAULT }, { vaultPassword: "x" }, {}],
    ["nothing encrypted", { "group_vars/all.yml": "a: 1" }, {}, {}],
    ["only another group's file", { "group_vars/staging/vault.yml": VAULT }, {}, {}],
    ["an identity in extra-args", { "group_vars/all.yml": VAULT }, { extraArgs: ["--vault-id", "a@b"] }, {}],
    ["a file named by the job", { "group_vars/all.yml": VAULT }, {}, { ANSIBLE_VAULT_PASSWORD_FILE: "/x" }],
    [
      "a file named by ansible.cfg",
      { "group_vars/all.yml": VAULT, pass: "x" },
      {},
      {},
      "[defaults]\nvault_password_file=pass",
    ],
  ])("lets a run start with %s", (_, files, overrides, job, cfg) => {
    const project = projectIn(createFolder(files), cfg);
    expect(() => requireVaultPassword(createInputs(overrides), project, [], job)).not.toThrow();
  });

  it("does not count a password file that ansible.cfg names and that is missing", () => {
    const project = projectIn(
      createFolder({ "group_vars/all.yml": VAULT }),
      "[defaults]\nvault_password_file=~/.nowhere-pass",
    );
    expect(() => requireVaultPassword(createInputs(), project, [], {})).toThrow(/^group_vars\/all\.yml is encrypted/);
  });
});

describe("unopenedFiles", () => {
  it("lists what the password does not open", () => {
    const folder = createFolder({ "group_vars/web/vault.yml": VAULT, "host_vars/web1.yml": "a: 1" });
    expect(unopenedFiles(createInputs({ vaultPassword: "wrong" }), projectIn(folder), [])).toEqual([
      "group_vars/web/vault.yml",
    ]);
    expect(unopenedFiles(createInputs({ vaultPassword: "right" }), projectIn(folder), [])).toEqual([]);
    expect(unopenedFiles(createInputs(), projectIn(folder), [])).toEqual([]);
  });
});
