import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, type Suite } from "../../scripts/lab/index.mjs";
import { directly, expectRefused } from "./support/direct.js";
import { signGuestbook } from "./support/guestbook.js";
import { inventory } from "./support/inventory.js";
import { failures, slowest, startLoad } from "./support/load.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// A MySQL or MariaDB database of another host that is brought back. The application's host has none of its programs at first, and gets those of its system.
const site = "mysite.example";
const password = secret("database");
const MARIADB = `apt-get -q update
DEBIAN_FRONTEND=noninteractive apt-get -qy install mariadb-server
sed -i 's/^bind-address.*/bind-address = 0.0.0.0/' /etc/mysql/mariadb.conf.d/50-server.cnf
systemctl restart mariadb`;
// Debian has it in no release.
const MYSQL = `echo 'deb http://deb.debian.org/debian sid main' > /etc/apt/sources.list.d/sid.list
apt-get -q -o Acquire::Check-Valid-Until=false update
DEBIAN_FRONTEND=noninteractive apt-get -qy install mysql-server
sed -i 's/^bind-address.*/bind-address = 0.0.0.0/' /etc/mysql/mysql.conf.d/mysqld.cnf
systemctl restart mysql`;

interface Server {
  name: string;
  app: Suite;
  db: Suite;
  install: string;
  program: string;
}

