import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, type Host, onHost } from "../../scripts/lab/index.mjs";
import { directly, expectRefused } from "./support/direct.js";
import { signGuestbook } from "./support/guestbook.js";
import { inventory } from "./support/inventory.js";
import { failures, slowest, startLoad } from "./support/load.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { startTrial, type Trial } from "./support/trial.js";

// A SQLite database that is brought back while the application, whose connections stay open, goes on.
const site = "mysite.example";
const file = "/opt/mysite/shared/db.sqlite3";

let trial: Trial;
let project: Project;
let app1: Host;
let act: (inputs?: Record<string, string>, vars?: string[]) => Promise<ActionResult>;

beforeAll(async () => {
  trial = await startTrial("recovery-sqlite");
  app1 = await trial.host({ name: "app1", suite: "bookworm", kind: "ready" });
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory([app1]));
  await project.commit("A guestbook");
  const run = directly(trial, project, [app1]);
  const common = [
    `server_name: ${site}`,
    "django_settings_module: mysite.settings.production",
    "vault_secret_key: a-key-that-is-only-for-this-test",
    "django_app_health_timeout: 10",
  ];
  act = (inputs = {}, vars = []) =>
    run({ inputs: { env: `DATABASE_URL=sqlite:///${file}`, vars: [...common, ...vars].join("\n"), ...inputs } });
});

afterAll(() => trial?.end());

const beside = (): Promise<string> => onHost(app1, "cd /opt/mysite/shared && ls -A | grep -v media");

const page = async (): Promise<string> => (await fetchPage(app1, site)).body;

describe("SQLite", () => {
  let dump = "";

  test("is dumped before migrations, and a rollback brings it back", async () => {
    const result = await act();
    expect(result.outputs.status, result.log).toBe("succeeded");
    await signGuestbook(app1, site, "Ada", "Before the migration");
    project.write(
      "guestbook/migrations/0002_reply.py",
      `from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("guestbook", "0001_initial")]
    operations = [migrations.CreateModel("Reply", [("id", models.BigAutoField(primary_key=True))])]
`,
    );
    await project.commit("Add replies");
    const newer = await act();
    expect(newer.outputs.status, newer.log).toBe("succeeded");
    await signGuestbook(app1, site, "Eve", "After the migration");
    const first = (await onHost(app1, "ls /opt/mysite/releases")).split("\n")[0] ?? "";
    const back = await act({ operation: "rollback", revision: first }, ["django_app_rollback_migrations: restore"]);
    expect(back.outputs.status, back.log).toBe("succeeded");
    expect(await page()).toContain("Before the migration");
    expect(await page()).not.toContain("After the migration");
    expect(await beside()).toMatch(/^db\.sqlite3\ndb\.sqlite3_replaced_\d{14}$/);
    expect(await onHost(app1, `stat -c '%U %a' ${file} /opt/mysite/backups`)).toBe("mysite 644\nroot 700");
  });

  test("backup, rehearse and restore", async () => {
    const backup = await act({ operation: "backup" });
    expect(backup.outputs.status, backup.log).toBe("succeeded");
    dump = backup.outputs.dump ?? "";
    await signGuestbook(app1, site, "Eve", "After the backup");
    const rehearsal = await act({ operation: "rehearse" });
    expect(rehearsal.outputs, rehearsal.log).toMatchObject({ status: "succeeded", "changed-tasks": "0", dump });
    expect(await page()).toContain("After the backup");
    expect((await beside()).split("\n")).toHaveLength(2);
    const before = await onHost(app1, `stat -c %i ${file}`);
    const load = startLoad([app1], site, { clients: 10 });
    const restored = await act({ operation: "restore", revision: dump, confirm: "mysite" });
    const samples = await load.stop();
    expect(restored.outputs, restored.log).toMatchObject({ status: "succeeded", dump });
    expect(failures(samples)).toEqual([]);
    expect(slowest(samples)).toBeLessThan(20_000);
    console.log(`${samples.length} requests, none failed, the slowest took ${Math.round(slowest(samples))} ms`);
    // By a rename: what was the database is what is kept.
    expect(await onHost(app1, `stat -c %i ${file}_replaced_* | tail -n 1`)).toBe(before);
    expect(await page()).not.toContain("After the backup");
    await signGuestbook(app1, site, "Joe", "Into what was restored");
    expect(await page()).toContain("Into what was restored");
  });

  test("what something else has open stays the file that it is, and gets what the dump has", async () => {
    const before = await onHost(app1, `stat -c %i ${file}`);
    await signGuestbook(app1, site, "Eve", "After the restore");
    await onHost(
      app1,
      // As a process of the application has it: whom nobody of that user can look into.
      `systemd-run --quiet --unit=holder --uid=mysite --property=PrivateUsers=yes python3 -c 'import sqlite3, time; c = sqlite3.connect("${file}"); c.execute("SELECT * FROM django_migrations").fetchall(); time.sleep(600)'`,
    );
    const restored = await act({ operation: "restore", revision: dump, confirm: "mysite" });
    await onHost(app1, "systemctl stop holder");
    expect(restored.outputs, restored.log).toMatchObject({ status: "succeeded", dump });
    expect(await onHost(app1, `stat -c %i ${file}`)).toBe(before);
    expect(await page()).not.toContain("After the restore");
    await signGuestbook(app1, site, "Joe", "Into what was restored");
  });

  test("what the application puts in the place of its database is not opened by root", async () => {
    await onHost(app1, "install -m 600 /dev/null /root/secret && echo hidden > /root/secret");
    await onHost(app1, `cd /opt/mysite/shared && mv db.sqlite3 real && ln -s /root/secret db.sqlite3`);
    const result = await act({ operation: "backup" });
    await onHost(app1, `cd /opt/mysite/shared && mv -f real db.sqlite3`);
    expectRefused(result, /unable to open|there is no file/);
    expect(await onHost(app1, "zcat -f /opt/mysite/backups/*.dump | grep -c hidden || true")).toBe("0");
  });

  test("a damaged dump is refused, and the database is as it was", async () => {
    await onHost(app1, `truncate -s -9 /opt/mysite/backups/${dump}.dump`);
    const result = await act({ operation: "restore", revision: dump, confirm: "mysite" });
    expectRefused(result, /is damaged/);
    expect(await page()).toContain("Into what was restored");
  });
});
