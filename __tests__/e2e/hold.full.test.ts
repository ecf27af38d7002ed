import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, type Host, onHost } from "../../scripts/lab/index.mjs";
import { type DeployRequest, directly, expectRefused } from "./support/direct.js";
import { signGuestbook } from "./support/guestbook.js";
import { inventory } from "./support/inventory.js";
import { failures, slowest, startLoad } from "./support/load.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { startTrial, type Trial } from "./support/trial.js";

// Migrations that cannot be split: requests wait while the database is migrated and traffic moves.
const site = "mysite.example";

let trial: Trial;
let project: Project;
let app1: Host;
let deploy: (vars?: string[], more?: DeployRequest) => Promise<ActionResult>;
/** What the column of the entries' time is called at the moment. */
let column = "created";

beforeAll(async () => {
  trial = await startTrial("hold");
  app1 = await trial.host({ name: "app1", suite: "bookworm", kind: "ready" });
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory([app1]));
  await project.commit("A guestbook");
  const run = directly(trial, project, [app1]);
  const common = [
    `server_name: ${site}`,
    "django_settings_module: mysite.settings.production",
    "vault_secret_key: a-key-that-is-only-for-this-test",
    "vault_db_password: a-password-that-is-only-for-this-test",
    "django_app_database: local",
    "django_app_schema_proof: hold",
  ];
  deploy = (vars = [], more = {}) => run({ ...more, inputs: { vars: [...common, ...vars].join("\n") } });
  const first = await deploy();
  expect(first.outputs, first.log).toMatchObject({ status: "succeeded" });
  await signGuestbook(app1, site, "Ada", "The first one");
});

afterAll(() => trial?.end());

const entries = (message: string): Promise<string> =>
  onHost(
    app1,
    `su postgres -c 'psql -XAt mysite' <<'SQL'\nSELECT count(*) FROM guestbook_entry WHERE message = '${message}'\nSQL`,
  );
const columns = (): Promise<string> =>
  onHost(
    app1,
    `su postgres -c 'psql -XAt mysite' <<'SQL'\nSELECT string_agg(column_name, ' ' ORDER BY column_name) FROM information_schema.columns WHERE table_name = 'guestbook_entry'\nSQL`,
  );
const link = (): Promise<string> => onHost(app1, "readlink /run/mysite/gunicorn.sock");
/** What remains of requests that waited; they may be served by way of the waiting room for a moment. */
const left = (): Promise<string> =>
  onHost(
    app1,
    "ls /var/lib/django-ansible-deploy | grep held || true; systemctl list-units --plain --no-legend 'django-ansible-deploy-mysite-waiting-*'",
  );
const expectNothingLeft = (): Promise<void> => expect.poll(left, { timeout: 15_000, interval: 1000 }).toBe("");

/** Renames the column everywhere, with more operations of the migration before. */
async function rename(name: string, to: string, before = "", after = "0002_written"): Promise<void> {
  for (const file of ["models.py", "admin.py", "templates/guestbook/index.html"]) {
    const path = `guestbook/${file}`;
    project.write(path, project.read(path).replaceAll(new RegExp(`\\b${column}\\b`, "g"), to));
  }
  project.write(
    `guestbook/migrations/${name}.py`,
    `from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("guestbook", "${after}")]
    operations = [
        ${before}migrations.RenameField("entry", "${column}", "${to}"),
    ]
`,
  );
  await project.commit(name);
}

/** Signs the guestbook until it is stopped; tells how often, and what went wrong. */
function startSigning(): () => Promise<{ signed: number; failed: string[] }> {
  const failed: string[] = [];
  let signed = 0;
  let stopping = false;
  const running = (async () => {
    while (!stopping) {
      await signGuestbook(app1, site, "Grace", `Number ${signed}`).then(
        () => {
          signed++;
        },
        (error: Error) => failed.push(error.message),
      );
    }
  })();
  return async () => {
    stopping = true;
    await running;
    return { signed, failed };
  };
}

test("an application on two hosts is refused before any is touched", async () => {
  const lone = project.read("inventory/hosts.yml");
  const second = { ...app1, name: "app2", sshPort: 9 };
  project.write("inventory/hosts.yml", inventory([app1, second]));
  const refused = await deploy();
  project.write("inventory/hosts.yml", lone);
  expectRefused(
    refused,
    /django_app_schema_proof is "hold": requests can wait only where the application has a single host, and it has app1, app2; use refuse/,
  );
  expect(refused.outputs, refused.log).toMatchObject({ "changed-hosts": "0", "unreachable-hosts": "0" });
});