describe.each<Server>([
  { name: "MariaDB, newer than the programs", app: "bookworm", db: "trixie", install: MARIADB, program: "mariadb" },
  { name: "MariaDB, older than the programs", app: "trixie", db: "bookworm", install: MARIADB, program: "mariadb" },
  { name: "MySQL, with MariaDB's programs", app: "trixie", db: "forky", install: MYSQL, program: "mysql" },
])("$name", (server) => {
  let trial: Trial;
  let project: Project;
  let app1: Host;
  let db1: Host;
  let act: (inputs?: Record<string, string>, vars?: string[], say?: (line: string) => void) => Promise<ActionResult>;
  let dump = "";

  beforeAll(async () => {
    trial = await startTrial("recovery-mysql");
    [app1, db1] = await Promise.all([
      trial.host({ name: "app1", suite: server.app, kind: "ready" }),
      trial.host({ name: "db1", suite: server.db, kind: "base" }),
    ]);
    await onHost(db1, `{\n${server.install}\n} >&2`);
    await sql(`CREATE DATABASE mysite CHARACTER SET utf8mb4; CREATE USER 'mysite'@'%' IDENTIFIED BY '${password}';
GRANT ALL ON mysite.* TO 'mysite'@'%'`);
    console.log(`${server.name}: ${await sql("SELECT VERSION()")}`);
    project = await createProject(trial, "examples/mysite");
    project.write("inventory/hosts.yml", inventory([app1]));
    const packages = [
      "django==5.2.19",
      "dj-database-url==3.1.2",
      "gunicorn==27.0.1",
      "pymysql==1.1.2",
      "cryptography==50.0.2",
    ];
    project.write("requirements.txt", `${packages.join("\n")}\n`);
    project.write(
      "mysite/__init__.py",
      "__version__ = '1'\n\nimport pymysql\n\npymysql.install_as_MySQLdb()\npymysql.version_info = (2, 2, 7, 'final', 0)\n",
    );
    await project.commit("A guestbook");
    const run = directly(trial, project, [app1]);
    const common = [
      `server_name: ${site}`,
      "django_settings_module: mysite.settings.production",
      `vault_secret_key: ${secret("django-key")}`,
      "django_app_health_timeout: 10",
    ];
    const env = `DATABASE_URL=mysql://mysite:${password}@db1:3306/mysite`;
    act = (inputs = {}, vars = [], say = () => {}) =>
      run({ inputs: { env, vars: [...common, ...vars].join("\n"), ...inputs }, say });
  });

  afterAll(() => trial?.end());

  const sql = (text: string, database = ""): Promise<string> =>
    onHost(db1, `${server.program} --batch --skip-column-names ${database} <<'SQL'\n${text}\nSQL`);

  const databases = (): Promise<string> => sql("SHOW DATABASES LIKE 'mysite%'");

  const page = async (): Promise<string> => (await fetchPage(app1, site)).body;

  test("is dumped before migrations, with a client that is installed", async () => {
    const result = await act();
    expect(result.outputs.status, result.log).toBe("succeeded");
    expect(result.log).not.toContain(password);
    await signGuestbook(app1, site, "Ada", "Before the migration");
    expect(await onHost(app1, "cd /opt/mysite/backups && ls *.dump | wc -l && command -v mariadb-dump")).toBe(
      "1\n/usr/bin/mariadb-dump",
    );
  });

  test("a restore needs a database that its user may make, and says the line for it", async () => {
    const backup = await act({ operation: "backup" });
    expect(backup.outputs.status, backup.log).toBe("succeeded");
    dump = backup.outputs.dump ?? "";
    const result = await act({ operation: "rehearse" });
    expectRefused(result, /GRANT ALL PRIVILEGES ON `mysite\\_%`\.\* TO 'mysite'@'%'/);
    await sql("GRANT ALL PRIVILEGES ON `mysite\\_%`.* TO 'mysite'@'%'");
    const rehearsal = await act({ operation: "rehearse" });
    expect(rehearsal.outputs, rehearsal.log).toMatchObject({ status: "succeeded", "changed-tasks": "0", dump });
    expect(await databases()).toBe("mysite");
  });

  test("a rollback with restore brings back what was there, with foreign keys", async () => {
    project.write(
      "guestbook/migrations/0002_reply.py",
      `from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("guestbook", "0001_initial")]
    operations = [migrations.CreateModel("Reply", [
        ("id", models.BigAutoField(primary_key=True)),
        ("entry", models.ForeignKey("guestbook.entry", models.CASCADE)),
    ])]
`,
    );
    await project.commit("Add replies");
    const newer = await act();
    expect(newer.outputs.status, newer.log).toBe("succeeded");
    await signGuestbook(app1, site, "Eve", "After the migration");
    await sql("INSERT INTO guestbook_reply (entry_id) SELECT max(id) FROM guestbook_entry", "mysite");
    const first = (await onHost(app1, "ls /opt/mysite/releases")).split("\n")[0] ?? "";
    const back = await act({ operation: "rollback", revision: first }, ["django_app_rollback_migrations: restore"]);
    expect(back.outputs.status, back.log).toBe("succeeded");
    expect(await page()).toContain("Before the migration");
    expect(await page()).not.toContain("After the migration");
    const [now, replaced] = (await databases()).split("\n");
    expect(now).toBe("mysite");
    expect(replaced).toMatch(/^mysite_replaced_\d{14}$/);
    expect(await sql("SELECT count(*) FROM guestbook_reply", replaced)).toBe("1");
    expect(await sql("SHOW TABLES LIKE 'guestbook_reply'", "mysite")).toBe("");
    await signGuestbook(app1, site, "Ida", "After the restore");
  });

  test("restore brings a dump back, and names what it cannot move", async () => {
    const result = await act({ operation: "restore", revision: dump, confirm: "mysite" });
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", dump });
    expect(await page()).not.toContain("After the restore");
    await sql("CREATE VIEW entries AS SELECT * FROM guestbook_entry", "mysite");
    const refused = await act({ operation: "restore", revision: dump, confirm: "mysite" });
    expectRefused(refused, /cannot be moved from one database to another: view entries/);
    expect(await page()).toContain("Before the migration");
  });

  test("a migration that does not get its lock lets visitors in, and is tried again", async () => {
    project.write(
      "guestbook/migrations/0003_mood.py",
      `from django.db import migrations, models

class Migration(migrations.Migration):
    dependencies = [("guestbook", "0002_reply")]
    operations = [migrations.AddField("entry", "mood", models.CharField(max_length=20, null=True))]
`,
    );
    await project.commit("Add moods");
    await onHost(
      db1,
      `systemd-run --quiet --collect ${server.program} -e 'BEGIN; SELECT count(*) FROM guestbook_entry; DO SLEEP(600)' mysite`,
    );
    const reader = "SELECT concat('KILL ', id, ';') FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'";
    await expect.poll(() => sql(reader), { timeout: 30_000 }).toMatch(/^KILL \d+;$/);
    const load = startLoad([app1], site, { clients: 4 });
    let ended: Promise<string> | undefined;
    const result = await act(
      {},
      ["django_app_migrate_lock_timeout: 2", "django_app_migrate_lock_tries: 50"],
      (line) => {
        if (line.includes("did not get its lock in time")) ended ??= sql(reader).then((kill) => sql(kill));
      },
    );
    const samples = await load.stop();
    await ended;
    expect(result.outputs, result.log).toMatchObject({
      status: "succeeded",
      migrations: '["guestbook.0002_reply","guestbook.0003_mood"]',
    });
    expect(ended, result.log).toBeDefined();
    expect(result.log).toMatch(/app1: guestbook\.000[23]_\w+ is being applied/);
    expect(failures(samples)).toEqual([]);
    // Those that came while it waited for two seconds, on a machine that does much else.
    expect(slowest(samples)).toBeLessThan(8000);
    console.log(
      `${server.name}: ${samples.length} requests, none failed, the slowest took ${Math.round(slowest(samples))} ms`,
    );
  });
});
