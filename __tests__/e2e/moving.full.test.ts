import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, copyToHost, type Host, must, onHost, servePostgres } from "../../scripts/lab/index.mjs";
import { directly } from "./support/direct.js";
import { inventory } from "./support/inventory.js";
import { ask, failures, startLoad } from "./support/load.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// The plan of docs/moving.md for a playbook of one's own and several hosts, in its order, while visitors ask all of them.
const site = "mysite.example";
const names = ["app1", "app2", "app3", "app4", "app5", "app6"];
const passwords = { sudo: secret("sudo"), vault: secret("vault"), database: secret("database"), key: secret("key") };

let trial: Trial;
let project: Project;
let application: Project;
let hosts: Host[];
let act: (inputs?: Record<string, string>) => Promise<ActionResult>;

beforeAll(async () => {
  trial = await startTrial("moving");
  hosts = await Promise.all(
    names.map((name) => trial.host({ name, suite: "bookworm", kind: "ready", password: passwords.sudo })),
  );
  await servePostgres(hosts[0] as Host, { database: "mysite", user: "mysite", password: passwords.database });
  application = await createProject(trial, "examples/mysite", "application");
  await application.commit("A guestbook");
  await pushApplication();
  project = await createProject(trial, "__tests__/e2e/fixtures/classic", "deployment");
  project.write("inventory/production.yml", inventory(hosts));
  const vars = project.read("group_vars/all/vars.yml");
  project.write("group_vars/all/vars.yml", vars.replace("APP_REPO", "/srv/mysite.git").replace("DB_HOST", "app1"));
  project.write(
    "group_vars/all/vault.yml",
    `vault_db_password: ${passwords.database}\nvault_secret_key: ${passwords.key}\n`,
  );
  await project.encrypt("group_vars/all/vault.yml", passwords.vault);
  await project.commit("Our playbook");
  const run = directly(trial, project, hosts);
  const usual = {
    "inventory-file": "inventory/production.yml",
    "become-password": passwords.sudo,
    "vault-password": passwords.vault,
  };
  act = (inputs = {}) => run({ inputs: { ...usual, ...inputs } });
});

afterAll(() => trial?.end());

/** Puts the application's repository where the hosts clone it from. */
async function pushApplication(): Promise<void> {
  const bare = join(trial.folder, "mysite.git");
  await must(["rm", "-rf", bare]);
  await must(["git", "clone", "--quiet", "--bare", application.folder, bare]);
  for (const host of hosts) {
    await onHost(host, "rm -rf /srv/mysite.git");
    await copyToHost(host, bare, "/srv/mysite.git");
  }
}

const versions = (): Promise<string[]> =>
  Promise.all(hosts.map(async (host) => (await ask(host, site, "/")).version || "none"));

/** Six hosts of which the first so many have the new version. */
const moved = (count: number): string[] => names.map((_, index) => (index < count ? "2" : "1"));

test("the own playbook runs through the action on six hosts", async () => {
  // Its role migrates on every host, so one has to be first.
  await act({ playbook: "deploy.yml", limit: "app1" });
  const result = await act({ playbook: "deploy.yml" });
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "total-hosts": "6" });
  expect(await versions()).toEqual(moved(0));
});

test("a check says what the bundled role would change, and changes nothing", async () => {
  application.write("mysite/__init__.py", '__version__ = "2"\n');
  await application.commit("Version 2");
  await pushApplication();
  const before = await onHost(hosts[0] as Host, "ls -lA /opt/mysite /etc/nginx/sites-enabled /etc/systemd/system");
  const result = await act({ source: "git", check: "true" });
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": "6" });
  expect(await onHost(hosts[0] as Host, "ls -lA /opt/mysite /etc/nginx/sites-enabled /etc/systemd/system")).toBe(
    before,
  );
  expect(await versions()).toEqual(moved(0));
});

test("one host first, then all, and no visitor loses a request", async () => {
  const load = startLoad(hosts, site, { clients: 12 });
  try {
    const one = await act({ source: "git", limit: "app1" });
    expect(one.outputs, one.log).toMatchObject({ status: "succeeded", "changed-host-names": '["app1"]' });
    expect(await versions()).toEqual(moved(1));
    const all = await act({ source: "git" });
    expect(all.outputs, all.log).toMatchObject({ status: "succeeded", "total-hosts": "6" });
    expect(await versions()).toEqual(moved(6));
  } finally {
    await load.stop();
  }
  console.log(`${load.samples.length} requests`);
  expect(failures(load.samples)).toEqual([]);
});

test("a second run changes nothing", async () => {
  const again = await act({ source: "git" });
  expect(again.outputs, again.log).toMatchObject({ status: "succeeded", "changed-hosts": "0" });
});
