import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Inputs } from "../../src/inputs/inputs.js";
import { parseAnsibleCfg } from "../../src/project/ansible-cfg.js";
import type { Project } from "../../src/project/inspect.js";
import { sourcesOf } from "../../src/project/sources.js";
import { becomePassword } from "../../src/vault/become-password.js";
import { closedVaults, EVERY_HOST, requireOpenVaults, sentences } from "../../src/vault/check.js";
import { opensVault } from "../../src/vault/decrypt.js";
import { createFolder, createGround } from "../support/folder.js";
import { createInputs } from "../support/inputs.js";
import { VAULT } from "../support/vault.js";

const NO_PLAY = { inventories: [], playbook: "/nowhere/deploy.yml" };

function projectIn(folder: string, cfg?: string): Project {
  return {
    folder,
    workspace: folder,
    code: folder,
    requirements: undefined,
    playbook: "",
    composeSources: [],
    revision: undefined,
    django: undefined,
    cfg: cfg === undefined ? undefined : { path: join(folder, "ansible.cfg"), settings: parseAnsibleCfg(cfg) },
  };
}

describe("opensVault", () => {
  it("tells the right password from a wrong one", async () => {
    expect(await opensVault(VAULT, ["right"])).toBe(true);
    expect(await opensVault(VAULT, ["right\n"])).toBe(true);
    expect(await opensVault(VAULT, ["wrong"])).toBe(false);
    expect(await opensVault(VAULT.replace("1.1;AES256", "1.2;AES256;prod"), ["right"])).toBe(true);
  });

  it.each(["", "plain: text", "$ANSIBLE_VAULT;1.0;AES\n00", "$ANSIBLE_VAULT;1.1;AES256\nzz"])(
    "knows nothing of %j",
    async (text) => {
      expect(await opensVault(text, ["right"])).toBeUndefined();
    },
  );
});

describe("requireOpenVaults", () => {
  const require = async (
    overrides: Partial<Inputs>,
    project: Project,
    bases: string[] = [],
    job: Record<string, string> = {},
    participants = EVERY_HOST,
  ): Promise<void> => {
    const inputs = createInputs(overrides);
    const files = { inventories: bases, playbook: join(project.folder, "deploy.yml") };
    requireOpenVaults(
      await closedVaults(inputs, project, sourcesOf(project, files, [], "/private", job), job),
      participants,
      inputs,
      project,
    );
  };

  it.each([
    ["group_vars/all/vault.yml", "group_vars/all/vault.yml"],
    ["group_vars/all.yml", "group_vars/all.yml"],
    ["inventory/group_vars/all/secrets/db.yml", "inventory/group_vars/all/secrets/db.yml"],
  ])("names the encrypted file %s and the usual cause", async (path, named) => {
    const folder = createFolder({ [path]: VAULT, "inventory/production.yml": "all:" });
    await expect(require({}, projectIn(folder), [join(folder, "inventory/production.yml")])).rejects.toThrow(
      `${named} is encrypted with ansible-vault and vault-password is not given.`,
    );
  });

  it.each<[string, Record<string, string>, Partial<Inputs>, Record<string, string>, string?]>([
    ["the right password", { "group_vars/all.yml": VAULT }, { vaultPassword: "right" }, {}],
    ["the right password of any id", { "group_vars/all.yml": VAULT }, { vaultPasswords: { a: "x", b: "right" } }, {}],
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
  ])("lets a run start with %s", async (_, files, overrides, job, cfg) => {
    const project = projectIn(createFolder(files), cfg);
    await expect(require(overrides, project, [], job)).resolves.toBeUndefined();
  });

  it("does not count a password file that ansible.cfg names and that is missing", async () => {
    const project = projectIn(
      createFolder({ "group_vars/all.yml": VAULT }),
      "[defaults]\nvault_password_file=~/.nowhere-pass",
    );
    await expect(require({}, project)).rejects.toThrow(/^group_vars\/all\.yml is encrypted/);
  });

  it.each<[string, Partial<Inputs>, string]>([
    ["", { vaultPassword: "wrong" }, "vault-password does not open group_vars/all.yml."],
    [
      "",
      { vaultPasswords: { prod: "wrong" } },
      "None of vault-passwords opens group_vars/all.yml: give the password of the default id in vault-password.",
    ],
    [
      "prod",
      { vaultPasswords: { prod: "wrong" } },
      'The password of the id "prod" in vault-passwords does not open group_vars/all.yml.',
    ],
    [
      "prod",
      { vaultPasswords: { dev: "wrong" } },
      'group_vars/all.yml is encrypted with the vault id "prod", which vault-passwords does not have: add a line "prod: <password>" to it.',
    ],
    [
      "prod",
      { vaultPassword: "wrong" },
      'vault-password does not open group_vars/all.yml, which is encrypted with the vault id "prod": give its password as "prod: <password>" in vault-passwords.',
    ],
  ])("names the id %j with %j", async (id, passwords, sentence) => {
    const text = id === "" ? VAULT : VAULT.replace("1.1;AES256", `1.2;AES256;${id}`);
    await expect(require(passwords, projectIn(createFolder({ "group_vars/all.yml": text })))).rejects.toThrow(sentence);
  });

  it("counts the files of those who take part alone", async () => {
    const project = projectIn(createFolder({ "group_vars/web/vault.yml": VAULT, "host_vars/db1.yml": VAULT }));
    const check = (hosts: string[], groups: string[]) => () =>
      require({}, project, [], {}, { hosts: new Set(hosts), groups: new Set(groups) });
    await expect(check(["web1"], ["all", "web"])()).rejects.toThrow(/^group_vars\/web\/vault\.yml is encrypted/);
    await expect(check(["db1"], ["all", "db"])()).rejects.toThrow(/^host_vars\/db1\.yml is encrypted/);
    await expect(check(["web"], ["all", "db1"])()).resolves.toBeUndefined();
  });
});

