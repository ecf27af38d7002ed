import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Host } from "../../scripts/lab/index.mjs";
import { makeKey, onHost } from "../../scripts/lab/index.mjs";
import { runWorkflow, type WorkflowRequest, type WorkflowRun } from "./support/act.js";
import { expectFailure, expectNoTraces } from "./support/expect.js";
import { inventory, knownHosts } from "./support/inventory.js";
import { closedPort } from "./support/listeners.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

const passwords = { sudo: secret("sudo"), vault: secret("vault"), key: secret("django-key"), token: secret("token") };

let trial: Trial;
let project: Project;
let host: Host;

beforeAll(async () => {
  trial = await startTrial("refusals");
  host = await trial.host({ name: "app1", suite: "bookworm", kind: "ready", password: passwords.sudo });
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/production.yml", inventory([host]));
  project.write(
    "group_vars/all/vars.yml",
    "server_name: mysite.example\ndjango_settings_module: mysite.settings.production\n",
  );
  project.write("group_vars/all/vault.yml", `vault_secret_key: ${passwords.key}\n`);
  await project.encrypt("group_vars/all/vault.yml", passwords.vault);
  await project.commit("A guestbook");
});

afterAll(() => trial?.end());

function deploy(wrong: { secrets?: Record<string, string>; vars?: Record<string, string> } = {}): Promise<WorkflowRun> {
  const request: WorkflowRequest = {
    project,
    secrets: {
      SSH_PRIVATE_KEY: trial.key.text,
      BECOME_PASSWORD: passwords.sudo,
      VAULT_PASSWORD: passwords.vault,
      GUESTBOOK_TOKEN: passwords.token,
      ...wrong.secrets,
    },
    vars: { KNOWN_HOSTS: knownHosts([host]), ...wrong.vars },
  };
  return runWorkflow(trial, "role.yml", request);
}

describe("what is wrong is named, and nothing secret is left behind", () => {
  test("a wrong become password", async () => {
    const run = await deploy({ secrets: { BECOME_PASSWORD: secret("wrong-sudo") } });
    expectFailure(run, /become-password is not the right .*password on app1/, { failed: ["app1"] });
    // More of them lock an account. Ansible cannot tell it from a broken connection, which the role has it try once more.
    const tries = await onHost(host, "journalctl --no-pager --identifier sudo | grep -c 'incorrect password'");
    expect(["1", "2"]).toContain(tries);
    expectNoTraces(trial, run, [passwords.key]);
  });

  test("a wrong vault password", async () => {
    const run = await deploy({ secrets: { VAULT_PASSWORD: secret("wrong-vault") } });
    expectFailure(run, /vault-password does not open group_vars\/all\/vault\.yml/, {});
    expectNoTraces(trial, run, [passwords.key]);
  });

  test("a host key that is not known", async () => {
    const run = await deploy({ vars: { KNOWN_HOSTS: "elsewhere.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGNo" } });
    expectFailure(run, /The host key of app1 is not in known-hosts/, { unreachable: ["app1"] });
    expectNoTraces(trial, run, [passwords.key]);
  });

  test("a host key that is not the known one", async () => {
    const other = await makeKey(trial.folder, "other-host-key");
    const [type, key] = other.publicKey.split(" ");
    const run = await deploy({ vars: { KNOWN_HOSTS: `[127.0.0.1]:${host.sshPort} ${type} ${key}` } });
    expectFailure(run, /app1 shows another host key than the one in known-hosts/, { unreachable: ["app1"] });
    expectNoTraces(trial, run, [passwords.key]);
  });

  test("a key that the host does not accept", async () => {
    const stranger = await makeKey(trial.folder, "stranger");
    const run = await deploy({ secrets: { SSH_PRIVATE_KEY: stranger.text } });
    expectFailure(run, /app1 does not let the user "deploy" in with ED25519 SHA256:/, { unreachable: ["app1"] });
    expectNoTraces(trial, run, [passwords.key]);
  });

  test("a host that does not answer", async () => {
    const port = await closedPort();
    project.write("inventory/production.yml", inventory([{ ...host, sshPort: port }]));
    await project.commit("Move the host");
    const run = await deploy({
      vars: { KNOWN_HOSTS: knownHosts([host]).replaceAll(`:${host.sshPort} `, `:${port} `) },
    });
    expectFailure(run, /app1 \(127\.0\.0\.1\) refuses connections: no sshd listens/, { unreachable: ["app1"] });
    expect(run.outputs["total-hosts"]).toBe("1");
    expectNoTraces(trial, run, [passwords.key]);
  });
});
