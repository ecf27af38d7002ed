import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { copyToHost, type Host, must, onHost, projectFolder, servePostgres } from "../../scripts/lab/index.mjs";
import { runWorkflow, type WorkflowRun } from "./support/act.js";
import { expectNoTraces, expectSuccess } from "./support/expect.js";
import { testInFull } from "./support/full.js";
import { inventory, knownHosts } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

const site = "mysite.example";
const passwords = {
  sudo: secret("sudo"),
  vault: secret("vault"),
  database: secret("database"),
  key: secret("django-key"),
};

let trial: Trial;
let project: Project;
let application: Project;
let app1: Host;
let app2: Host;

beforeAll(async () => {
  trial = await startTrial("classic");
  [app1, app2] = await Promise.all([
    trial.host({ name: "app1", suite: "bookworm", kind: "ready", password: passwords.sudo }),
    trial.host({ name: "app2", suite: "bookworm", kind: "ready", password: passwords.sudo }),
  ]);
  await servePostgres(app1, { database: "mysite", user: "mysite", password: passwords.database });

  application = await createProject(trial, "examples/mysite", "application");
  await application.commit("A guestbook");
  await pushApplication();

  project = await createProject(trial, "__tests__/e2e/fixtures/classic", "deployment");
  project.write("inventory/production.yml", inventory([app1, app2]));
  fill("group_vars/all/vars.yml", { APP_REPO: "/srv/mysite.git", DB_HOST: "app1" });
  fill("group_vars/all/vault.yml", { VAULT_DB_PASSWORD: passwords.database, VAULT_SECRET_KEY: passwords.key });
  await project.encrypt("group_vars/all/vault.yml", passwords.vault);
  await project.commit("The tutorial's layout");
});

afterAll(() => trial?.end());

function fill(file: string, values: Record<string, string>): void {
  const text = Object.entries(values).reduce(
    (filled, [name, value]) => filled.replaceAll(name, value),
    project.read(file),
  );
  project.write(file, text);
}

/** Puts the application's repository where the hosts clone it from. */
async function pushApplication(): Promise<void> {
  const bare = join(trial.folder, "mysite.git");
  await must(["rm", "-rf", bare]);
  await must(["git", "clone", "--quiet", "--bare", application.folder, bare]);
  for (const host of [app1, app2]) {
    await onHost(host, "rm -rf /srv/mysite.git");
    await copyToHost(host, bare, "/srv/mysite.git");
  }
}

function deploy(
  workflow: string,
  vars: Record<string, string> = {},
  event = { name: "workflow_dispatch" },
): Promise<WorkflowRun> {
  return runWorkflow(trial, workflow, {
    project,
    event,
    secrets: {
      SSH_PRIVATE_KEY: trial.key.text,
      BECOME_PASSWORD: passwords.sudo,
      VAULT_PASSWORD: passwords.vault,
    },
    vars: { KNOWN_HOSTS: knownHosts([app1, app2]), ...vars },
  });
}

async function expectVersion(version: string, hosts: Host[]): Promise<void> {
  for (const host of hosts) {
    const page = await fetchPage(host, site);
    expect(page, host.name).toMatchObject({ status: 200, body: expect.stringContaining(`Version ${version}<`) });
  }
}

describe("the tutorial's layout", () => {
  test("the project's own playbook and role run unchanged, on the hosts that limit names", async () => {
    const run = await deploy("classic.yml", { LIMIT: "app1" });
    expectSuccess(run, { total: 1, changed: ["app1"] });
    await expectVersion("1", [app1]);
    expectNoTraces(trial, run, [passwords.database, passwords.key]);
  });

  test("and on all of them", async () => {
    const run = await deploy("classic.yml");
    expect(run.code, run.log).toBe(0);
    expect(run.outputs).toMatchObject({ status: "succeeded", "total-hosts": "2", "failed-hosts": "0" });
    expect(JSON.parse(run.outputs["changed-host-names"] ?? "[]")).toContain("app2");
    await expectVersion("1", [app1, app2]);
    expectNoTraces(trial, run, [passwords.database, passwords.key]);
  });

  testInFull("examples/workflows/own-playbook.yml does the same", async () => {
    const run = await deploy(join(projectFolder, "examples/workflows/own-playbook.yml"), {}, { name: "push" });
    expect(run.code, run.log).toBe(0);
    expect(run.summary).toMatch(/^### ✅ deploy\.yml on app1 and app2/);
    await expectVersion("1", [app1, app2]);
  });

  test("without deploy.yml and roles the bundled role reads the same files and takes over", async () => {
    project.remove("deploy.yml");
    project.remove("roles");
    await project.commit("Leave the deploy to the action");
    application.write("mysite/__init__.py", '__version__ = "2"\n');
    const commit = await application.commit("Version 2");
    await pushApplication();
    const run = await deploy("classic-bundled.yml");
    expectSuccess(run, { total: 2, changed: ["app1", "app2"] });
    expect(run.outputs).toMatchObject({ revision: commit, migrations: "[]" });
    await expectVersion("2", [app1, app2]);
    for (const host of [app1, app2]) {
      const paths = await onHost(host, "cd /opt/mysite && stat -c '%F' src venv && cat src/mysite/__init__.py");
      expect(paths).toBe('symbolic link\nsymbolic link\n__version__ = "2"');
      expect(await onHost(host, "stat -c %U:%G /opt/mysite/shared")).toBe("django:www-data");
    }
    expectNoTraces(trial, run, [passwords.database, passwords.key]);
  });

  test("a second run of the bundled role changes nothing", async () => {
    const run = await deploy("classic-bundled.yml");
    expectSuccess(run, { total: 2, changed: [] });
    expectNoTraces(trial, run, [passwords.database, passwords.key]);
  });
});
