import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, run as command, type Host, onHost } from "../../scripts/lab/index.mjs";
import { blocksOf } from "../support/blocks.js";
import { directly, expectRefused } from "./support/direct.js";
import { testInFull } from "./support/full.js";
import { signGuestbook } from "./support/guestbook.js";
import { groupedInventory } from "./support/inventory.js";
import { failures, startLoad } from "./support/load.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { startTrial, type Trial } from "./support/trial.js";

// A database that the deploy itself provides, on a host of its own, by the inventory's groups alone.
const site = "mysite.example";
const password = `p@ss:w/rd#1%$x'"\\ z`;

let trial: Trial;
let project: Project;
let app1: Host;
let db1: Host;
let deploy: (more?: string) => Promise<ActionResult>;
let remove: (inputs: Record<string, string>) => Promise<ActionResult>;

beforeAll(async () => {
  trial = await startTrial("database-local");
  [app1, db1] = await Promise.all([
    trial.host({ name: "app1", suite: "bookworm", kind: "ready" }),
    trial.host({ name: "db1", suite: "bookworm", kind: "base" }),
  ]);
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", grouped("database"));
  // Each request has a connection of its own, as Django has it by itself.
  const settings = "mysite/settings/base.py";
  project.write(settings, project.read(settings).replace("conn_max_age=60", "conn_max_age=0"));
  await project.commit("A guestbook");
  const run = directly(trial, project, [app1, db1]);
  const common = [
    `server_name: ${site}`,
    "django_settings_module: mysite.settings.production",
    "vault_secret_key: a-key-that-is-only-for-this-test",
    `vault_db_password: ${JSON.stringify(password)}`,
    "django_app_database: local",
    "postgresql_server_settings: {shared_buffers: 64MB}",
    "postgresql_server_extensions: [citext]",
    "postgresql_server_dumps: 2",
    "django_app_dump_schedule: daily",
    "gunicorn_graceful_timeout: 5",
  ];
  deploy = (more = "") =>
    run({ inputs: { vars: [...common.filter((line) => !more.includes(`${line.split(":")[0]}:`)), more].join("\n") } });
  remove = (inputs) => run({ inputs: { vars: common.join("\n"), operation: "remove", confirm: "mysite", ...inputs } });
});

afterAll(() => trial?.end());

const grouped = (group: string): string => groupedInventory({ web: [app1], [group]: [db1] });

const sql = (text: string, database = "mysite"): Promise<string> =>
  onHost(db1, `su postgres -c 'psql -XAt ${database}' <<'SQL'\n${text}\nSQL`);

