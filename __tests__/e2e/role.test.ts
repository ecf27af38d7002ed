import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Host, onHost, reboot, servePostgres, until } from "../../scripts/lab/index.mjs";
import { runWorkflow, type WorkflowRun } from "./support/act.js";
import { askedOf } from "./support/asked.js";
import { expectFailure, expectNoTraces, expectSuccess } from "./support/expect.js";
import { signGuestbook } from "./support/guestbook.js";
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
  token: secret("token"),
};

let trial: Trial;
let project: Project;
let app1: Host;
let app2: Host;
let last: WorkflowRun;
let release = "";

beforeAll(async () => {
  trial = await startTrial("role");
  [app1, app2] = await Promise.all([
    trial.host({ name: "app1", suite: "bookworm", kind: "ready", password: passwords.sudo }),
    // Bare on purpose: whatever the deploy needs, it brings.
    trial.host({ name: "app2", suite: "trixie", kind: "base", password: passwords.sudo }),
  ]);
  await servePostgres(app1, { database: "mysite", user: "mysite", password: passwords.database });
  project = await createProject(trial, "examples/mysite");
  // What hardly changes and is most of a large checkout; compressed it has 9 MB.
  for (let file = 0; file < 60; file++) project.write(`data/${file}.txt`, randomBytes(150_000).toString("base64"));
  project.write("inventory/production.yml", inventory([app1, app2]));
  project.write(
    "group_vars/all/vars.yml",
    [
      "app_name: mysite",
      `server_name: ${site}`,
      "django_settings_module: mysite.settings.production",
      "db_host: app1",
      "db_name: mysite",
      "db_user: mysite",
      "django_app_health_timeout: 10",
      "",
    ].join("\n"),
  );
  project.write(
    "group_vars/all/vault.yml",
    `vault_db_password: ${passwords.database}\nvault_secret_key: ${passwords.key}\n`,
  );
  await project.encrypt("group_vars/all/vault.yml", passwords.vault);
});

afterAll(() => trial?.end());

async function deploy(): Promise<WorkflowRun> {
  last = await runWorkflow(trial, "role.yml", {
    project,
    secrets: {
      SSH_PRIVATE_KEY: trial.key.text,
      BECOME_PASSWORD: passwords.sudo,
      VAULT_PASSWORD: passwords.vault,
      GUESTBOOK_TOKEN: passwords.token,
    },
    vars: { KNOWN_HOSTS: knownHosts([app1, app2]) },
  });
  return last;
}

async function expectVersion(version: string, hosts = [app1, app2]): Promise<void> {
  for (const host of hosts) {
    const page = await fetchPage(host, site);
    expect(`${page.status} ${page.body}`).toContain("200 ");
    expect(page.body).toContain(`Version ${version}<`);
  }
}

/** How often a host began to listen whether a run lives. */
const startedHeartbeats = "journalctl --quiet --output=cat _PID=1 | grep -c 'Started .*Heartbeat of a deploy' || true";

/** Seconds since the epoch at which the live slot was started, and at which traffic moved to it. */
const startedAt = `slot=$(basename "$(readlink /run/mysite/gunicorn.sock)" .sock)
date -d "$(systemctl show --timestamp=us --property=ExecMainStartTimestamp --value "mysite@$slot")" +%s.%N`;
const switchedAt = "stat -c %.9Y /run/mysite/gunicorn.sock";

