import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, servePostgres } from "../../scripts/lab/index.mjs";
import { directly, expectRefused } from "./support/direct.js";
import { signGuestbook } from "./support/guestbook.js";
import { inventory } from "./support/inventory.js";
import { failures, startLoad } from "./support/load.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// A database of somebody else's server, whose role may make no database: a restore makes a schema.
const site = "mysite.example";
const password = secret("database");

let trial: Trial;
let project: Project;
let app1: Host;
let db1: Host;
let act: (inputs?: Record<string, string>) => Promise<ActionResult>;
let dump = "";

beforeAll(async () => {
  trial = await startTrial("recovery-schema");
  [app1, db1] = await Promise.all([
    trial.host({ name: "app1", suite: "bookworm", kind: "ready" }),
    trial.host({ name: "db1", suite: "bookworm", kind: "ready" }),
  ]);
  await servePostgres(db1, { database: "mysite", user: "mysite", password });
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory([app1]));
  await project.commit("A guestbook");
  const run = directly(trial, project, [app1]);
  const vars = [
    `server_name: ${site}`,
    "django_settings_module: mysite.settings.production",
    `vault_secret_key: ${secret("django-key")}`,
    "db_host: db1",
    "db_name: mysite",
    "db_user: mysite",
    `vault_db_password: ${password}`,
  ].join("\n");
  act = (inputs = {}) => run({ inputs: { vars, ...inputs } });
  const first = await act();
  expect(first.outputs.status, first.log).toBe("succeeded");
  await signGuestbook(app1, site, "Ada", "Before the dump");
});

afterAll(() => trial?.end());

const sql = (text: string): Promise<string> =>
  onHost(db1, `su postgres -c 'psql -XAt -v ON_ERROR_STOP=1 mysite' <<'SQL'\n${text}\nSQL`);
const schemas = (): Promise<string> =>
  sql("SELECT string_agg(nspname, ' ' ORDER BY nspname) FROM pg_namespace WHERE nspname LIKE 'public%'");
const page = async (): Promise<string> => (await fetchPage(app1, site)).body;

test("a rehearsal tries the dump in a schema, and leaves nothing", async () => {
  expect(await sql("SELECT rolcreatedb FROM pg_roles WHERE rolname = 'mysite'")).toBe("f");
  const backup = await act({ operation: "backup" });
  expect(backup.outputs.status, backup.log).toBe("succeeded");
  dump = backup.outputs.dump ?? "";
  await signGuestbook(app1, site, "Eve", "After the dump");
  const result = await act({ operation: "rehearse" });
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-tasks": "0", dump });
  expect(await schemas()).toBe("public");
  expect(await page()).toContain("After the dump");
});

test("a restore puts it in the place of the old one while visitors come, and none is turned away", async () => {
  const load = startLoad([app1], site, { clients: 10 });
  const result = await act({ operation: "restore", revision: dump, confirm: "mysite" });
  const samples = await load.stop();
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", dump });
  expect(failures(samples)).toEqual([]);
  expect(await page()).toContain("Before the dump");
  expect(await page()).not.toContain("After the dump");
  expect(await schemas()).toMatch(/^public public_replaced_\d{14}$/);
  await signGuestbook(app1, site, "Joe", "Into what was restored");
  expect(await page()).toContain("Into what was restored");
});

test("what was replaced is in no later dump, and a deploy finds nothing to do", async () => {
  const backup = await act({ operation: "backup" });
  expect(backup.outputs.status, backup.log).toBe("succeeded");
  const record = JSON.parse(await onHost(app1, `cat /opt/mysite/backups/${backup.outputs.dump}.json`));
  expect(Object.keys(record.rows).filter((table) => !table.startsWith("public."))).toEqual([]);
  const deployed = await act();
  expect(deployed.outputs, deployed.log).toMatchObject({ status: "succeeded", "changed-tasks": "0" });
});

test("where neither may be made, the error has the line that an administrator runs", async () => {
  await sql("ALTER SCHEMA public OWNER TO postgres; GRANT ALL ON SCHEMA public TO mysite");
  const result = await act({ operation: "restore", revision: dump, confirm: "mysite" });
  expectRefused(result, /may not make a schema in the place of public either\. .*run: ALTER ROLE "mysite" CREATEDB;/);
  expect(await page()).toContain("Into what was restored");
});
