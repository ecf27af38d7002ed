import { existsSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Host, onHost, projectFolder, servePostgres } from "../../scripts/lab/index.mjs";
import { runWorkflow, type WorkflowRequest, type WorkflowRun } from "./support/act.js";
import { expectNoTraces } from "./support/expect.js";
import { describeInFull, testInFull } from "./support/full.js";
import { inventory, knownHosts } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { called, checkout, checkoutUsed, gh } from "./support/stand-ins.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// The workflows of examples/workflows as they are, on real hosts: nothing in them is replaced.
const site = "mysite.example";
const sudo = secret("sudo");
const password = secret("database");

let trial: Trial;
let project: Project;
/** One host is staging, the other production. */
let staging: Host;
let production: Host;
/** What was sent to the chat. */
const messages: string[] = [];
let chat: Server;
let commit: string;

beforeAll(async () => {
  trial = await startTrial("examples");
  [staging, production] = await Promise.all([
    trial.host({ name: "staging1", suite: "bookworm", kind: "ready", password: sudo }),
    trial.host({ name: "app1", suite: "trixie", kind: "ready", password: sudo }),
  ]);
  for (const host of [staging, production]) {
    await servePostgres(host, { database: "mysite", user: "mysite", password });
  }
  project = await createProject(trial, "examples/mysite");
  for (const [name, host] of Object.entries({ staging, production, europe: staging, america: production })) {
    project.write(`inventory/${name}.yml`, inventory([host]));
  }
  const variables = { server_name: site, django_settings_module: "mysite.settings.production" };
  project.write("group_vars/all.yml", JSON.stringify(variables));
  await bring("1");
  chat = createServer((request, response) => {
    request.setEncoding("utf8").on("data", (text: string) => messages.push(text));
    request.on("end", () => response.end());
  });
  await new Promise<void>((resolve) => chat.listen(0, "127.0.0.1", resolve));
});

afterAll(async () => {
  chat?.close();
  await trial?.end();
});

/** Commits a version that the pages show. */
async function bring(version: string): Promise<void> {
  project.write("mysite/__init__.py", `__version__ = "${version}"\n`);
  commit = await project.commit(`Version ${version}`);
}

function run(example: string, { secrets, ...request }: Partial<WorkflowRequest> = {}): Promise<WorkflowRun> {
  const key = "examples-of-django-keys-are-long";
  const database = `postgres://mysite:${password}@127.0.0.1/mysite`;
  return runWorkflow(trial, join(projectFolder, "examples/workflows", example), {
    project,
    secrets: {
      SSH_PRIVATE_KEY: trial.key.text,
      BECOME_PASSWORD: sudo,
      APP_ENV: `SECRET_KEY=${key}\nDATABASE_URL=${database}`,
      CHAT_WEBHOOK: `http://127.0.0.1:${(chat.address() as AddressInfo).port}/hook`,
      ...secrets,
    },
    vars: { KNOWN_HOSTS: knownHosts([staging, production]) },
    event: { name: "push" },
    ...request,
  });
}

async function expectVersion(version: string, hosts: Host[]): Promise<void> {
  for (const host of hosts) {
    const page = await fetchPage(host, site);
    expect(page, host.name).toMatchObject({ status: 200, body: expect.stringContaining(`Version ${version}<`) });
  }
}

