import type { ChildProcess } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, run as command, type Host, onHost } from "../../scripts/lab/index.mjs";
import { type DeployRequest, directly } from "./support/direct.js";
import { killRunner } from "./support/fault-breakage.js";
import { signGuestbook } from "./support/guestbook.js";
import { groupedInventory } from "./support/inventory.js";
import { onceSo } from "./support/looking.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { isReached, release, staysIn, watch } from "./support/restore-points.js";
import { startTrial, type Trial } from "./support/trial.js";

// A database that deploys have set up on another host: who may make databases there, for how long, and what of it a killed run leaves.
const site = "mysite.example";
const password = "a-password-that-is-only-for-this-test";

let trial: Trial;
let project: Project;
let app1: Host;
let db1: Host;
let act: (inputs?: Record<string, string>, more?: DeployRequest, vars?: string[]) => Promise<ActionResult>;
let dump = "";

beforeAll(async () => {
  trial = await startTrial("database-apart");
  [app1, db1] = await Promise.all([
    trial.host({ name: "app1", suite: "bookworm", kind: "ready" }),
    trial.host({ name: "db1", suite: "bookworm", kind: "base" }),
  ]);
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", groupedInventory({ web: [app1], database: [db1] }));
  await project.commit("A guestbook");
  const run = directly(trial, project, [app1, db1]);
  const common = [
    `server_name: ${site}`,
    "django_settings_module: mysite.settings.production",
    "vault_secret_key: a-key-that-is-only-for-this-test",
    "django_app_database: local",
    "postgresql_server_extensions: [citext]",
    "postgresql_server_dumps: 0",
  ];
  act = (inputs = {}, more = {}, vars = [`vault_db_password: ${password}`]) =>
    run({ ...more, inputs: { vars: [...common, ...vars].join("\n"), ...inputs } });
  const first = await act();
  expect(first.outputs, first.log).toMatchObject({ status: "succeeded" });
});

afterAll(() => trial?.end());

const sql = (text: string, database = "postgres"): Promise<string> =>
  onHost(db1, `su postgres -c 'psql -XAt ${database}' <<'SQL'\n${text}\nSQL`);
/** Roles that may make databases now, with a password that holds. */
const makers = (): Promise<string> =>
  sql(
    "SELECT string_agg(regexp_replace(rolname, '_[0-9a-f]{12}$', ''), ' ') FROM pg_roles WHERE rolcreatedb AND NOT rolsuper AND coalesce(rolvaliduntil, 'infinity') > now()",
  );
const page = async (): Promise<string> => (await fetchPage(app1, site)).body;

/** Kills the runner of a run once `isThere` says so. */
async function killedWhen(isThere: () => Promise<boolean>, inputs?: Record<string, string>): Promise<void> {
  const folder = mkdtempSync(join(trial.folder, "killed-"));
  let killed = 0;
  const onStart = (runner: ChildProcess): void =>
    void onceSo(runner, isThere, () => {
      killed = killRunner(folder);
      runner.kill("SIGKILL");
    });
  const ended = await act(inputs, { folder, onStart }).catch(() => undefined);
  expect(killed, `the runner had ended before it was killed: ${ended?.log}`).toBeGreaterThan(0);
}

/** The application's role has no right that it had not; another role has it for at most so long, with a password that nobody has any more. */
async function expectTheRightToEnd(seconds: number): Promise<void> {
  expect(await makers()).toBe("django_maker");
  const maker = await sql("SELECT rolname FROM pg_roles WHERE rolname LIKE 'django_maker_%'");
  const left = Number(
    await sql(`SELECT extract(epoch FROM rolvaliduntil - now()) FROM pg_roles WHERE rolname = '${maker}'`),
  );
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThanOrEqual(seconds);
  const connect = () =>
    command(["docker", "exec", "-i", "--env", `PGPASSWORD=${password}`, app1.container, "psql", "-XAt", "-h", "db1", "-U", maker, "-d", "mysite", "-c", "SELECT current_user"]); // biome-ignore format: one command
  // Its own ended with the run, and the application's is another one.
  expect((await connect()).stderr).toContain("password authentication failed");
  await sql(`ALTER ROLE ${maker} PASSWORD '${password}'`);
  expect(await connect()).toMatchObject({ code: 0 });
  await sql(`ALTER ROLE ${maker} VALID UNTIL '${new Date().toISOString()}'`);
  expect((await connect()).stderr).toContain("password authentication failed");
  expect(await makers()).toBe("");
}