describe("a database on a host of its own", () => {
  test("without its group it is not guessed, and nothing is touched", async () => {
    project.write("inventory/hosts.yml", grouped("other"));
    const result = await deploy();
    project.write("inventory/hosts.yml", grouped("database"));
    expectRefused(result, /django_app_database is "local": name the host that has the database in a group database/);
    expect(await onHost(db1, "ls /etc/postgresql 2>/dev/null || true")).toBe("");
  });

  test("is provided from nothing, and the application finds it", async () => {
    const result = await deploy();
    expect(result.outputs, result.log).toMatchObject({
      status: "succeeded",
      "changed-host-names": '["app1","db1"]',
    });
    await signGuestbook(app1, site, "Ada", "Into a database that was not there");
    expect((await fetchPage(app1, site)).body).toContain("Into a database that was not there");
    expect(await onHost(db1, "ls -d /opt/mysite 2>/dev/null || true")).toBe("");
    expect(await sql("SELECT extname FROM pg_extension WHERE extname = 'citext'")).toBe("citext");
    // It may make databases, since its host tries dumps by itself.
    expect(await sql("SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = 'mysite'")).toBe(
      "f|f|t",
    );
    expect(await sql("SELECT left(rolpassword, 13) FROM pg_authid WHERE rolname = 'mysite'")).toBe("SCRAM-SHA-256");
    expect(result.log).not.toContain(password);
    expect(await onHost(db1, "grep -c 'p@ss' /var/log/postgresql/*.log || true")).toBe("0");
  });

  test("has nothing to change in a second run", async () => {
    const again = await deploy();
    expect(again.outputs, again.log).toMatchObject({ status: "succeeded", "changed-tasks": "0" });
  });

  test("lets the application's hosts in, and nobody else", async () => {
    const connect = (host: Host): Promise<{ code: number; stderr: string }> =>
      command(["docker", "exec", "-i", "--env", `PGPASSWORD=${password}`, host.container, "psql", "-XAt", "-h", "db1", "-U", "mysite", "-d", "mysite", "-c", "SELECT 1"]); // biome-ignore format: one command
    // From db1's own address, which is no host of the application.
    expect((await connect(db1)).stderr).toContain("no pg_hba.conf entry for host");
    expect(await connect(app1)).toMatchObject({ code: 0 });
  });

  test("is dumped each night, and only the newest dumps are kept", async () => {
    const dump = "systemctl start mysite-database-dump.service; sleep 1.1\n";
    await onHost(db1, dump.repeat(3));
    const listed = (await onHost(db1, "ls /var/lib/mysite-dumps")).split("\n");
    expect(listed).toHaveLength(2);
    expect(
      await onHost(db1, `pg_restore --list /var/lib/mysite-dumps/${listed[1]} | grep -c 'TABLE DATA public guestbook'`),
    ).toBe("1");
    expect(
      await onHost(
        db1,
        "systemctl is-active mysite-database-dump.timer; stat -c '%a %U' /var/lib/mysite-dumps/*.dump | sort -u",
      ),
    ).toBe("active\n600 postgres");
  });

  test("is dumped by the application's host, too, which tries the dump", async () => {
    await onHost(app1, "systemctl start mysite-dumps.service");
    expect(await onHost(app1, "grep -l restores_in /opt/mysite/backups/*.json | wc -l")).toBe("1");
  });

  testInFull("a password that somebody changed is set again", async () => {
    await sql("ALTER ROLE mysite PASSWORD 'somebody changed it'");
    const result = await deploy();
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-host-names": '["db1"]' });
    expect((await fetchPage(app1, site)).status).toBe(200);
  });

  testInFull("another role with another password takes its place, and no request fails", async () => {
    const [rotation] = blocksOf("docs/rotating-secrets.md").filter(({ text }) => text.includes("db_user"));
    expect(rotation?.text).toMatch(/^db_user: mysite_2 .*\nvault_db_password: …/);
    const next = "another-password";
    const load = startLoad([app1], site, { clients: 8, rest: 100 });
    const result = await deploy(rotation?.text.replace("…", next));
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    const samples = await load.stop();
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-host-names": '["app1","db1"]' });
    console.log(`database password: ${samples.length} requests, ${failures(samples).length} failed`);
    expect(failures(samples)).toEqual([]);
    await signGuestbook(app1, site, "Grace", "With another password");
    const again = await deploy(rotation?.text.replace("…", next));
    expect(again.outputs, again.log).toMatchObject({ status: "succeeded", "changed-tasks": "0" });
    // 5 s for the old slot and 15 to end it, 60 for a process, a minute.
    const ends =
      "SELECT extract(epoch FROM rolvaliduntil - now()) BETWEEN 0 AND 120 FROM pg_roles WHERE rolname = 'mysite'";
    expect(await sql(ends)).toBe("t");
    await sql("SELECT pg_sleep(extract(epoch FROM rolvaliduntil - now()) + 1) FROM pg_roles WHERE rolname = 'mysite'");
    const connect = (user: string, secret: string) =>
      command(["docker", "exec", "-i", "--env", `PGPASSWORD=${secret}`, app1.container, "psql", "-XAt", "-h", "db1", "-U", user, "-d", "mysite", "-c", "CREATE TABLE made ()", "-c", "SELECT tableowner FROM pg_tables WHERE tablename = 'made'", "-c", "DROP TABLE made"]); // biome-ignore format: one command
    expect(await connect("mysite", password)).toMatchObject({ code: 2 });
    // What it makes belongs to the first role.
    expect((await connect("mysite_2", next)).stdout).toMatch(/^mysite$/m);
    expect((await fetchPage(app1, site)).status).toBe(200);
  });

  testInFull("is removed with its role after a last dump, once no host has the application any more", async () => {
    const stays = await remove({ limit: "db1" });
    expect(stays.outputs, stays.log).toMatchObject({ status: "succeeded", "changed-hosts": "0" });
    expect(stays.log).toContain("db1: the database stays, since these hosts have the application still: app1");
    expect((await fetchPage(app1, site)).status).toBe(200);

    const result = await remove({});
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-host-names": '["app1","db1"]' });
    expect(result.log).toMatch(/db1: a last dump of mysite is in \/var\/lib\/mysite-dumps/);
    const left =
      "SELECT datname FROM pg_database WHERE datname LIKE 'mysite%' UNION SELECT rolname FROM pg_roles WHERE rolname LIKE 'mysite%'";
    expect(await sql(left, "postgres")).toBe("");
    const units =
      "ls /etc/systemd/system | grep mysite || true; grep mysite /etc/postgresql/*/*/pg_hba.conf || true; ls /etc/postgresql/*/*/conf.d";
    expect(await onHost(db1, units)).toBe("");
    const rows = "pg_restore --data-only --table guestbook_entry --file - /var/lib/mysite-dumps/last-mysite-*.dump";
    expect(await onHost(db1, rows)).toContain("Into a database that was not there");
    const again = await remove({});
    expect(again.outputs, again.log).toMatchObject({ status: "succeeded", "changed-hosts": "0" });
  });
});
