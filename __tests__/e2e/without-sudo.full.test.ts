import { afterAll, beforeAll, expect, test } from "vitest";
import { type Host, onHost } from "../../scripts/lab/index.mjs";
import { directly } from "./support/direct.js";
import { groupedInventory } from "./support/inventory.js";
import { createProject, type Project } from "./support/project.js";
import { startTrial, type Trial } from "./support/trial.js";

// A host on which `su` becomes root, with root's own password: it hears the heartbeat as one with sudo does.

const password = "a-password-of-root";

let trial: Trial;
let project: Project;
let host: Host;

beforeAll(async () => {
  trial = await startTrial("without-sudo");
  host = await trial.host({ name: "app1", suite: "bookworm", kind: "ready" });
  await onHost(host, `echo 'root:${password}' | chpasswd; rm /etc/sudoers.d/deploy`);
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", groupedInventory({ web: [host], database: [host] }));
  await project.commit("A guestbook");
});

afterAll(() => trial?.end());

test("a host where su becomes root hears of its run, and a deploy goes over in one step", async () => {
  const deploy = directly(trial, project, [host]);
  const vars = [
    "server_name: mysite.example",
    "django_settings_module: mysite.settings.production",
    "vault_secret_key: a-key-that-is-only-for-this-test",
    "vault_db_password: a-password-that-is-only-for-this-test",
    "django_app_database: local",
    "ansible_become_method: su",
  ].join("\n");
  for (const version of ["one", "two"]) {
    project.write("mysite/__init__.py", `__version__ = "${version}"\n`);
    await project.commit(`Version ${version}`);
    const result = await deploy({ inputs: { vars, "become-password": password } });
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": "1" });
    expect(result.log).not.toContain("its deploy lock lasts 15 minutes");
  }
  expect(await onHost(host, "ls -A /run/django-ansible-deploy-heard; cat /run/django-ansible-deploy/mysite.lock")).toBe(
    "",
  );
});