/** pg_hba.conf as a version before left it. */
const letNoMakerIn = (): Promise<string> =>
  onHost(db1, "sed -i '/django_maker_/d' /etc/postgresql/*/main/pg_hba.conf && systemctl reload 'postgresql@*'");

/** Repeats a run until the one that was killed has given its lock back. */
async function again(inputs?: Record<string, string>): Promise<ActionResult> {
  const deadline = Date.now() + 240_000;
  let last = await act(inputs);
  while (last.outputs.status !== "succeeded" && Date.now() < deadline) last = await act(inputs);
  return last;
}

test("a dump is tried and restored by a role that is there for as long as that takes", async () => {
  await signGuestbook(app1, site, "Ada", "Before the dump");
  const backup = await act({ operation: "backup" });
  expect(backup.outputs, backup.log).toMatchObject({ status: "succeeded" });
  dump = backup.outputs.dump ?? "";
  await signGuestbook(app1, site, "Eve", "After the dump");
  const rehearsal = await act({ operation: "rehearse" });
  expect(rehearsal.outputs, rehearsal.log).toMatchObject({ status: "succeeded", dump });
  const restored = await act({ operation: "restore", revision: dump, confirm: "mysite" });
  expect(restored.outputs, restored.log).toMatchObject({ status: "succeeded", dump });
  expect(await page()).toContain("Before the dump");
  expect(await page()).not.toContain("After the dump");
  expect(await makers()).toBe("");
  expect(await sql("SELECT rolname FROM pg_roles WHERE rolname LIKE 'django_maker%'")).toBe("");
  expect(
    await sql("SELECT string_agg(DISTINCT pg_get_userbyid(datdba), ' ') FROM pg_database WHERE datname LIKE 'mysite%'"),
  ).toBe("mysite");
  expect(await sql("SELECT pg_get_userbyid(extowner) FROM pg_extension WHERE extname = 'citext'", "mysite")).toBe(
    "mysite",
  );
  await signGuestbook(app1, site, "Joe", "Into what was restored");
});

test("also where another role than the database's owner logs in", async () => {
  const next = ["db_user: mysite_2", "vault_db_password: another-password"];
  const rotated = await act({}, {}, next);
  expect(rotated.outputs, rotated.log).toMatchObject({ status: "succeeded" });
  const restored = await act({ operation: "restore", revision: dump, confirm: "mysite" }, {}, next);
  expect(restored.outputs, restored.log).toMatchObject({ status: "succeeded", dump });
  expect(await page()).not.toContain("Into what was restored");
  const back = await act();
  expect(back.outputs, back.log).toMatchObject({ status: "succeeded" });
});

test("a server that a version before has set up lets that role in once it is needed", async () => {
  await letNoMakerIn();
  const rehearsal = await act({ operation: "rehearse", revision: dump });
  expect(rehearsal.outputs, rehearsal.log).toMatchObject({ status: "succeeded", dump });
  expect(await makers()).toBe("");
});

test("a run that is killed in the middle of a restore leaves nobody the right for good", async () => {
  await watch(db1, staysIn("make"));
  await killedWhen(() => isReached(db1), { operation: "restore", revision: dump, confirm: "mysite" });
  // What has that role's password on the host is no process of the application's user, which could read it there.
  const theirs = await onHost(
    app1,
    `for pid in $(pgrep -x psql); do tr '\\0' '\\n' </proc/$pid/environ | grep -q '^PGUSER=django_maker_' && stat -c %U /proc/$pid; done | sort -u`,
  );
  expect(theirs).not.toBe("");
  expect(theirs).not.toMatch(/mysite|root/);
  await expectTheRightToEnd(86_400);
  await release(db1);
  const restored = await again({ operation: "restore", revision: dump, confirm: "mysite" });
  expect(restored.outputs, restored.log).toMatchObject({ status: "succeeded", dump });
  expect(await makers()).toBe("");
}, 480_000);

