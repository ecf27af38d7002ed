import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type ActionResult,
  type Host,
  offerNewClients,
  onHost,
  servePostgres,
  servePostgresVersion,
} from "../../scripts/lab/index.mjs";
import { directly, expectRefused } from "./support/direct.js";
import { signGuestbook } from "./support/guestbook.js";
import { inventory } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// Servers of several versions on another host. The application's host has the programs of 15 at first, then those of 18 beside them.
const site = "mysite.example";
const password = secret("database");
const key = secret("django-key");
const ports = { 13: 5413, 14: 5414, 16: 5416, 17: 5432, 18: 5418 };
type Version = keyof typeof ports;

let trial: Trial;
let project: Project;
let app1: Host;
let db1: Host;
let act: (version: Version, inputs?: Record<string, string>) => Promise<ActionResult>;
/** The newest migration of the project. */
let newest = "0001_initial";

beforeAll(async () => {
  trial = await startTrial("database-versions");
  [app1, db1] = await Promise.all([
    trial.host({ name: "app1", suite: "bookworm", kind: "ready" }),
    trial.host({ name: "db1", suite: "trixie", kind: "ready" }),
  ]);
  const account = (version: Version) => ({ database: `mysite${version}`, user: "mysite", password });
  await servePostgres(db1, account(17));
  await onHost(db1, "su postgres -c 'psql -qXc \"ALTER ROLE mysite CREATEDB\"'");
  for (const version of [13, 14, 16, 18] as const)
    await servePostgresVersion(db1, { version, port: ports[version], ...account(version) });
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory([app1]));
  // The newest one that works with PostgreSQL 13.
  project.write(
    "requirements.txt",
    "django==5.1.15\ndj-database-url==3.1.2\ngunicorn==27.0.1\npsycopg[binary]==3.3.9\n",
  );
  await project.commit("A guestbook");
  const run = directly(trial, project, [app1]);
  act = (version, inputs = {}) =>
    run({
      inputs: {
        vars: [
          `server_name: ${site}`,
          "django_settings_module: mysite.settings.production",
          `vault_secret_key: ${key}`,
          "db_host: db1",
          `db_port: ${ports[version]}`,
          `db_name: mysite${version}`,
          "db_user: mysite",
          `vault_db_password: ${password}`,
        ].join("\n"),
        ...inputs,
      },
    });
});

afterAll(() => trial?.end());

/** Adds a migration with which the live release can go on. */
async function migrate(name: string): Promise<void> {
  project.write(
    `guestbook/migrations/${name}.py`,
    `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("guestbook", "${newest}")]
    operations = [migrations.AddField("entry", "field_${name}", models.CharField(max_length=20, null=True))]
`,
  );
  const created = "    created = models.DateTimeField(auto_now_add=True, db_index=True)\n";
  const models = project.read("guestbook/models.py");
  project.write(
    "guestbook/models.py",
    models.replace(created, `${created}    field_${name} = models.CharField(max_length=20, null=True)\n`),
  );
  newest = name;
  await project.commit(name);
}

const page = async (): Promise<string> => (await fetchPage(app1, site)).body;

async function expectBroughtBack(version: Version): Promise<void> {
  const first = await act(version);
  expect(first.outputs, first.log).toMatchObject({ status: "succeeded" });
  await signGuestbook(app1, site, "Ada", `Before the dump of ${version}`);
  await migrate(`000${version}_more`);
  const second = await act(version);
  expect(second.outputs, second.log).toMatchObject({
    status: "succeeded",
    migrations: `["guestbook.000${version}_more"]`,
  });
  expect(second.log).toMatch(/the live release works on the migrated schema: \d+ models tried on a copy without rows/);
  const backup = await act(version, { operation: "backup" });
  expect(backup.outputs, backup.log).toMatchObject({ status: "succeeded" });
  const dump = backup.outputs.dump ?? "";
  const record = JSON.parse(await onHost(app1, `cat /opt/mysite/backups/${dump}.json`));
  expect(record).toMatchObject({ database: `mysite${version}`, server: expect.stringMatching(`^${version}\\.`) });
  await signGuestbook(app1, site, "Eve", "After the dump");
  const rehearsal = await act(version, { operation: "rehearse" });
  expect(rehearsal.outputs, rehearsal.log).toMatchObject({ status: "succeeded", dump });
  const restored = await act(version, { operation: "restore", revision: dump, confirm: "mysite" });
  expect(restored.outputs, restored.log).toMatchObject({ status: "succeeded", dump });
  expect(await page()).toContain(`Before the dump of ${version}`);
  expect(await page()).not.toContain("After the dump");
  await signGuestbook(app1, site, "Joe", "Into what was restored");
  console.log(
    `PostgreSQL ${version}: ${/models tried on a copy without rows, in [\d.]+ s/.exec(second.log)?.[0]}; ${restored.log.match(/restored from the dump .* in \d+ s/)?.[0]}`,
  );
}

test.each([13, 14] as const)("PostgreSQL %i, older than the programs on the host", expectBroughtBack);

test("PostgreSQL 18, newer than the programs that the host can have: refused with what to do, and nothing is touched", async () => {
  const result = await act(18);
  expectRefused(
    result,
    /pg_dump is older than the database server \(15 instead of 18\), .*Unable to locate package postgresql-client-18.*: install postgresql-client-18 there; .*django_app_dump: false/,
  );
  expect(await page()).toContain("Before the dump of 14");
  const listed =
    "psql -XAt -h db1 -p 5418 -U mysite -d mysite18 -c 'SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()'";
  expect(await onHost(app1, `PGPASSWORD='${password}' ${listed}`)).toBe("0");
});

test("PostgreSQL 18, once the host can have its programs: they are installed", async () => {
  await offerNewClients(app1);
  await expectBroughtBack(18);
  expect(await onHost(app1, "dpkg-query -W -f '${db:Status-Abbrev}' postgresql-client-18")).toBe("ii");
});

test.each([16, 17] as const)("PostgreSQL %i, with the programs of 18", expectBroughtBack);
