import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, servePostgres } from "../../scripts/lab/index.mjs";
import { directly, expectRefused } from "./support/direct.js";
import { signGuestbook } from "./support/guestbook.js";
import { groupedInventory } from "./support/inventory.js";
import { failures, startLoad } from "./support/load.js";
import { createProject, type Project } from "./support/project.js";
import { startTrial, type Trial } from "./support/trial.js";

// Migrations of a fleet whose hosts have different releases: each of them has to survive them.
const site = "mysite.example";

describe.each([
  { server: "a server of somebody else", is: "theirs" },
  { server: "the server of the second host", is: "local" },
  // Both prove then by a role whose password the first host has made.
  { server: "the server of a host that has no release", is: "apart" },
])("with $server", ({ is }) => {
  let trial: Trial;
  let project: Project;
  let app1: Host;
  let app2: Host;
  let database: Host;
  let deploy: (inputs?: Record<string, string>) => Promise<ActionResult>;
  let plain = "";

  beforeAll(async () => {
    trial = await startTrial("fleet-proof");
    [app1, app2] = await Promise.all([
      trial.host({ name: "app1", suite: "bookworm", kind: "ready" }),
      trial.host({ name: "app2", suite: "bookworm", kind: "ready" }),
    ]);
    database = app1;
    if (is === "local") database = app2;
    if (is === "apart") database = await trial.host({ name: "db1", suite: "bookworm", kind: "ready" });
    if (is === "theirs") {
      const password = "a-password-that-is-only-for-this-test";
      await servePostgres(app1, { database: "mysite", user: "mysite", password });
      await sql("ALTER ROLE mysite CREATEDB");
    }
    project = await createProject(trial, "examples/mysite");
    project.write("inventory/hosts.yml", groupedInventory({ web: [app1, app2], database: [database] }));
    plain = project.read("guestbook/models.py");
    await change(
      "0002_mood",
      "0001_initial",
      'migrations.AddField("entry", "mood", models.CharField(max_length=20, null=True))',
      true,
    );
    const run = directly(trial, project, [...new Set([app1, app2, database])]);
    const vars = [
      `server_name: ${site}`,
      "django_settings_module: mysite.settings.production",
      "vault_secret_key: a-key-that-is-only-for-this-test",
      "vault_db_password: a-password-that-is-only-for-this-test",
      ...(is === "theirs" ? ["db_host: app1", "db_name: mysite", "db_user: mysite"] : ["django_app_database: local"]),
    ].join("\n");
    deploy = (inputs = {}) => run({ inputs: { vars, ...inputs } });
    const first = await deploy();
    expect(first.outputs, first.log).toMatchObject({ status: "succeeded" });
  });

  afterAll(() => trial?.end());

  const sql = (text: string): Promise<string> =>
    onHost(database, `su postgres -c 'psql -XAt mysite' <<'SQL'\n${text}\nSQL`);
  const columns = (): Promise<string> =>
    sql("SELECT string_agg(column_name, ' ') FROM information_schema.columns WHERE table_name = 'guestbook_entry'");
  /** Copies of the schema that are left. */
  const left = (): Promise<string> => sql("SELECT count(*) FROM pg_database WHERE datname LIKE 'django_proof%'");

  /** Roles that may make databases. */
  const makers = (): Promise<string> =>
    sql("SELECT string_agg(rolname, ' ') FROM pg_roles WHERE rolcreatedb AND NOT rolsuper");

  /** A migration, and whether the model has the column `mood` with it. */
  async function change(name: string, after: string, operations: string, mood: boolean, more = ""): Promise<void> {
    project.write(
      `guestbook/migrations/${name}.py`,
      `from django.db import migrations, models


class Migration(migrations.Migration):
    ${more}dependencies = [("guestbook", "${after}")]
    operations = [
        ${operations},
    ]
`,
    );
    const created = "    created = models.DateTimeField(auto_now_add=True, db_index=True)\n";
    const field = "    mood = models.CharField(max_length=20, null=True)\n";
    project.write("guestbook/models.py", mood ? plain.replace(created, created + field) : plain);
    await project.commit(name);
  }

  const drop = `migrations.RunSQL('ALTER TABLE guestbook_entry DROP COLUMN mood')`;

  test("a migration that the first host survives and another one does not is refused, with the host and its release", async () => {
    await change(
      "0003_forgotten",
      "0002_mood",
      'migrations.SeparateDatabaseAndState(state_operations=[migrations.RemoveField("entry", "mood")])',
      false,
    );
    const one = await deploy({ limit: "app1" });
    expect(one.outputs, one.log).toMatchObject({ status: "succeeded", migrations: '["guestbook.0003_forgotten"]' });
    expect(one.log).toMatch(/app1: the live release works on the migrated schema: \d+ models tried/);
    await change("0004_gone", "0003_forgotten", drop, false);
    const result = await deploy();
    expectRefused(result, /guestbook\.Entry\.mood: migration guestbook\.0004_gone .*which is live on app2/);
    expect(result.outputs).toMatchObject({ status: "failed", migrations: "[]" });
    expect(await columns()).toContain("mood");
    expect(await left()).toBe("0");
    expect(await makers()).toBe(is === "theirs" ? "mysite" : "");
    await signGuestbook(app2, site, "Ada", "Still here");
  });

  test("one that may run last does, once no host needs any more what goes, and no request fails", async () => {
    await change("0004_gone", "0003_forgotten", drop, false, "contracting = True\n    ");
    const load = startLoad([app1, app2], site, { clients: 10 });
    const result = await deploy();
    expect(failures(await load.stop())).toEqual([]);
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", migrations: '["guestbook.0004_gone"]' });
    expect(result.log).toMatch(/app2: the live release does not work on the migrated schema: \d+ models tried/);
    expect(result.log).not.toContain("could not be tried");
    expect(result.log).toContain("guestbook.0004_gone: applied once the new release is live everywhere");
    expect(await columns()).not.toContain("mood");
    expect(await left()).toBe("0");
    await signGuestbook(app2, site, "Grace", "On the new one");
  });

  test("what a host that was left out of a deploy still uses goes once it does not, and no request fails", async () => {
    const field = 'migrations.AddField("entry", "mood", models.CharField(max_length=20, null=True))';
    await change("0005_again", "0004_gone", field, true);
    const added = await deploy();
    expect(added.outputs, added.log).toMatchObject({ status: "succeeded", migrations: '["guestbook.0005_again"]' });
    await change("0006_less", "0005_again", 'migrations.RemoveField("entry", "mood")', false);
    const load = startLoad([app1, app2], site, { clients: 10 });
    const one = await deploy({ limit: "app1" });
    expect(one.outputs, one.log).toMatchObject({ status: "succeeded", migrations: "[]" });
    expect(one.log).toContain("guestbook.0006_less: not applied yet, since a host of the application was not part");
    const result = await deploy();
    expect(failures(await load.stop())).toEqual([]);
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", migrations: '["guestbook.0006_less"]' });
    expect(await columns()).not.toContain("mood");
    const again = await deploy();
    expect(again.outputs, again.log).toMatchObject({ status: "succeeded", "changed-tasks": "0", migrations: "[]" });
  });
});
