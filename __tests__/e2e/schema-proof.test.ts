import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, type Host, must, onHost, projectFolder } from "../../scripts/lab/index.mjs";
import { directly, expectRefused } from "./support/direct.js";
import { signGuestbook } from "./support/guestbook.js";
import { inventory } from "./support/inventory.js";
import { failures, startLoad } from "./support/load.js";
import { createProject, type Project } from "./support/project.js";
import { tool } from "./support/tools.js";
import { startTrial, type Trial } from "./support/trial.js";

// Migrations while visitors come, with a database that the deploy provides on the same host.
const site = "mysite.example";

let trial: Trial;
let project: Project;
let app1: Host;
let deploy: (vars?: string[], more?: Record<string, string>) => Promise<ActionResult>;

beforeAll(async () => {
  trial = await startTrial("schema-proof");
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
  ];
  deploy = (vars = [], more = {}) => run({ inputs: { vars: [...common, ...vars].join("\n"), ...more } });
  const first = await deploy();
  expect(first.outputs, first.log).toMatchObject({ status: "succeeded" });
  await signGuestbook(app1, site, "Ada", "The first one");
});

afterAll(() => trial?.end());

const sql = (text: string, database = "mysite"): Promise<string> =>
  onHost(app1, `su postgres -c 'psql -XAt ${database}' <<'SQL'\n${text}\nSQL`);
const columns = (): Promise<string> =>
  sql(
    "SELECT string_agg(column_name, ' ' ORDER BY column_name) FROM information_schema.columns WHERE table_name = 'guestbook_entry'",
  );
const copies = (): Promise<string> => sql("SELECT count(*) FROM pg_database WHERE datname LIKE 'django_proof%'");

async function migrate(name: string, before: string, operations: string): Promise<void> {
  project.write(
    `guestbook/migrations/${name}.py`,
    `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("guestbook", "${before}")]
    operations = [
        ${operations},
    ]
`,
  );
  await project.commit(name);
}

describe("a migration with which the live release could not go on", () => {
  const required = 'migrations.AddField("entry", "mood", models.CharField(default="", max_length=20))';

  test("is told by a check, at its line, and nothing is touched", async () => {
    await migrate("0002_mood", "0001_initial", required);
    const before = await columns();
    const { outputs, log } = await deploy(["django_app_check_with_environment: true"], { check: "true" });
    expect(outputs, log).toMatchObject({ status: "failed" });
    expect(log).toMatch(
      /^Error: .*guestbook\.Entry\.mood: .*File "\S*\/releases\/\S+\/guestbook\/migrations\/0002_mood\.py", line 7/m,
    );
    expect(await columns()).toBe(before);
  });

  test("is refused: its line, the safe way, no visitor notices, and the database is as it was", async () => {
    const before = await columns();
    const load = startLoad([app1], site, { clients: 4 });
    const result = await deploy();
    await signGuestbook(app1, site, "Grace", "Still here");
    expect(failures(await load.stop())).toEqual([]);
    expectRefused(result, /guestbook\.Entry\.mood: migration guestbook\.0002_mood would add field mood to entry/);
    expect(result.outputs).toMatchObject({ status: "failed", migrations: "[]" });
    expect(result.log).toMatch(/^Error: .*File "\S*\/releases\/\S+\/guestbook\/migrations\/0002_mood\.py", line 7/m);
    expect(result.log).toContain("db_default=''");
    expect(await columns()).toBe(before);
    expect(await copies()).toBe("0");
  });

  test("is applied when that is only to be warned of", async () => {
    const result = await deploy(["django_app_schema_proof: warn"]);
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", migrations: '["guestbook.0002_mood"]' });
    expect(result.log).toContain("the live release may break: guestbook.Entry.mood");
    expect(await columns()).toContain("mood");
    expect(await copies()).toBe("0");
  });
});

describe("a migration with which it can go on", () => {
  test("is proved, waits for its lock in short turns, and no visitor waits longer", async () => {
    await migrate(
      "0003_mood_default",
      "0002_mood",
      'migrations.AddField("entry", "place", models.CharField(max_length=20, null=True))',
    );
    const load = startLoad([app1], site, { clients: 4 });
    let held: Promise<string> | undefined;
    // A report that reads for long, from when the migration comes near.
    const hold = setInterval(async () => {
      if (held === undefined && (await copies()) !== "0") {
        clearInterval(hold);
        held = sql("BEGIN; SELECT count(*) FROM guestbook_entry; SELECT pg_sleep(12); COMMIT;");
      }
    }, 200);
    const result = await deploy();
    clearInterval(hold);
    await held;
    const samples = await load.stop();
    expect(failures(samples)).toEqual([]);
    expect(held, "nothing held the table").toBeDefined();
    expect(result.outputs, result.log).toMatchObject({
      status: "succeeded",
      migrations: '["guestbook.0003_mood_default"]',
    });
    expect(result.log).toMatch(
      /the live release works on the migrated schema: \d+ models tried on a copy without rows, in [\d.]+ s/,
    );
    expect(result.log).toMatch(
      /guestbook\.0003_mood_default did not get its lock in time[\s\S]*guestbook\.0003_mood_default applied in [\d.]+ s/,
    );
    expect(Math.max(...samples.map(({ start, end }) => end - start))).toBeLessThan(5000);
  });
});

describe("copies under names that the server chose", () => {
  const names = ["one", "two"].map((name) => `django_proof_named_${name}`) as [string, string];
  const there = (): Promise<string> =>
    sql("SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname LIKE 'django_proof_named%'");
  /** What a proof makes a copy by, as the collection has it. */
  const make = async (name: string): Promise<string> => {
    const program =
      "import sys; from ansible_collections.django_ansible.deploy.plugins.module_utils.django import copies as c; " +
      "print(c.creation(c.clear_named(sys.argv[1:]), c.SAY_WHEN))";
    const env = { ...process.env, PYTHONPATH: projectFolder };
    const script = await must([tool("python"), "-c", program, ...names], { env });
    await onHost(app1, `su postgres -c 'COPY=${name} PGDATABASE=mysite sh -es' <<'SCRIPT'\n${script}\nSCRIPT`);
    return there();
  };

  afterEach(async () => {
    for (const name of names) await sql(`DROP DATABASE IF EXISTS ${name}`);
  });

  const said = {
    "from long ago": "'made 1000000000'",
    "of the future": "'made 9999999999'",
    "without sense": "'mine'",
    none: "NULL",
  };
  test.each(Object.entries(said))("go when they are left, with a comment %s", async (_, comment) => {
    await sql(`CREATE DATABASE ${names[0]}`);
    await sql(`COMMENT ON DATABASE ${names[0]} IS ${comment}`);
    expect(await make(names[1])).toBe(names[1]);
  });

  test("stay when they are another run's", async () => {
    expect(await make(names[0])).toBe(names[0]);
    expect(await make(names[1])).toBe(names.join(" "));
  });
});