test("a renamed column: requests wait, none fails, and the new release has all entries", async () => {
  await rename("0002_written", "written", "", "0001_initial");
  const load = startLoad([app1], site, { clients: 20 });
  const signing = startSigning();
  const result = await deploy();
  const { signed, failed } = await signing();
  const samples = await load.stop();
  expect(failed).toEqual([]);
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", migrations: '["guestbook.0002_written"]' });
  expect(result.log).toContain("requests wait until the new release is live, since the live one would break:");
  expect(failures(samples)).toEqual([]);
  expect(slowest(samples), "no request waited").toBeGreaterThan(500);
  expect(slowest(samples)).toBeLessThan(20_000);
  console.log(
    `${samples.length} requests and ${signed} entries, none failed, the slowest took ${Math.round(slowest(samples))} ms`,
  );
  column = "written";
  expect(await columns()).toContain("written");
  expect(await entries("The first one")).toBe("1");
  expect(await link()).toMatch(/\/(blue|green)\.sock$/);
  await expectNothingLeft();
});

test("a new release that is not healthy: the migration is taken back, and no request fails", async () => {
  await rename("0003_made", "made");
  const views = project.read("guestbook/views.py");
  project.write(
    "guestbook/views.py",
    views.replace("return super()", "raise RuntimeError('broken')\n        return super()"),
  );
  await project.commit("Broken");
  const load = startLoad([app1], site, { clients: 20 });
  // On a machine that does much else, what is found broken and taken back takes longer than the usual 20 seconds.
  const result = await deploy(["django_app_health_timeout: 6", "django_app_hold_seconds: 60"]);
  project.write("guestbook/views.py", views);
  await project.commit("Mended");
  await signGuestbook(app1, site, "Lin", "Still here");
  const samples = await load.stop();
  expect(result.outputs, result.log).toMatchObject({ status: "rolled-back", migrations: "[]" });
  expect(failures(samples)).toEqual([]);
  console.log(`${samples.length} requests, none failed, the slowest took ${Math.round(slowest(samples))} ms`);
  expect(await columns()).toContain("written");
  await expectNothingLeft();
});

test("a migration that takes longer than requests wait: visitors see the maintenance page, and no error", async () => {
  await rename("0003_made", "made", 'migrations.RunSQL("SELECT pg_sleep(6)", "SELECT 1"),\n        ');
  const load = startLoad([app1], site, { clients: 10 });
  const result = await deploy(["django_app_hold_seconds: 2"]);
  const samples = await load.stop();
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded" });
  const failed = failures(samples);
  expect(failed.length).toBeGreaterThan(0);
  expect(failed.filter((one) => !/^app1: 503 [\s\S]*Down for maintenance/.test(one))).toEqual([]);
  expect((await fetchPage(app1, site)).body).toContain("Still here");
  column = "made";
});

test("a runner that is killed while requests wait: the host takes the migration back and goes on", async () => {
  await rename("0004_dated", "dated", 'migrations.RunSQL("SELECT pg_sleep(5)", "SELECT 1"),\n        ', "0003_made");
  let killed = false;
  const running = deploy([], {
    onStart: (step) => {
      const looking = setInterval(async () => {
        if (killed || !(await link()).endsWith("waiting.sock")) return;
        killed = true;
        clearInterval(looking);
        step.kill("SIGKILL");
      }, 300);
      step.on("exit", () => clearInterval(looking));
    },
  });
  await running;
  expect(killed, "no request ever waited").toBe(true);
  const until = Date.now() + 90_000;
  while ((await link()).endsWith("waiting.sock") && Date.now() < until)
    await new Promise((done) => setTimeout(done, 500));
  expect(await link()).toMatch(/\/(blue|green)\.sock$/);
  expect(await columns()).toContain("made");
  expect((await fetchPage(app1, site)).body).toContain("Still here");
  await signGuestbook(app1, site, "Zoe", "After all");
  await expectNothingLeft();
});

test.each([
  ["is started in the place of the one before", "django_app_strategy: restart", "0004_dated", "dated", "0003_made"],
  ["leaves the one before standing by", "django_app_standby: true", "0005_signed", "signed", "0004_dated"],
])("a release that %s: requests wait, and none fails", async (_, how, name, to, after) => {
  await rename(name, to, "", after);
  const load = startLoad([app1], site, { clients: 20 });
  const result = await deploy([how]);
  const samples = await load.stop();
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", migrations: `["guestbook.${name}"]` });
  expect(result.log).toContain("requests wait until the new release is live, since the live one would break:");
  expect(failures(samples)).toEqual([]);
  expect(slowest(samples), "no request waited").toBeGreaterThan(500);
  column = to;
  expect(await columns()).toContain(to);
  expect((await fetchPage(app1, site)).body).toContain("After all");
  await expectNothingLeft();
});
