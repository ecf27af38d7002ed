import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, type Host, onHost } from "../../scripts/lab/index.mjs";
import { directly, expectRefused } from "./support/direct.js";
import { signGuestbook } from "./support/guestbook.js";
import { inventory } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { startTrial, type Trial } from "./support/trial.js";

// A database that is brought back, on one host that has the server, too.
const site = "mysite.example";

let trial: Trial;
let project: Project;
let app1: Host;
let act: (inputs?: Record<string, string>, vars?: string[]) => Promise<ActionResult>;

beforeAll(async () => {
  trial = await startTrial("recovery");
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
    "django_app_health_timeout: 10",
    // One that a role may make itself where it may create in the database, and one that it may not.
    "postgresql_server_extensions: [citext, file_fdw]",
    "django_app_dumps: {number: 1, days: 1}",
  ];
  act = (inputs = {}, vars = []) => run({ inputs: { vars: [...common, ...vars].join("\n"), ...inputs } });
});

afterAll(() => trial?.end());

const sql = (text: string, database = "mysite"): Promise<string> =>
  onHost(app1, `su postgres -c 'psql -XAt ${database}' <<'SQL'\n${text}\nSQL`);

const databases = async (): Promise<string[]> =>
  (await sql("SELECT datname FROM pg_database WHERE datname LIKE 'mysite%' ORDER BY 1")).split("\n");

const dumps = async (): Promise<string[]> =>
  (await onHost(app1, "cd /opt/mysite/backups && ls *.dump 2>/dev/null || true")).split("\n").filter(Boolean);

/** A table with a foreign key to the guestbook. */
const reply = (after: string, number: string): string => `from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("guestbook", "${after}")]
    operations = [
        migrations.CreateModel("Reply${number}", [
            ("id", models.BigAutoField(primary_key=True)),
            ("entry", models.ForeignKey("guestbook.entry", models.CASCADE)),
        ]),
    ]
`;

describe("a rollback with restore", () => {
  test("what was there before the first deploy's migrations is dumped, too", async () => {
    const result = await act();
    expect(result.outputs.status, result.log).toBe("succeeded");
    await signGuestbook(app1, site, "Ada", "Before the migration");
  });

  test("the dump stays that precedes a failed attempt, also when a retry has nothing to apply", async () => {
    project.write("guestbook/migrations/0002_reply.py", reply("0001_initial", "One"));
    await project.commit("Add replies");
    const failed = await act({}, ["django_app_health_path: /is-not-there/"]);
    expectRefused(failed, /is-not-there/);
    const after = await dumps();
    const again = await act();
    expect(again.outputs.status, again.log).toBe("succeeded");
    expect(await dumps()).toEqual(after);
    project.write("guestbook/migrations/0003_more.py", reply("0002_reply", "Two"));
    await project.commit("Add more replies");
    const newer = await act();
    expect(newer.outputs.status, newer.log).toBe("succeeded");
    await signGuestbook(app1, site, "Eve", "After the migrations");
    await sql("INSERT INTO guestbook_replyone (entry_id) SELECT max(id) FROM guestbook_entry");
  });

  test("brings back the data of before the migrations, with a table that has a foreign key and extensions of the administrator", async () => {
    const first = (await onHost(app1, "ls /opt/mysite/releases")).split("\n")[0] ?? "";
    const result = await act({ operation: "rollback", revision: first }, ["django_app_rollback_migrations: restore"]);
    expect(result.outputs.status, result.log).toBe("succeeded");
    const page = (await fetchPage(app1, site)).body;
    expect(page).toContain("Before the migration");
    expect(page).not.toContain("After the migrations");
    expect(await sql("SELECT to_regclass('guestbook_replyone') IS NULL")).toBe("t");
    expect(await sql("SELECT string_agg(extname, ' ' ORDER BY extname) FROM pg_extension")).toBe(
      "citext file_fdw plpgsql",
    );
    expect(await sql("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")).toBe("mysite");
    const [now, replaced] = await databases();
    expect(now).toBe("mysite");
    expect(replaced).toMatch(/^mysite_replaced_\d{14}$/);
    expect(result.log).toContain(replaced);
    expect(await sql("SELECT count(*) FROM guestbook_replyone", replaced)).toBe("1");
    await signGuestbook(app1, site, "Ida", "After the restore");
  });
});

