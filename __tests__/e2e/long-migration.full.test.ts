import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, type Host, onHost } from "../../scripts/lab/index.mjs";
import { directly, expectRefused } from "./support/direct.js";
import { groupedInventory } from "./support/inventory.js";
import { failures, ninetyNine, slowest, startLoad } from "./support/load.js";
import { createProject, type Project } from "./support/project.js";
import { startTrial, type Trial } from "./support/trial.js";

// A migration of twenty minutes while visitors come, and a second host waits for it with its deploy lock.
const MINUTES = Number(process.env.DAD_MIGRATION_MINUTES ?? 20);
const site = "mysite.example";

let trial: Trial;
let project: Project;
let app1: Host;
let app2: Host;
let deploy: (say?: (line: string) => void) => Promise<ActionResult>;

beforeAll(async () => {
  trial = await startTrial("long-migration");
  [app1, app2] = await Promise.all([
    trial.host({ name: "app1", suite: "bookworm", kind: "ready" }),
    trial.host({ name: "app2", suite: "bookworm", kind: "ready" }),
  ]);
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", groupedInventory({ web: [app1, app2], database: [app1] }));
  await project.commit("A guestbook");
  const run = directly(trial, project, [app1, app2]);
  const vars = [
    `server_name: ${site}`,
    "django_settings_module: mysite.settings.production",
    "vault_secret_key: a-key-that-is-only-for-this-test",
    "vault_db_password: a-password-that-is-only-for-this-test",
    "django_app_database: local",
  ].join("\n");
  deploy = (say = () => {}) => run({ inputs: { vars }, say });
  const first = await deploy();
  expect(first.outputs, first.log).toMatchObject({ status: "succeeded" });
});

afterAll(() => trial?.end());

test(
  `a migration of ${MINUTES} minutes ends, its locks last as long, and no visitor waits`,
  async () => {
    project.write(
      "guestbook/migrations/0002_slow.py",
      `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("guestbook", "0001_initial")]
    operations = [
        # On the copy of the schema for the proof it need not take as long.
        migrations.RunSQL("SELECT pg_sleep(CASE WHEN current_database() = 'mysite' THEN ${MINUTES * 60} ELSE 0 END)"),
        migrations.AddField("entry", "mood", models.CharField(max_length=20, null=True)),
    ]
`,
    );
    await project.commit("A slow migration");
    const load = startLoad([app1, app2], site, { clients: 4, rest: 1000 });
    const told: string[] = [];
    const running = deploy((line) => told.push(line));
    await expect
      .poll(
        () =>
          onHost(
            app1,
            `su postgres -c "psql -XAt -c \\"SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep(CASE%'\\""`,
          ),
        { timeout: 300_000, interval: 2000 },
      )
      .toBe("1");
    await expect
      .poll(() => told.some((line) => line.includes("guestbook.0002_slow is being applied")), { timeout: 20_000 })
      .toBe(true);
    // Near its end somebody else comes: both hosts are still this deploy's.
    await new Promise((done) => setTimeout(done, (MINUTES * 60 - 50) * 1000));
    const other = await deploy();
    expectRefused(other, /mysite is being deployed here by/);
    expect(other.outputs["failed-host-names"], other.log).toBe('["app1","app2"]');
    const result = await running;
    const samples = await load.stop();
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", migrations: '["guestbook.0002_slow"]' });
    expect(failures(samples)).toEqual([]);
    const seconds = Number(/guestbook\.0002_slow applied in ([\d.]+) s/.exec(result.log)?.[1]);
    expect(seconds).toBeGreaterThanOrEqual(MINUTES * 60);
    console.log(
      `applied in ${seconds} s; ${samples.length} requests, none failed, 99 of 100 within ${Math.round(ninetyNine(samples))} ms, the slowest took ${Math.round(slowest(samples))} ms`,
    );
  },
  (MINUTES + 10) * 60_000,
);