describe("role mode on Debian 12 and 13 with PostgreSQL on one of them", () => {
  test("a first deploy serves the application on both hosts", async () => {
    const commit = await project.commit("A guestbook");
    const run = await deploy();
    expectSuccess(run, { total: 2, changed: ["app1", "app2"] });
    expect(run.outputs.release).toMatch(new RegExp(`^\\d{8}T\\d{6}Z-${commit.slice(0, 7)}$`));
    expect(run.outputs).toMatchObject({ revision: commit, "previous-release": "" });
    expect(JSON.parse(run.outputs.migrations ?? "[]")).toContain("guestbook.0001_initial");
    expect(run.outputs.url).toContain(site);
    expect(run.summary).toContain("app2");
    release = run.outputs.release ?? "";
    await expectVersion("1");
    expectNoTraces(trial, run, [passwords.database, passwords.key]);
  });

  test("both hosts use the one database, and nginx serves static files", async () => {
    await signGuestbook(app1, site, "Ada", "From the first host");
    const page = await fetchPage(app2, site);
    expect(page.body).toContain("From the first host");
    const style = /\/static\/guestbook\/style\.[0-9a-f]{12}\.css/.exec(page.body)?.[0] ?? "no style sheet";
    expect(await fetchPage(app2, site, style)).toMatchObject({ status: 200, body: expect.stringContaining("{") });
    expect(await onHost(app2, "systemctl show --property=MainPID --value mysite@blue mysite@green")).toMatch(/[1-9]/);
  });

  test("a second deploy of the same commit changes nothing, and asks each host once", async () => {
    const heartbeats = await onHost(app1, startedHeartbeats);
    expect(Number(heartbeats)).toBeGreaterThan(0);
    const asked = await askedOf(app2, deploy);
    const run = last;
    expect(asked.programs).toBe(1);
    expect(await onHost(app1, startedHeartbeats)).toBe(heartbeats);
    expect(asked.bytes).toBeLessThan(80_000);
    expectSuccess(run, { total: 2, changed: [] });
    expect(run.outputs).toMatchObject({ "changed-tasks": "0", release, migrations: "[]" });
    const { phases } = JSON.parse(run.outputs.timings ?? "");
    expect(Object.keys(phases)).toEqual(["Provide database and Redis", "Reach hosts"]);
    await expectVersion("1");
    expectNoTraces(trial, run, [passwords.database, passwords.key]);
  });

  test("a migration that somebody took back by hand is applied again", async () => {
    await onHost(app1, "mysite-manage migrate sessions zero");
    await deploy();
    expect(last.outputs).toMatchObject({ status: "succeeded", release, migrations: '["sessions.0001_initial"]' });
  });

  test("a new commit becomes a new release and the old one is kept, in two steps on each host that bring what changed", async () => {
    project.write("mysite/__init__.py", '__version__ = "2"\n');
    const changed = randomBytes(20_000).toString("base64");
    for (let file = 0; file < 4; file++) project.write(`data/${file}.txt`, changed.slice(file));
    const commit = await project.commit("Version 2");
    const asked = await askedOf(app2, deploy);
    const run = last;
    expect(asked.programs).toBe(2);
    // Twice what changed and 200 kB; the checkout has 12 MB.
    expect(asked.bytes).toBeLessThan(2 * 4 * changed.length + 200_000);
    expectSuccess(run, { total: 2, changed: ["app1", "app2"] });
    expect(run.outputs).toMatchObject({ "previous-release": release, revision: commit, migrations: "[]" });
    const timings = JSON.parse(run.outputs.timings ?? "");
    expect(Object.keys(timings.phases)).toEqual([
      ...["Provide database and Redis", "Reach hosts", "Prepare", "Migrate", "Activate", "Finish"],
    ]);
    // One step prepares, activates and ends.
    expect(timings.phases.Activate).toBeGreaterThan(timings.phases.Migrate);
    expect(timings.switched).toBeGreaterThan(timings.look + timings.phases.Prepare);
    expect(timings.switched).toBeLessThan(timings.total);
    console.log(`timings of a new revision: ${run.outputs.timings}; it brought ${asked.bytes} bytes to app2`);
    expect(run.outputs.release).not.toBe(release);
    await expectVersion("2");
    // No migration was to be applied, so it came up everywhere before traffic moved anywhere.
    expect(Number(await onHost(app2, startedAt))).toBeLessThan(Number(await onHost(app1, switchedAt)));
    for (const host of [app1, app2]) {
      expect((await onHost(host, "ls /opt/mysite/releases")).split("\n")).toEqual([release, run.outputs.release]);
      const differ = `cd /opt/mysite/releases && diff -rq ${release}/data ${run.outputs.release}/data | wc -l`;
      expect((await onHost(host, differ)).trim()).toBe("4");
    }
    release = run.outputs.release ?? "";
    expectNoTraces(trial, run, [passwords.database, passwords.key]);
  });

  test("a release that cannot be imported never gets a request", async () => {
    const wsgi = project.read("mysite/wsgi.py");
    project.write("mysite/wsgi.py", 'raise ImportError("the guestbook lost its binding")\n');
    await project.commit("Break the import");
    const run = await deploy();
    project.write("mysite/wsgi.py", wsgi);
    expectFailure(run, /the guestbook lost its binding/, { failed: ["app1", "app2"] });
    await expectVersion("2");
    expectNoTraces(trial, run, [passwords.database, passwords.key]);
  });

  test("a release that answers with an error on one host serves on none, and its last words are in the log", async () => {
    const views = project.read("guestbook/views.py");
    project.write(
      "guestbook/views.py",
      `import socket\n${views}
    def get(self, request):
        if socket.gethostname() == "app2":
            raise RuntimeError("out of ink")
        return super().get(request)
`,
    );
    await project.commit("Break the page on the second host");
    const run = await deploy();
    project.write("guestbook/views.py", views);
    expectFailure(run, /app2.*500/, { failed: ["app2"], rolledBack: true });
    expect(run.log).toContain("RuntimeError: out of ink");
    await expectVersion("2");
    expectNoTraces(trial, run, [passwords.database, passwords.key]);
  });

  test("a repaired commit goes out after the failed ones, also to a host whose live release somebody changed", async () => {
    project.write("mysite/__init__.py", '__version__ = "3"\n');
    await project.commit("Version 3");
    await onHost(app2, `printf altered >> /opt/mysite/releases/${release}/data/9.txt`);
    const asked = await askedOf(app2, deploy);
    const run = last;
    expect(run.log).toMatch(/app2: the whole commit is brought, since .*data\/9\.txt is not what it was/);
    expect(run.log).not.toContain("app1: the whole commit is brought");
    expect(asked.bytes).toBeGreaterThan(8_000_000);
    expect(await onHost(app2, "grep -c altered /opt/mysite/current/data/9.txt || true")).toMatch(/^0/);
    expectSuccess(run, { total: 2, changed: ["app1", "app2"] });
    expect(run.outputs["previous-release"]).toBe(release);
    await expectVersion("3");
    expectNoTraces(trial, run, [passwords.database, passwords.key]);
  });

  test("a reboot brings the application back", async () => {
    await Promise.all([reboot(app1), reboot(app2)]);
    for (const host of [app1, app2]) {
      await until(`The page of ${host.name} after its reboot`, 30, async () =>
        (await fetchPage(host, site).catch(() => undefined))?.status === 200 ? true : undefined,
      );
    }
    await expectVersion("3");
    expect((await fetchPage(app2, site)).body).toContain("From the first host");
  });
});
