import { describe, expect, it } from "vitest";
import type { ResultEvent } from "../../src/ansible/events.js";
import { explainEnd, explainFailure, type FailureContext } from "../../src/report/explain.js";

function context(inputs: Partial<FailureContext["inputs"]> = {}, closed: readonly string[] = []): FailureContext {
  return {
    inputs: { becomePassword: "", vaultPassword: "", sshPrivateKey: "", knownHosts: "", emptySecrets: [], ...inputs },
    closed,
    causes: new Map(),
  };
}

function failure(more: Partial<ResultEvent>): ResultEvent {
  return {
    event: "result",
    host: "web1",
    task: "1",
    name: "acme.web : Install",
    action: "x",
    status: "failed",
    ...more,
  };
}

describe("explainFailure", () => {
  it.each<[Partial<ResultEvent>, Partial<FailureContext["inputs"]>, string]>([
    [
      { msg: "Task failed: Incorrect sudo password" },
      { becomePassword: "x" },
      "become-password is not the right become (sudo) password on web1.",
    ],
    [
      { msg: "MODULE FAILURE", stderr: "Sorry, try again.\nsudo: 1 incorrect password attempt" },
      { becomePassword: "x" },
      "become-password is not the right become (sudo) password on web1.",
    ],
    [
      {
        msg: "Task failed: Error while resolving value for 'argument_spec': The filter plugin 'ansible.builtin.mandatory' failed: app_name is not set: give the application a name",
      },
      {},
      'web1: the task "Install" failed: app_name is not set: give the application a name.',
    ],
    [{ msg: "Missing sudo password" }, {}, "web1 asks for a become (sudo) password and become-password is not given."],
    [
      { msg: "sudo: a password is required" },
      { becomePassword: "x" },
      "web1 asks for a become (sudo) password and does not take become-password: check its value and ansible_become_method.",
    ],
    [
      { msg: "MODULE FAILURE", stderr: "sudo: interactive authentication is required" },
      {},
      "web1 asks for a become (sudo) password and become-password is not given.",
    ],
    [
      { msg: "Action failed", stderr: "sudo: I'm sorry deploy. I'm afraid I can't do that" },
      { becomePassword: "x" },
      "web1 lets the user in, but the user may not use sudo: add it to the group sudo there, or set another user.",
    ],
    [
      { status: "unreachable", msg: "Task failed: Timeout (17s) waiting for privilege escalation prompt:" },
      { becomePassword: "x" },
      "web1 does not ask for the become (sudo) password as Ansible expects: name the become method sudo rather than ansible.builtin.sudo, which does not understand sudo-rs (Ubuntu 25.10 and newer); if it is sudo already, something on the host holds sudo up (a name or login service that does not answer), so try `sudo -v` there.",
    ],
    [
      { status: "unreachable", msg: "Failed to connect to the host via ssh: Host key verification failed." },
      { knownHosts: "x" },
      "The host key of web1 is not in known-hosts: add the line that ssh-keyscan prints for it to known-hosts, after comparing it with the host's own.",
    ],
    [
      { status: "unreachable", msg: "Host key verification failed." },
      {},
      "The host key of web1 is not in the runner's known_hosts files, and known-hosts is empty: add the line that ssh-keyscan prints for it to known-hosts, after comparing it with the host's own.",
    ],
    [
      {
        status: "unreachable",
        msg: "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
      },
      { knownHosts: "x" },
      "web1 shows another host key than the one in known-hosts: either the host was set up anew, then update the entry, or someone is in between.",
    ],
    [
      { status: "unreachable", msg: "deploy@192.0.2.7: Permission denied (publickey,password)." },
      {},
      "web1 refused to let the runner in and ssh-private-key is not given.",
    ],
    [
      { status: "unreachable", msg: "deploy@192.0.2.7: Permission denied (publickey)." },
      { sshPrivateKey: "x" },
      "web1 does not accept ssh-private-key: add its public key to the authorized_keys of the user deploy, or set another user.",
    ],
    [
      {
        status: "unreachable",
        msg: "Task failed: Failed to connect to the host via ssh: ssh: connect to host 192.0.2.7 port 22: Connection refused",
      },
      {},
      "web1 is unreachable: connect to host 192.0.2.7 port 22: Connection refused.",
    ],
    [{ status: "unreachable" }, {}, "web1 is unreachable: no cause is known."],
    [
      { msg: "No package\n matching 'x'.", path: "/w/roles/a/tasks/main.yml:12" },
      {},
      "web1: the task \"Install\" failed: No package matching 'x' (roles/a/tasks/main.yml:12).",
    ],
    [
      { msg: "non-zero return code", stderr: "one\ntwo\n" },
      {},
      'web1: the task "Install" failed: non-zero return code: two.',
    ],
    [
      { msg: "The command exited with a non-zero return code.", stderr: "two\n" },
      {},
      'web1: the task "Install" failed: The command exited with a non-zero return code: two.',
    ],
    [{ msg: "non-zero return code", stdout: "out" }, {}, 'web1: the task "Install" failed: non-zero return code: out.'],
    [{ no_log: true }, {}, 'web1: the task "Install" failed: the cause is hidden by no_log.'],
    [{}, {}, 'web1: the task "Install" failed: it gave no message.'],
    [
      { msg: "Attempting to decrypt but no vault secrets found." },
      {},
      "A file is encrypted with ansible-vault and vault-password is not given.",
    ],
  ])("explains %j", (result, inputs, sentence) => {
    expect(explainFailure(failure(result), context(inputs))).toBe(sentence);
  });
});

