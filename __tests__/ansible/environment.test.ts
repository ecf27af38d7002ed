import { describe, expect, it } from "vitest";
import { ansibleEnvironment, type EnvironmentParts, OWN_SSH_ARGS } from "../../src/ansible/environment.js";
import { parseAnsibleCfg } from "../../src/project/ansible-cfg.js";

function environment(overrides: Partial<EnvironmentParts> = {}, cfg?: string): Record<string, string> {
  return ansibleEnvironment({
    job: { PATH: "/bin", HOME: "/home/u", LANG: "de_DE.UTF-8" },
    actionRoot: "/action",
    project: {
      folder: "/w/site",
      cfg: cfg === undefined ? undefined : { path: "/w/site/ansible.cfg", settings: parseAnsibleCfg(cfg) },
    },
    checking: "strict",
    bundled: true,
    inventoryFolder: false,
    temporary: "/p/tmp",
    galaxy: undefined,
    controlFolder: "/tmp/c",
    sshConfig: "/p it's/ssh_config",
    standInVaultPassword: "",
    output: "/private/output",
    events: "/p/events.jsonl",
    playMarker: "marker",
    python: "/tools/ansible/x64/bin/python",
    ...overrides,
  });
}

describe("ansibleEnvironment", () => {
  it("is exactly this for a bundled playbook and a project without ansible.cfg", () => {
    const option = `-F '/p it'"'"'s/ssh_config'`;
    expect(environment()).toEqual({
      PATH: "/bin",
      HOME: "/home/u",
      LANG: "de_DE.UTF-8",
      ANSIBLE_FORCE_COLOR: "true",
      ANSIBLE_GATHERING: "explicit",
      ANSIBLE_INJECT_FACT_VARS: "false",
      ANSIBLE_DISPLAY_OK_HOSTS: "false",
      ANSIBLE_DISPLAY_SKIPPED_HOSTS: "false",
      ANSIBLE_PIPELINING: "true",
      ANSIBLE_CONFIG: "/action/ansible.cfg",
      ANSIBLE_COLLECTIONS_PATH:
        "/action:/home/u/.ansible/collections:/usr/share/ansible/collections:/w/site/collections",
      ANSIBLE_BECOME_PLUGINS:
        "/home/u/.ansible/plugins/become:/usr/share/ansible/plugins/become:/action/ansible_collections/django_ansible/deploy/plugins/become",
      ANSIBLE_CALLBACKS_ENABLED: "django_ansible.deploy.events,django_ansible.deploy.built_modules",
      ANSIBLE_INVENTORY_UNPARSED_FAILED: "true",
      ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED: "true",
      ANSIBLE_LOCAL_TEMP: "/p/tmp",
      ANSIBLE_RETRY_FILES_ENABLED: "false",
      ANSIBLE_BECOME_ASK_PASS: "false",
      ANSIBLE_ASK_PASS: "false",
      ANSIBLE_ASK_VAULT_PASS: "false",
      ANSIBLE_HOST_KEY_CHECKING: "true",
      ANSIBLE_SSH_CONTROL_PATH_DIR: "/tmp/c",
      ANSIBLE_SSH_CONTROL_PATH: "",
      ANSIBLE_SSH_ARGS: `-o StrictHostKeyChecking=yes ${OWN_SSH_ARGS}`,
      ANSIBLE_SSH_HOST_KEY_CHECKING: "true",
      ANSIBLE_SSH_COMMON_ARGS: option,
      ANSIBLE_SSH_EXTRA_ARGS: option,
      ANSIBLE_SFTP_EXTRA_ARGS: option,
      ANSIBLE_SCP_EXTRA_ARGS: option,
      PYTHONPYCACHEPREFIX: "/tools/ansible/x64/pycache",
      DJANGO_ANSIBLE_BUILT_MODULES: "/tools/ansible/x64/modules",
      DJANGO_ANSIBLE_EVENTS_PATH: "/p/events.jsonl",
      DJANGO_ANSIBLE_EVENTS_PLAY_MARKER: "marker",
      DJANGO_ANSIBLE_OUTPUT_PATH: "/private/output",
    });
  });

  it("drops inputs, state, tokens, command files and another Python's settings", () => {
    const dropped = {
      "INPUT_BECOME-PASSWORD": "x",
      STATE_privateFolder: "x",
      ACTIONS_RUNTIME_TOKEN: "x",
      GITHUB_TOKEN: "x",
      GITHUB_ENV: "x",
      GITHUB_OUTPUT: "x",
      GITHUB_PATH: "x",
      GITHUB_STATE: "x",
      GITHUB_STEP_SUMMARY: "x",
      PYTHONPATH: "x",
      PYTHONHOME: "x",
      VIRTUAL_ENV: "x",
    };
    const kept = { GITHUB_SHA: "abc", SSH_AUTH_SOCK: "/s", ANSIBLE_TIMEOUT: "5" };
    const result = environment({ job: { ...dropped, ...kept, LANG: "C.UTF-8" } });
    expect(result).toMatchObject(kept);
    for (const name of Object.keys(dropped)) expect(result).not.toHaveProperty(name);
  });

  it("leaves an own playbook Ansible's defaults", () => {
    const result = environment({ bundled: false });
    for (const name of ["ANSIBLE_GATHERING", "ANSIBLE_INJECT_FACT_VARS", "ANSIBLE_PIPELINING"]) {
      expect(result).not.toHaveProperty(name);
    }
  });

  it("combines the lists of the project's ansible.cfg", () => {
    const result = environment(
      {},
      "[defaults]\ncollections_path=./c:/d\nbecome_plugins=./b\ncallbacks_enabled=timer\n[ssh_connection]\nssh_extra_args=-C\npipelining=false",
    );
    expect(result).toMatchObject({
      ANSIBLE_CONFIG: "/w/site/ansible.cfg",
      ANSIBLE_COLLECTIONS_PATH: "/action:/w/site/c:/d:/w/site/collections",
      ANSIBLE_BECOME_PLUGINS: "/w/site/b:/action/ansible_collections/django_ansible/deploy/plugins/become",
      ANSIBLE_CALLBACKS_ENABLED: "django_ansible.deploy.events,django_ansible.deploy.built_modules,timer",
      ANSIBLE_SSH_EXTRA_ARGS: expect.stringMatching(/^-C -F '/),
    });
    expect(result).not.toHaveProperty("ANSIBLE_PIPELINING");
    expect(result).not.toHaveProperty("ANSIBLE_INJECT_FACT_VARS");
  });

  it("combines the lists of the job, which win over the file's", () => {
    const job = {
      HOME: "/h",
      ANSIBLE_COLLECTIONS_PATH: "/x",
      ANSIBLE_BECOME_PLUGINS: "/p",
      ANSIBLE_CALLBACKS_ENABLED: "a, b",
      ANSIBLE_SSH_EXTRA_ARGS: "-q",
      ANSIBLE_HOST_KEY_CHECKING: "False",
    };
    expect(
      environment({ job }, "[defaults]\ncollections_path=/y\nbecome_plugins=/b\ncallbacks_enabled=c"),
    ).toMatchObject({
      ANSIBLE_COLLECTIONS_PATH: "/action:/x:/w/site/collections",
      ANSIBLE_BECOME_PLUGINS: "/p:/action/ansible_collections/django_ansible/deploy/plugins/become",
      ANSIBLE_CALLBACKS_ENABLED: "django_ansible.deploy.events,django_ansible.deploy.built_modules,a,b",
      ANSIBLE_SSH_EXTRA_ARGS: expect.stringMatching(/^-q -F '/),
      ANSIBLE_HOST_KEY_CHECKING: "true",
    });
  });

  it.each([
    ["strict", "true"],
    ["accept-new", "true"],
    ["off", "false"],
  ] as const)("checks host keys with %s: %s", (checking, expected) => {
    expect(environment({ checking }).ANSIBLE_HOST_KEY_CHECKING).toBe(expected);
  });

  it.each([
    [{}, "C.UTF-8"],
    [{ LANG: "C" }, "C.UTF-8"],
    [{ LANG: "en_US.UTF-8", LC_ALL: "POSIX" }, "C.UTF-8"],
    [{ LC_ALL: "en_US.utf8" }, "en_US.utf8"],
  ])("has a UTF-8 locale with %j", (job, expected) => {
    expect(environment({ job }).LC_ALL).toBe(expected);
  });

  it("has colours unless the job wants none", () => {
    expect(environment({ job: { NO_COLOR: "1" } })).not.toHaveProperty("ANSIBLE_FORCE_COLOR");
  });

  it("is quiet where nothing changed, unless the workflow debugs or someone asked otherwise", () => {
    const job = { PATH: "/bin", HOME: "/home/u" };
    expect(environment({ bundled: false })).not.toHaveProperty("ANSIBLE_DISPLAY_OK_HOSTS");
    expect(environment({ job: { ...job, ANSIBLE_DISPLAY_OK_HOSTS: "true" } }).ANSIBLE_DISPLAY_OK_HOSTS).toBe("true");
    const debugging = environment({ job: { ...job, RUNNER_DEBUG: "1" } });
    expect(debugging).not.toHaveProperty("ANSIBLE_DISPLAY_OK_HOSTS");
    expect(debugging.ANSIBLE_VERBOSITY).toBe("2");
    expect(environment()).not.toHaveProperty("ANSIBLE_VERBOSITY");
  });
});
