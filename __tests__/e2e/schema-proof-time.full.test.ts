import { readdirSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { groupOf, used } from "../../scripts/lab/control-groups.mjs";
import { type ActionResult, type Host, must, onHost } from "../../scripts/lab/index.mjs";
import { directly } from "./support/direct.js";
import { inventory } from "./support/inventory.js";
import { createProject, type Project } from "./support/project.js";
import { startTrial, type Trial } from "./support/trial.js";

// How long the proof takes of a project with a hundred tables, without rows and with a gigabyte of them. It is measured and said, as other work on the machine decides over it; docs/migrations-and-rollback.md has it.
const APPS = 10;
const MODELS = 10;

let trial: Trial;
let project: Project;
let app1: Host;
let deploy: () => Promise<ActionResult>;

beforeAll(async () => {
  trial = await startTrial("schema-proof-time");
  app1 = await trial.host({ name: "app1", suite: "bookworm", kind: "ready" });
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory([app1]));
  const names = Array.from({ length: APPS }, (_, number) => `shop${number}`);
  for (const name of names) {
    project.write(`${name}/__init__.py`, "");
    project.write(`${name}/migrations/__init__.py`, "");
    project.write(`${name}/models.py`, models(name));
    project.write(`${name}/migrations/0001_initial.py`, initial(name));
  }
  const settings = project.read("mysite/settings/base.py");
  project.write("mysite/settings/base.py", settings.replace('"guestbook",', `"guestbook", "${names.join('", "')}",`));
  await project.commit("A hundred tables");
  const run = directly(trial, project, [app1]);
  const common = [
    "server_name: mysite.example",
    "django_settings_module: mysite.settings.production",
    "vault_secret_key: a-key-that-is-only-for-this-test",
    "vault_db_password: a-password-that-is-only-for-this-test",
    "django_app_database: local",
    // A dump of a gigabyte takes its time, which is not what is measured.
    "django_app_dump: false",
  ];
  deploy = () => run({ inputs: { vars: common.join("\n") } });
  const first = await deploy();
  expect(first.outputs, first.log).toMatchObject({ status: "succeeded" });
}, 600_000);

afterAll(() => trial?.end());

/** Ten models of an application, each with a row of the one before. */
const FIELDS = [
  ["title", "models.CharField(max_length=100)"],
  ["slug", "models.SlugField(max_length=60, db_index=True)"],
  ["text", "models.TextField(default='')"],
  ["price", "models.DecimalField(max_digits=8, decimal_places=2, null=True)"],
  ["amount", "models.IntegerField(default=1)"],
  ["is_open", "models.BooleanField(default=True)"],
  ["made", "models.DateTimeField(null=True, db_index=True)"],
  ["facts", "models.JSONField(default=dict)"],
] as const;
const parent = (number: number): string =>
  number === 0 ? "" : `models.ForeignKey("Thing${number - 1}", models.CASCADE, null=True)`;

const models = (name: string): string =>
  `from django.db import models\n${Array.from({ length: MODELS }, (_, number) => {
    const fields = FIELDS.map(([field, made]) => `    ${field} = ${made}`);
    const more = number === 0 ? [] : [`    parent = ${parent(number)}`];
    return `\n\nclass Thing${number}(models.Model):  # of ${name}\n${[...fields, ...more].join("\n")}\n`;
  }).join("")}`;

const initial = (name: string): string => `from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
${Array.from({ length: MODELS }, (_, number) => {
  const fields = FIELDS.map(([field, made]) => `            ("${field}", ${made}),`);
  const more = number === 0 ? [] : [`            ("parent", ${parent(number).replace('"Thing', `"${name}.Thing`)}),`];
  return `        migrations.CreateModel("Thing${number}", [
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
${[...fields, ...more].join("\n")}
        ]),`;
}).join("\n")}
    ]
`;

const sql = (text: string): Promise<string> =>
  onHost(app1, `su postgres -c 'psql -XAt -v ON_ERROR_STOP=1 mysite' <<'SQL'\n${text}\nSQL`);

/** Seconds of the host's processor time, PostgreSQL's among it, from the moment at which there is a copy to the one at which there is none any more. */
async function whileThereIsACopy(work: () => Promise<ActionResult>): Promise<[ActionResult, number]> {
  const group = await groupOf(app1.container);
  const pid = (await must(["docker", "inspect", "--format", "{{.State.Pid}}", app1.container])).trim();
  const cluster = (await onHost(app1, "echo /var/lib/postgresql/*/main/base")).trim();
  const databases = (): number => readdirSync(`/proc/${pid}/root${cluster}`).length;
  const before = databases();
  const seen: number[] = [];
  const looking = setInterval(() => databases() > before && seen.push(used(group)), 10);
  const result = await work().finally(() => clearInterval(looking));
  expect(seen.length).toBeGreaterThan(1);
  return [result, (seen.at(-1) ?? 0) - (seen[0] ?? 0)];
}

/** Deploys one more column and gives how many models were tried. */
async function proved(number: number): Promise<number> {
  const before = number === 2 ? "0001_initial" : `000${number - 1}_more`;
  project.write(
    `shop5/migrations/000${number}_more.py`,
    `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop5", "${before}")]
    operations = [migrations.AddField("thing3", "field_${number}", models.CharField(max_length=20, null=True))]
`,
  );
  await project.commit(`Column ${number}`);
  const [result, processor] = await whileThereIsACopy(deploy);
  expect(result.outputs, result.log).toMatchObject({
    status: "succeeded",
    migrations: `["shop5.000${number}_more"]`,
  });
  const said = /(\d+) models tried on a copy without rows, in ([\d.]+) s/.exec(result.log);
  expect(said, result.log).not.toBeNull();
  const load = (await onHost(app1, "cut -d' ' -f1 /proc/loadavg")).trim();
  const size = await sql("SELECT pg_size_pretty(pg_database_size('mysite'))");
  console.log(
    `${size}: ${said?.[1]} models tried in ${said?.[2]} s, ${processor.toFixed(1)} s of processor time, load ${load}`,
  );
  return Number(said?.[1]);
}

test("with a hundred tables, and whatever is in them", async () => {
  const little = [await proved(2), await proved(3)];
  for (let app = 0; app < APPS; app++) {
    await sql(`INSERT INTO shop${app}_thing0 (title, slug, text, amount, is_open, facts)
SELECT 'title', 'slug', repeat(md5(n::text), 20), n, true, '{}' FROM generate_series(1, 140000) AS n;`);
  }
  expect(Number(await sql("SELECT pg_database_size('mysite') >> 20"))).toBeGreaterThan(1000);
  const much = [await proved(4), await proved(5)];
  for (const count of [...little, ...much]) expect(count).toBeGreaterThanOrEqual(APPS * MODELS);
}, 900_000);
