import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, type Host, onHost } from "../../scripts/lab/index.mjs";
import { directly, expectRefused } from "./support/direct.js";
import { signGuestbook } from "./support/guestbook.js";
import { inventory } from "./support/inventory.js";
import { failures, startLoad } from "./support/load.js";
import { createProject, type Project } from "./support/project.js";
import { startTrial, type Trial } from "./support/trial.js";

// Migrations that only take something away run once the release is live that does without it.
const site = "mysite.example";

let trial: Trial;
let project: Project;
let app1: Host;
let deploy: (vars?: string[]) => Promise<ActionResult>;
let models = "";

beforeAll(async () => {
  trial = await startTrial("contract");
  app1 = await trial.host({ name: "app1", suite: "bookworm", kind: "ready" });
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory([app1]));
  models = project.read("guestbook/models.py");
  await change(
    "0002_more",
    "0001_initial",
    `migrations.AddField("entry", "mood", models.CharField(max_length=20, null=True)),
        migrations.AddField("entry", "place", models.CharField(max_length=20, default="here")),
        migrations.CreateModel("Reply", [("id", models.BigAutoField(primary_key=True)), ("entry", models.ForeignKey("guestbook.entry", models.CASCADE))])`,
    `    mood = models.CharField(max_length=20, null=True)
    place = models.CharField(max_length=20, default="here")
`,
    `

class Reply(models.Model):
    id = models.BigAutoField(primary_key=True)
    entry = models.ForeignKey("guestbook.entry", models.CASCADE)
`,
  );
  const run = directly(trial, project, [app1]);
  const common = [
    `server_name: ${site}`,
    "django_settings_module: mysite.settings.production",
    "vault_secret_key: a-key-that-is-only-for-this-test",
    "vault_db_password: a-password-that-is-only-for-this-test",
    "django_app_database: local",
  ];
  deploy = (vars = []) => run({ inputs: { vars: [...common, ...vars].join("\n") } });
  const first = await deploy();
  expect(first.outputs, first.log).toMatchObject({ status: "succeeded" });
  await signGuestbook(app1, site, "Ada", "The first one");
});

afterAll(() => trial?.end());

const columns = (): Promise<string> =>
  onHost(
    app1,
    `su postgres -c 'psql -XAt mysite' <<'SQL'\nSELECT string_agg(column_name, ' ' ORDER BY column_name) FROM information_schema.columns WHERE table_name LIKE 'guestbook_%'\nSQL`,
  );

/** A migration, with the fields and models that there are afterwards beside those of the example. */
async function change(name: string, after: string, operations: string, fields: string, more: string): Promise<void> {
  project.write(
    `guestbook/migrations/${name}.py`,
    `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("guestbook", "${after}")]
    operations = [
        ${operations},
    ]
`,
  );
  const created = "    created = models.DateTimeField(auto_now_add=True, db_index=True)\n";
  project.write("guestbook/models.py", models.replace(created, created + fields) + more);
  await project.commit(name);
}

const place = `    place = models.CharField(max_length=20, default="here")
`;

test("a release that is not healthy: what goes is still there", async () => {
  await change(
    "0003_less",
    "0002_more",
    'migrations.RemoveField("entry", "mood"), migrations.DeleteModel("Reply")',
    place,
    "",
  );
  const result = await deploy(["django_app_health_path: /is-not-there/", "django_app_health_timeout: 5"]);
  expect(result.outputs, result.log).toMatchObject({ status: "rolled-back", migrations: "[]" });
  expect(await columns()).toMatch(/entry_id.*mood/);
});

test("a column and a table go while visitors come: after the switch, and no request fails", async () => {
  await change(
    "0004_new",
    "0003_less",
    'migrations.AddField("entry", "note", models.TextField(null=True))',
    `${place}    note = models.TextField(null=True)
`,
    "",
  );
  // The new column does not need what goes: it comes first.
  project.write(
    "guestbook/migrations/0004_new.py",
    project.read("guestbook/migrations/0004_new.py").replace("0003_less", "0002_more"),
  );
  project.write(
    "guestbook/migrations/0003_less.py",
    project.read("guestbook/migrations/0003_less.py").replace('"0002_more"', '"0004_new"'),
  );
  await project.commit("What comes before what goes");
  const load = startLoad([app1], site, { clients: 20 });
  const result = await deploy();
  await signGuestbook(app1, site, "Grace", "Still here");
  const samples = await load.stop();
  expect(result.outputs, result.log).toMatchObject({
    status: "succeeded",
    migrations: '["guestbook.0004_new","guestbook.0003_less"]',
  });
  expect(failures(samples)).toEqual([]);
  expect(result.log).toContain("guestbook.0003_less: applied once the new release is live everywhere");
  expect(result.log).toMatch(/guestbook\.0004_new applied in [\s\S]*guestbook\.0003_less applied in /);
  expect(await columns()).toContain("note");
  expect(await columns()).not.toMatch(/entry_id|mood/);
  const again = await deploy();
  expect(again.outputs, again.log).toMatchObject({ status: "succeeded", "changed-tasks": "0", migrations: "[]" });
});

test("what the new release cannot work beside is refused as before", async () => {
  await change(
    "0005_place",
    "0003_less",
    'migrations.RemoveField("entry", "place")',
    "    note = models.TextField(null=True)\n",
    "",
  );
  expectRefused(await deploy(), /guestbook\.Entry\.place: migration guestbook\.0005_place would remove field place/);
  expect(await columns()).toContain("place");
});