describe("examples/workflows", () => {
  test("staging-then-production.yml deploys to one, shows what the other would get, then deploys to it", async () => {
    const done = await run("staging-then-production.yml");
    expect(done.code, done.log).toBe(0);
    expect(done.summaries.map((text) => /^### ✅ (\w+ of mysite on \w+)/.exec(text)?.[1])).toEqual([
      "Deploy of mysite on staging1",
      "Check of mysite on app1",
      "Deploy of mysite on app1",
    ]);
    await expectVersion("1", [staging, production]);
    expectNoTraces(trial, done, [password]);
  });

  testInFull("notify.yml tells the chat and makes a release of what was deployed", async () => {
    await bring("2");
    const file = join(trial.folder, "gh-release.json");
    const done = await run("notify.yml", { commands: { gh: gh(file) } });
    expect(done.code, done.log).toBe(0);
    await expectVersion("2", [production]);
    const { text } = JSON.parse(messages.join("")) as { text: string };
    expect(text).toMatch(
      /^Deploy succeeded: \d{8}T\d{6}Z-[0-9a-f]{7} in \d+ s https:\/\/github\.com\/example\/mysite\/actions\/runs\//,
    );
    const release = called(file);
    expect(release.argv.slice(0, 2)).toEqual(["release", "create"]);
    expect(release.argv).toContain(commit);
    expect(release.text).toMatch(/^### ✅ Deploy of mysite on app1, [0-9a-f]{7}/);
  });

  testInFull("notify.yml tells the chat of a failure with its host, and makes no release", async () => {
    messages.length = 0;
    const file = join(trial.folder, "gh-none.json");
    const done = await run("notify.yml", {
      commands: { gh: gh(file) },
      vars: { KNOWN_HOSTS: knownHosts([staging]) },
    });
    expect(done.code).not.toBe(0);
    expect(messages.join("")).toContain("Deploy failed: no release");
    expect(called(file).argv).toEqual([]);
  });

  test("operations.yml runs a command and shows the logs of what was chosen", async () => {
    const event = { name: "workflow_dispatch" };
    const ran = await run("operations.yml", {
      event,
      inputs: { operation: "run", command: "showmigrations guestbook" },
    });
    expect(ran.code, ran.log).toBe(0);
    expect(ran.log).toMatch(/\[X\] 0001_initial/);
    expectNoTraces(trial, ran, [password]);
    const logs = await run("operations.yml", { event, inputs: { operation: "logs", command: "deploys --lines 1" } });
    expect(logs.log).toMatch(/"operation": "run"/);
  });

  testInFull("status-check.yml opens an issue only when something is wrong", async () => {
    const file = join(trial.folder, "gh-status.json");
    const request = {
      commands: { gh: gh(file) },
      event: { name: "schedule", payload: { repository: { fork: false } } },
    };
    const well = await run("status-check.yml", request);
    expect(well.code, well.log).toBe(0);
    expect(called(file).argv).toEqual([]);
    await onHost(production, "systemctl stop nginx");
    await run("status-check.yml", request);
    expect(called(file).argv).toEqual(expect.arrayContaining(["issue", "create"]));
    expect(called(file).text).toContain("nginx.service is inactive");
    // The next hour, with the issue that is open now, and the hour after, when all is well again.
    const known = { ...request, commands: { gh: gh(file, "7") } };
    await run("status-check.yml", known);
    expect(called(file).argv.slice(0, 3)).toEqual(["issue", "edit", "7"]);
    await onHost(production, "systemctl start nginx");
    rmSync(file);
    await run("status-check.yml", { ...known, vars: { KNOWN_HOSTS: "" } });
    expect(called(file).argv.slice(0, 3)).toEqual(["issue", "edit", "7"]);
    const again = await run("status-check.yml", known);
    expect(again.code, again.log).toBe(0);
    expect(called(file).argv.slice(0, 3)).toEqual(["issue", "close", "7"]);
  });

  testInFull("backup.yml makes a dump and restores it into a scratch database", async () => {
    const event = { name: "schedule", payload: { repository: { fork: false } } };
    const done = await run("backup.yml", { event });
    expect(done.code, done.log).toBe(0);
    const dumps = await onHost(production, "cat $(ls -t /opt/mysite/backups/*.json | head -1)");
    expect(JSON.parse(dumps)).toHaveProperty("restores_in");
    const fork = await run("backup.yml", { event: { ...event, payload: { repository: { fork: true } } } });
    expect(fork.log).not.toContain("ansible-core");
  });

  testInFull("restore.yml brings a dump back, once the name was typed", async () => {
    const event = { name: "workflow_dispatch" };
    const revision = await onHost(production, "basename $(ls -t /opt/mysite/backups/*.dump | head -1) .dump");
    const refused = await run("restore.yml", { event, inputs: { revision, confirm: "other" } });
    expect(refused.code).not.toBe(0);
    const done = await run("restore.yml", { event, inputs: { revision, confirm: "mysite" } });
    expect(done.code, done.log).toBe(0);
    expect((await fetchPage(production, site)).status).toBe(200);
  });

  testInFull(
    "operations.yml shows the page of a maintenance, and keeps deploys away, until it is told otherwise",
    async () => {
      const operate = async (operation: string): Promise<void> => {
        const done = await run("operations.yml", {
          event: { name: "workflow_dispatch" },
          inputs: { operation, command: "" },
        });
        expect(done.code, done.log).toBe(0);
      };
      await operate("maintenance-on");
      expect((await fetchPage(production, site)).status).toBe(503);
      await operate("maintenance-off");
      await operate("lock");
      const status = await run("operations.yml", {
        event: { name: "workflow_dispatch" },
        inputs: { operation: "status", command: "" },
      });
      expect(status.summary).toContain("locked");
      await operate("unlock");
      expect((await fetchPage(production, site)).status).toBe(200);
    },
  );

  testInFull("rollback.yml goes back, and the next step reads from what to what", async () => {
    const done = await run("rollback.yml", { event: { name: "workflow_dispatch" }, inputs: { revision: "" } });
    expect(done.code, done.log).toBe(0);
    await expectVersion("1", [production]);
    expect(done.log).toMatch(/\d{8}T\d{6}Z-[0-9a-f]{7} is live instead of \d{8}T\d{6}Z-[0-9a-f]{7}/);
  });

  testInFull("button.yml does what was chosen", async () => {
    const before = await onHost(production, "readlink /opt/mysite/current");
    const inputs = { environment: "production", operation: "status", revision: "", check: "false" };
    const done = await run("button.yml", { event: { name: "workflow_dispatch" }, inputs });
    expect(done.code, done.log).toBe(0);
    expect(done.summary).toMatch(/^### ✅ Status of mysite on app1/);
    expect(done.summary).toContain("free disk");
    expect(await onHost(production, "readlink /opt/mysite/current")).toBe(before);
  });

  test("pull-request-check.yml comments what would change, changes nothing, takes the code alone, and runs for no fork", async () => {
    const [base, stolen] = [commit, join(trial.folder, "stolen")];
    const variables = project.read("group_vars/all.yml");
    const attack = `{{ lookup("ansible.builtin.pipe", "touch ${stolen}") }}`;
    project.write("group_vars/all.yml", JSON.stringify({ ...JSON.parse(variables), server_name: attack }));
    project.write("ansible.cfg", `[defaults]\nfilter_plugins = ./evil\n`);
    await bring("3");
    const before = await onHost(production, "ls -l /opt/mysite /opt/mysite/releases");
    const file = join(trial.folder, "gh-comment.json");
    const event = (repository: string) => ({
      name: "pull_request",
      payload: {
        number: 7,
        pull_request: { number: 7, head: { repo: { full_name: repository } }, base: { ref: "main", sha: base } },
      },
    });
    const [commands, actions] = [
      { gh: gh(file) },
      { [checkoutUsed("pull-request-check.yml")]: checkout(join(trial.folder, "checkout"), project.folder) },
    ];
    const foreign = await run("pull-request-check.yml", { commands, actions, event: event("stranger/mysite") });
    expect(foreign.log).not.toContain("ansible-core");
    expect(called(file).argv).toEqual([]);
    const own = await run("pull-request-check.yml", { commands, actions, event: event("example/mysite") });
    expect(own.code, own.log).toBe(0);
    expect(own.log).toContain("The code in code-directory has its own ansible.cfg, group_vars, which is not used");
    expect(existsSync(stolen)).toBe(false);
    expect(called(file).argv.slice(0, 3)).toEqual(["pr", "comment", "7"]);
    expect(called(file).text).toMatch(
      new RegExp(`^### ✅ Check of mysite on app1, [0-9a-f]{7} → ${commit.slice(0, 7)}: 1 host, 1 would change`),
    );
    expect(called(file).text.length).toBeLessThan(65_536);
    expect(await onHost(production, "ls -l /opt/mysite /opt/mysite/releases")).toBe(before);
    expectNoTraces(trial, own, [password]);
    project.remove("ansible.cfg");
    project.write("group_vars/all.yml", variables);
    await bring("3");
  });

  testInFull("drift-check.yml finds a host as it should be, and opens an issue of what someone changed", async () => {
    const file = join(trial.folder, "gh-issue.json");
    const commands = { gh: gh(file) };
    const event = { name: "schedule", payload: { repository: { fork: false } } };
    const clean = await run("drift-check.yml", { commands, event });
    expect(clean.code, clean.log).toBe(0);
    expect(called(file).argv).toEqual([]);
    await onHost(production, "echo '# by hand' >> /etc/nginx/sites-available/mysite");
    const drifted = await run("drift-check.yml", { commands, event });
    expect(drifted.code, drifted.log).toBe(0);
    expect(called(file).argv).toEqual(expect.arrayContaining(["issue", "create", "Drift on app1"]));
    expect(called(file).text).toContain("-# by hand");
    const fork = await run("drift-check.yml", {
      commands,
      event: { ...event, payload: { repository: { fork: true } } },
    });
    expect(fork.log).not.toContain("ansible-core");
  });

  testInFull("matrix.yml deploys to one region after the other", async () => {
    await bring("4");
    const done = await run("matrix.yml");
    expect(done.code, done.log).toBe(0);
    await expectVersion("4", [staging, production]);
  });

  testInFull(
    "reusable.yml calls the workflow that the action brings, and its outputs decide on production",
    async () => {
      await bring("5");
      const done = await run("reusable.yml", { secrets: { VARS: "django_app_env: {FROM_VARS: only-here}" } });
      expect(done.code, done.log).toBe(0);
      await expectVersion("5", [staging, production]);
      for (const host of [staging, production])
        await onHost(host, "grep -q '^FROM_VARS=.*only-here' /etc/mysite/*.env");
    },
  );

  testInFull("self-hosted.yml deploys from a runner of one's own", async () => {
    await bring("6");
    const done = await run("self-hosted.yml");
    expect(done.code, done.log).toBe(0);
    await expectVersion("6", [production]);
  });

  testInFull("bastion.yml reaches a host through another one", async () => {
    await bring("7");
    const inner = { ...production, address: production.innerAddress, sshPort: 22 };
    project.write("inventory/production.yml", inventory([inner]));
    commit = await project.commit("Hide the host");
    const keys = knownHosts([staging, production]);
    const inside = production.hostKeyLines.map((line) => line.replace(/^\S+/, production.innerAddress)).join("\n");
    const done = await run("bastion.yml", {
      vars: { BASTION: `deploy@127.0.0.1:${staging.sshPort}`, KNOWN_HOSTS: `${keys}\n${inside}` },
    });
    expect(done.code, done.log).toBe(0);
    await expectVersion("7", [production]);
  });
});

describeInFull("the next steps of a workflow", () => {
  const decide = (inventory: string, timeout: string): Promise<WorkflowRun> =>
    run("../../__tests__/e2e/workflows/outputs.yml", {
      event: { name: "workflow_dispatch" },
      vars: { KNOWN_HOSTS: knownHosts([staging, production]), INVENTORY: inventory, TIMEOUT: timeout },
    });

  test("decide by the outputs of a success", async () => {
    project.write("inventory/production.yml", inventory([production]));
    await bring("8");
    const done = await decide("inventory/production.yml", "30");
    expect(done.code, done.log).toBe(0);
    expect(done.log).toContain("decided by a change on app1, 0 failures");
    expect(done.log).not.toContain("look at");
  });

  test("decide by those of a failure, also in another job", async () => {
    project.write("inventory/dead.yml", inventory([production, { ...staging, name: "gone1", sshPort: 9 }]));
    await project.commit("A host that is gone");
    const done = await decide("inventory/dead.yml", "30");
    expect(done.code).not.toBe(0);
    expect(done.log).toContain("decided by a failure of 2 hosts");
    expect(done.log).toContain("look at gone1");
  });

  test("decide by those of a run that came to its time limit", async () => {
    await bring("9");
    const done = await decide("inventory/production.yml", "0.1");
    expect(done.code).not.toBe(0);
    expect(done.log).toMatch(/decided by a time limit after \d+ s, rolled back is (true|false)/);
    await expectVersion("8", [production]);
  });
});

describeInFull("remove.yml", () => {
  const event = { name: "workflow_dispatch" };

  test("removes nothing unless the name was typed, then a slot, then the application", async () => {
    project.write("inventory/production.yml", inventory([production]));
    await bring("10");
    const deployed = await run("self-hosted.yml");
    expect(deployed.code, deployed.log).toBe(0);
    const refused = await run("remove.yml", { event, inputs: { confirm: "other", limit: "", command: "" } });
    expect(refused.code).not.toBe(0);
    expect(refused.log).toMatch(/confirm is "other": type the application's name, mysite/);
    await expectVersion("10", [production]);
    const live = await onHost(production, "basename $(readlink /run/mysite/gunicorn.sock) .sock");
    const slot = live === "blue" ? "green" : "blue";
    const part = await run("remove.yml", { event, inputs: { confirm: "mysite", limit: "app1", command: slot } });
    expect(part.code, part.log).toBe(0);
    await expectVersion("10", [production]);
    const done = await run("remove.yml", { event, inputs: { confirm: "mysite", limit: "", command: "" } });
    expect(done.code, done.log).toBe(0);
    expect(await onHost(production, "systemctl list-units --no-legend 'mysite*'; ls -d /opt/mysite || true")).toBe("");
    expectNoTraces(trial, done, [password]);
  });
});

describeInFull("examples/workflows with layouts of their own", () => {
  test("monorepo.yml deploys the folder of the project", async () => {
    const repository = await createProject(trial, "examples/mysite", "monorepo/backend");
    repository.write("inventory/production.yml", inventory([production]));
    const variables = { server_name: "backend.example", django_settings_module: "mysite.settings.production" };
    repository.write("group_vars/all.yml", JSON.stringify(variables));
    const whole = await createRepository(repository);
    const done = await run("monorepo.yml", { project: whole });
    expect(done.code, done.log).toBe(0);
    const page = await fetchPage(production, "backend.example");
    expect(page).toMatchObject({ status: 200 });
  });
});

/** The folder above a project as the repository, without the project's own. */
async function createRepository(inner: Project): Promise<Project> {
  inner.remove(".git");
  const folder = join(inner.folder, "..");
  const { must } = await import("../../scripts/lab/index.mjs");
  const git = (...args: string[]) =>
    must(["git", "-C", folder, "-c", "user.name=Test", "-c", "user.email=test@example.org", ...args]);
  await git("init", "--quiet", "--initial-branch", "main");
  await git("remote", "add", "origin", "https://github.com/example/monorepo.git");
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "Several projects");
  return { ...inner, folder };
}