describe("explainEnd", () => {
  it.each<[string, readonly string[], string]>([
    [
      "[WARNING]: x\n[ERROR]: Attempting to decrypt but no vault secrets found.\n",
      [],
      "A file is encrypted with ansible-vault and vault-password is not given.",
    ],
    [
      "[ERROR]: Decryption failed (no vault secrets were found that could decrypt).\n",
      ["vault-password does not open group_vars/all/vault.yml."],
      "vault-password does not open group_vars/all/vault.yml.",
    ],
    [
      "[ERROR]: Decryption failed (no vault secrets were found that could decrypt).\n",
      [],
      "No given vault password opens a file that this deploy reads.",
    ],
    [
      "[WARNING]: Could not match supplied host pattern, ignoring: nope\n[ERROR]: Specified inventory, host pattern and/or --limit leaves us with no hosts to target.\n",
      [],
      "No host is left to deploy to: the inventory is empty, or limit matches none of its hosts.",
    ],
    [
      "\u001b[0;31m[ERROR]: couldn't resolve module/action 'x'.\u001b[0m\n\u001b[0;31mOrigin: /w/bad.yml:3:7\u001b[0m\n\n1 - hosts: all\n",
      [],
      'The playbook uses the module "x", which is not there (/w/bad.yml:3): correct its name, or have its collection installed by requirements.',
    ],
    [
      "ERROR! the role 'x' was not found\n\nmore\n",
      [],
      'The playbook uses the role "x", which is not there: put it into roles, or have it installed by requirements.',
    ],
    [
      "[ERROR]: conflicting action statements: a, b\nOrigin: /w/site/plays/bad.yml:4:7\n\n2 x\n",
      [],
      "Ansible refuses what is written at site/plays/bad.yml:4: conflicting action statements: a, b.",
    ],
    [
      "[ERROR]: Failed to parse inventory.\nOrigin: /t/django-ansible-deploy-aB3xYz/inventory/inventory.ini\n\n<<< caused by >>>\n\nError parsing '/t/django-ansible-deploy-aB3xYz/inventory/inventory.ini': No closing quotation\n",
      [],
      "The inventory can be read neither as YAML nor as INI (Error parsing 'inventory': No closing quotation): correct it there.",
    ],
    ["something odd\n", [], "Ansible could not run: something odd. Its output above says more."],
    ["", [], "Ansible ended without saying why: run the job again with debug logging."],
  ])("explains %j", (stderr, unopened, sentence) => {
    expect(explainEnd(4, stderr, context({}, unopened))).toBe(sentence);
  });

  it("says what a signal from outside mostly means", () => {
    expect(explainEnd(143, "", context({}, []))).toMatch(
      /^Ansible was ended by a signal from outside: mostly the runner had no memory left/,
    );
  });
});