test("a program of that role is not the application's to stop, and one that somebody else stops holds up nothing", async () => {
  await watch(db1, staysIn("make"));
  const restoring = act({ operation: "restore", revision: dump, confirm: "mysite" });
  await expect.poll(() => isReached(db1), { timeout: 120_000 }).toBe(true);
  const theirs = `for pid in $(pgrep -x psql); do tr '\\0' '\\n' </proc/$pid/environ | grep -q '^PGUSER=django_maker_' && echo $pid; done`;
  const pids = (await onHost(app1, theirs)).replaceAll("\n", " ");
  expect(pids).not.toBe("");
  expect(await onHost(app1, `runuser -u mysite -- kill -STOP ${pids} 2>&1 || true`)).toContain("not permitted");
  await onHost(app1, `kill -STOP ${pids}`);
  await release(db1);
  const result = await restoring;
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", dump });
  expect(await makers()).toBe("");
  expect(await sql("SELECT count(*) FROM pg_database WHERE datname = 'mysite_restore'")).toBe("0");
  expect((await fetchPage(app1, site)).status).toBe(200);
}, 240_000);

test("the application, taken over, gets no SQL of its own run by that role", async () => {
  const asTheApplication = (text: string): Promise<unknown> =>
    command(["docker", "exec", "-i", "--env", `PGPASSWORD=${password}`, app1.container, "psql", "-XAt", "-v", "ON_ERROR_STOP=1", "-h", "db1", "-U", "mysite", "-d", "mysite", "-c", text]); // biome-ignore format: one command
  const traps = ["text, name", "text, text", "text, name, text", "text, name, name"].map(
    (types) =>
      `CREATE FUNCTION evil.format(${types}) RETURNS text LANGUAGE sql AS $$ SELECT 'CREATE DATABASE stolen' $$`,
  );
  expect(await asTheApplication(`CREATE SCHEMA evil; ${traps.join("; ")}`)).toMatchObject({ code: 0 });
  const path = "ALTER DATABASE mysite SET search_path = evil, pg_catalog, public";
  expect(await asTheApplication(path)).toMatchObject({ code: 0 });
  // Copies of killed runs, whose comments its role has written.
  const owned = "SELECT 'django_proof_' || left(encode(sha256('mysite'), 'hex'), 12) || '_' || generate_series(1, 4)";
  const copies = (await sql(owned)).split("\n");
  for (const copy of copies) await sql(`CREATE DATABASE ${copy} OWNER mysite`);
  for (const [index, said] of ["'made 9999999999'", "'mine'", "NULL", "'made 1000000000'"].entries())
    expect(await asTheApplication(`COMMENT ON DATABASE ${copies[index]} IS ${said}`)).toMatchObject({ code: 0 });
  project.write(
    "guestbook/migrations/0002_mood.py",
    `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("guestbook", "0001_initial")]
    operations = [migrations.AddField("entry", "mood", models.CharField(max_length=20, null=True))]
`,
  );
  await project.commit("A migration");
  const result = await act();
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded" });
  expect(await sql("SELECT count(*) FROM pg_database WHERE datname = 'stolen'")).toBe("0");
  expect(result.log).toContain("models tried on a copy without rows");
  expect(await sql("SELECT count(*) FROM pg_database WHERE datname LIKE 'django_proof%'")).toBe("0");
  expect(await asTheApplication("DROP SCHEMA evil CASCADE; ALTER DATABASE mysite RESET search_path")).toMatchObject({
    code: 0,
  });
});

test("a run that is killed in the middle of a proof leaves nobody the right for good", async () => {
  project.write(
    "guestbook/migrations/0003_slow.py",
    `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("guestbook", "0002_mood")]
    operations = [
        migrations.RunSQL("SELECT pg_sleep(CASE WHEN current_database() = 'mysite' THEN 0 ELSE 15 END)"),
        migrations.AddField("entry", "place", models.CharField(max_length=20, null=True)),
    ]
`,
  );
  await project.commit("A slow migration");
  const proof =
    "SELECT count(*) FROM pg_stat_activity WHERE datname LIKE 'django_proof%' AND state = 'active' AND query LIKE 'SELECT pg_sleep%'";
  await killedWhen(async () => (await sql(proof)) === "1");
  await expectTheRightToEnd(3600);
  const result = await again();
  // The step that was under way may have gone on to its end, the migration.
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded" });
  expect(await sql("SELECT count(*) FROM django_migrations WHERE name = '0003_slow'", "mysite")).toBe("1");
  expect(await makers()).toBe("");
  expect(await sql("SELECT count(*) FROM pg_database WHERE datname LIKE 'django_proof%'")).toBe("0");
}, 480_000);