describe("backup and restore", () => {
  let dump = "";

  test("restore needs the name of the application, typed", async () => {
    const result = await act({ operation: "restore", revision: "x", confirm: "other" });
    expectRefused(result, /confirm is "other": type the application's name, mysite/);
  });

  test("backup gives the dump's id, and is in the journal", async () => {
    const result = await act({ operation: "backup" });
    expect(result.outputs.status, result.log).toBe("succeeded");
    dump = result.outputs.dump ?? "";
    expect(dump).toMatch(/^\d{8}T\d{6}Z-[0-9a-f]{4}$/);
    expect(await onHost(app1, "stat -c '%a %U' /opt/mysite/backups /opt/mysite/backups/*.dump | sort -u")).toBe(
      "600 root\n700 root",
    );
    expect(JSON.parse(await onHost(app1, "tail -n 1 /opt/mysite/deploys.jsonl"))).toMatchObject({
      result: "backup",
      dump,
    });
    const record = JSON.parse(await onHost(app1, `cat /opt/mysite/backups/${dump}.json`));
    expect(record.rows["public.guestbook_entry"]).toBe(2);
  });

  test("a rehearsal says that it can be restored, and leaves nothing", async () => {
    const before = await databases();
    const result = await act({ operation: "rehearse", revision: dump });
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-tasks": "0", dump });
    const record = JSON.parse(await onHost(app1, `cat /opt/mysite/backups/${dump}.json`));
    expect(record.restores_in).toBeGreaterThan(0);
    expect(await databases()).toEqual(before);
  });

  test("a damaged dump is refused, and the database is whole", async () => {
    const before = await databases();
    await signGuestbook(app1, site, "Eve", "After the backup");
    await onHost(app1, `cd /opt/mysite/backups && cp ${dump}.dump /root/ && truncate -s -5 ${dump}.dump`);
    const result = await act({ operation: "restore", revision: dump, confirm: "mysite" });
    await onHost(app1, `mv /root/${dump}.dump /opt/mysite/backups/`);
    expectRefused(result, /is damaged/);
    expect(await databases()).toEqual(before);
    expect((await fetchPage(app1, site)).body).toContain("After the backup");
  });

  test("restore brings it back", async () => {
    const result = await act({ operation: "restore", revision: dump, confirm: "mysite" });
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", dump });
    const page = (await fetchPage(app1, site)).body;
    expect(page).toContain("After the restore");
    expect(page).not.toContain("After the backup");
    await signGuestbook(app1, site, "Joe", "Into what was restored");
  });

  test("when no dump is what was asked for, it says which there are", async () => {
    const result = await act({ operation: "restore", revision: "before guestbook.0009_none", confirm: "mysite" });
    expectRefused(result, new RegExp(`there is no dump before guestbook.0009_none: .*${dump} \\(made by hand\\)`));
  });

  test("nothing that the application's role may write runs as the server's administrator", async () => {
    await sql(`SET SESSION AUTHORIZATION mysite;
CREATE SCHEMA trap;
CREATE FUNCTION trap.pg_get_userbyid(oid) RETURNS name LANGUAGE plpgsql AS $$ BEGIN
  IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN ALTER ROLE mysite SUPERUSER; END IF;
  RETURN pg_catalog.pg_get_userbyid($1);
END $$;
CREATE FUNCTION trap.aclexplode(aclitem[]) RETURNS TABLE (grantor oid, grantee oid, privilege_type text, is_grantable boolean) LANGUAGE sql AS $$
  SELECT 0::oid, 0::oid, 'CONNECT ON DATABASE mysite TO mysite; ALTER ROLE mysite SUPERUSER; GRANT CONNECT', false
$$;
GRANT USAGE ON SCHEMA trap TO PUBLIC;
ALTER DATABASE mysite SET search_path = trap, "$user", public, pg_catalog;
SELECT set_config('search_path', 'trap,public,pg_catalog,x;alter/**/role/**/mysite/**/superuser', false);
ALTER ROLE mysite IN DATABASE mysite SET search_path FROM CURRENT;`);
    const result = await act({ operation: "rehearse", revision: dump });
    const deployed = await act();
    expect(await sql("SELECT rolsuper FROM pg_roles WHERE rolname = 'mysite'")).toBe("f");
    await sql(
      `ALTER ROLE mysite IN DATABASE mysite RESET ALL; ALTER DATABASE mysite RESET ALL; DROP SCHEMA trap CASCADE`,
    );
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", dump });
    expect(deployed.outputs.status, deployed.log).toBe("succeeded");
  });

  test("the deploy lock is free afterwards", async () => {
    const result = await act();
    expect(result.outputs.status, result.log).toBe("succeeded");
  });
});