describe("the files of a playbook", () => {
  const start =
    (files: Record<string, string>, overrides: Partial<Inputs> = {}, cfg?: string) =>
    async () => {
      const project = projectIn(createFolder(files), cfg);
      const inputs = createInputs({ vaultPassword: "wrong", ...overrides });
      const play = { inventories: [], playbook: join(project.folder, "plays/deploy.yml") };
      requireOpenVaults(
        await closedVaults(inputs, project, sourcesOf(project, play, [], "/private", {}), {}),
        EVERY_HOST,
        inputs,
        project,
      );
    };
  const listed = "- hosts: all\n  roles: [web]\n";

  it.each<[string, string, Record<string, string>, string?]>([
    ["itself", "plays/deploy.yml", { "plays/deploy.yml": VAULT }],
    [
      "its vars_files",
      "plays/secrets/prod.yml",
      {
        "plays/deploy.yml": "- hosts: all\n  vars_files: ['{{ stage }}.yml', secrets/prod.yml]\n",
        "plays/secrets/prod.yml": VAULT,
      },
    ],
    [
      "a role beside it",
      "plays/roles/web/vars/main.yml",
      { "plays/deploy.yml": listed, "plays/roles/web/vars/main.yml": VAULT },
    ],
    [
      "a role of the project",
      "roles/web/defaults/main/secret.yml",
      { "plays/deploy.yml": "- hosts: all\n  roles:\n    - role: web\n", "roles/web/defaults/main/secret.yml": VAULT },
    ],
    [
      "an imported role",
      "more/web/vars/main.yaml",
      {
        "plays/deploy.yml": "- hosts: all\n  tasks:\n    - ansible.builtin.import_role:\n        name: web\n",
        "more/web/vars/main.yaml": VAULT,
      },
      "[defaults]\nroles_path = more",
    ],
  ])("count, as %s", async (_, named, files, cfg) => {
    await expect(start(files, {}, cfg)()).rejects.toThrow(`vault-password does not open ${named}.`);
    await expect(start(files, { vaultPassword: "right" }, cfg)()).resolves.toBeUndefined();
  });

  it("do not count where no play names them", async () => {
    await expect(
      start({ "plays/deploy.yml": "- hosts: all\n", "roles/web/vars/main.yml": VAULT })(),
    ).resolves.toBeUndefined();
    await expect(start({ "plays/deploy.yml": "no: playbook: at all" })()).resolves.toBeUndefined();
  });
});

describe("sentences", () => {
  it("say it of a single value, for when the run comes to it", async () => {
    const indented = VAULT.replaceAll("\n", "\n    ");
    const text = `plain: 1\ndatabase:\n  password: !vault |\n    ${indented}\n`;
    const project = projectIn(createFolder({ "group_vars/all.yml": text }));
    const inputs = createInputs({ vaultPassword: "wrong" });
    const closed = await closedVaults(inputs, project, sourcesOf(project, NO_PLAY, [], "/private", {}), {});
    expect(sentences(closed, inputs, project)).toEqual([
      "vault-password does not open password in group_vars/all.yml.",
    ]);
    expect(() => requireOpenVaults(closed, EVERY_HOST, inputs, project)).not.toThrow();
    expect(
      await closedVaults(
        createInputs({ vaultPassword: "right" }),
        project,
        sourcesOf(project, NO_PLAY, [], "/private", {}),
        {},
      ),
    ).toEqual([]);
  });

  it("says what is wrong with each file", async () => {
    const project = projectIn(createFolder({ "group_vars/web/vault.yml": VAULT, "host_vars/web1.yml": "a: 1" }));
    const inputs = createInputs({ vaultPassword: "wrong" });
    expect(
      sentences(
        await closedVaults(inputs, project, sourcesOf(project, NO_PLAY, [], "/private", {}), {}),
        inputs,
        project,
      ),
    ).toEqual(["vault-password does not open group_vars/web/vault.yml."]);
  });
});

describe("becomePassword", () => {
  const read = (overrides: Partial<Inputs>, files: Record<string, string> = {}): Promise<string> =>
    becomePassword(createInputs(overrides), createGround(files));

  it("is the input itself when that is no vault text", async () => {
    expect(await read({ becomePassword: "plain" })).toBe("plain");
    expect(await read({ becomePassword: "README.md" }, { "README.md": "text" })).toBe("README.md");
    expect(await read({})).toBe("");
  });

  it("is what a vault text holds, given as text or as a file of the repository", async () => {
    const passwords = { vaultPassword: "wrong", vaultPasswords: { prod: "right" } };
    expect(await read({ becomePassword: VAULT, ...passwords })).toBe("vault_x: secret");
    expect(await read({ becomePassword: "secrets/sudo", ...passwords }, { "secrets/sudo": `${VAULT}\n` })).toBe(
      "vault_x: secret",
    );
  });

  it("says which password is missing or wrong", async () => {
    await expect(read({ becomePassword: VAULT })).rejects.toThrow(
      /^become-password is encrypted with ansible-vault and vault-password is not given/,
    );
    await expect(read({ becomePassword: VAULT, vaultPassword: "x" })).rejects.toThrow(
      /^become-password is encrypted .* no given vault password opens it/,
    );
  });
});
