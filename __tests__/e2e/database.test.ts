import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, servePostgres } from "../../scripts/lab/index.mjs";
import { directly, expectRefused } from "./support/direct.js";
import { signGuestbook } from "./support/guestbook.js";
import { inventory } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

const site = "mysite.example";
const password = secret("database");

let trial: Trial;
let project: Project;
let app1: Host;
/** Runs PostgreSQL 17, where the application's host has the clients of 15. */
let db1: Host;
let deploy: (vars: string[], env?: string) => Promise<ActionResult>;

beforeAll(async () => {
  trial = await startTrial("database");
  [app1, db1] = await Promise.all([
    trial.host({ name: "app1", suite: "bookworm", kind: "ready" }),
    trial.host({ name: "db1", suite: "trixie", kind: "ready" }),
  ]);
  await servePostgres(db1, { database: "mysite", user: "mysite", password });
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory([app1]));
  await project.commit("A guestbook");
  const run = directly(trial, project, [app1]);
  const common = [
    `server_name: ${site}`,
    "django_settings_module: mysite.settings.production",
    `vault_secret_key: ${secret("django-key")}`,
    "django_app_health_timeout: 10",
  ];
  deploy = (vars, env = "") => run({ inputs: { vars: [...common, ...vars].join("\n"), env } });
});

afterAll(() => trial?.end());

const postgres = (given = password): string[] => [
  "db_host: db1",
  "db_name: mysite",
  "db_user: mysite",
  `vault_db_password: ${given}`,
];

const tables = (): Promise<string> =>
  onHost(
    db1,
    "su postgres -c \"psql -qXAt -d mysite -c 'SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()'\"",
  );

describe("a database that stands in the way is named, and stays as it is", () => {
  test("it refuses the password", async () => {
    const wrong = secret("wrong-database");
    const result = await deploy(postgres(wrong));
    expectRefused(result, /the database does not answer: .*password authentication failed for user/);
    expect(result.log).not.toContain(wrong);
  });

  test("pg_dump is older than the server", async () => {
    const result = await deploy(postgres());
    expectRefused(
      result,
      /pg_dump is older than the database server \(15 instead of 17\), .*install postgresql-client-17 there; .*django_app_dump: false/,
    );
    expect(await tables()).toBe("0");
  });

  test("pg_dump is not there", async () => {
    await onHost(app1, "mv /usr/bin/pg_dump /usr/bin/pg_dump.away");
    const result = await deploy(postgres());
    await onHost(app1, "mv /usr/bin/pg_dump.away /usr/bin/pg_dump");
    expectRefused(result, /pg_dump is not on this host: add postgresql-client to django_app_extra_packages/);
    expect(await tables()).toBe("0");
  });

  test("without a dump it goes on", async () => {
    const result = await deploy([...postgres(), "django_app_dump: false"]);
    expect(result.outputs.status, result.log).toBe("succeeded");
    expect((await fetchPage(app1, site)).status).toBe(200);
  });
});

describe("MariaDB", () => {
  const url = `DATABASE_URL=mysql://mysite:${password}@localhost/mysite?unix_socket=/run/mysqld/mysqld.sock`;
  // The driver that needs no compiler.
  const vars = ["django_app_python_packages: [PyMySQL==1.1.2]"];

  test("is dumped and migrated", async () => {
    await onHost(
      app1,
      `export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq --no-install-recommends mariadb-server >/dev/null
systemctl start mariadb
mariadb <<'EOF'
CREATE DATABASE mysite CHARACTER SET utf8mb4;
CREATE USER mysite@localhost IDENTIFIED BY '${password}';
GRANT ALL ON mysite.* TO mysite@localhost;
EOF`,
    );
    project.write(
      "mysite/__init__.py",
      'import pymysql\n\npymysql.version_info = (2, 2, 4, "final", 0)\npymysql.install_as_MySQLdb()\n__version__ = "2"\n',
    );
    await project.commit("Go to MariaDB");
    const result = await deploy(vars, url);
    expect(result.outputs.status, result.log).toBe("succeeded");
    expect(result.log).not.toContain("no dump was made");
    const dumped =
      "for name in /opt/mysite/backups/*.dump; do gzip -dc $name 2>/dev/null | grep -c MariaDB || true; done";
    expect((await onHost(app1, dumped)).split("\n").some((lines) => Number(lines) > 0)).toBe(true);
    await signGuestbook(app1, site, "Ada", "Into MariaDB");
    expect((await fetchPage(app1, site)).body).toContain("Into MariaDB");
  });

  test("has nothing to change in a second run", async () => {
    const again = await deploy(vars, url);
    expect(again.outputs, again.log).toMatchObject({ status: "succeeded", "changed-tasks": "0" });
  });
});
