import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type ActionResult, type Host, onHost } from "../../scripts/lab/index.mjs";
import { type DeployRequest, directly, expectRefused } from "./support/direct.js";
import { killRunner } from "./support/fault-breakage.js";
import { signGuestbook } from "./support/guestbook.js";
import { inventory } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { startTrial, type Trial } from "./support/trial.js";

// What breaks in the steps of a restore: what was there before is whole and in its place, or what was restored is.
const site = "mysite.example";

let trial: Trial;
let project: Project;
let app1: Host;
let act: (inputs?: Record<string, string>, more?: DeployRequest) => Promise<ActionResult>;
let dump = "";

beforeAll(async () => {
  trial = await startTrial("recovery-faults");
  app1 = await trial.host({ name: "app1", suite: "bookworm", kind: "ready" });
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory([app1]));
  await project.commit("A guestbook");
  const run = directly(trial, project, [app1]);
  const vars = [
    `server_name: ${site}`,
    "django_settings_module: mysite.settings.production",
    "vault_secret_key: a-key-that-is-only-for-this-test",
    "vault_db_password: a-password-that-is-only-for-this-test",
    "django_app_database: local",
  ].join("\n");
  act = (inputs = {}, more = {}) => run({ ...more, inputs: { vars, ...inputs } });
  const first = await act();
  expect(first.outputs, first.log).toMatchObject({ status: "succeeded" });
  // Enough of them that each step lasts until it is seen.
  await sql(
    "INSERT INTO guestbook_entry (name, message, created) SELECT 'n', md5(n::text) || repeat('x', 300), now() FROM generate_series(1, 200000) AS n",
  );
  const backup = await act({ operation: "backup" });
  expect(backup.outputs, backup.log).toMatchObject({ status: "succeeded" });
  dump = backup.outputs.dump ?? "";
  await onHost(app1, `cp /opt/mysite/backups/${dump}.* /root/`);
}, 600_000);

afterAll(() => trial?.end());

/** How many rows there are that no dump has. */
let written = 0;

beforeEach(async () => {
  await onHost(app1, `cp /root/${dump}.* /opt/mysite/backups/`);
  written += 1;
  await signGuestbook(app1, site, "Eve", `After the dump ${written}`);
});

const sql = (text: string, database = "mysite"): Promise<string> =>
  onHost(app1, `su postgres -c 'psql -XAt -v ON_ERROR_STOP=1 ${database}' <<'SQL'\n${text}\nSQL`);
const restore = (more: DeployRequest = {}): Promise<ActionResult> =>
  act({ operation: "restore", revision: dump, confirm: "mysite" }, more);
const messages = (): Promise<string> =>
  sql("SELECT count(*), count(*) FILTER (WHERE message LIKE 'After the dump%') FROM guestbook_entry");
const databases = (): Promise<string> =>
  sql(
    "SELECT string_agg(datname, ' ') FROM pg_database WHERE datname LIKE 'mysite%' AND datname NOT LIKE '%_replaced_%'",
    "postgres",
  );

const home = "/var/lib/postgresql";
const seen = (point: string, what = "1"): string =>
  `SELECT ${what} FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND ${point}`;
/** Steps of a session of PostgreSQL's administrator beside a restore; each looks every few milliseconds, and gives up after two minutes. */
const loop = (step: string, condition: string): string =>
  `FOR i IN 1..24000 LOOP PERFORM pg_stat_clear_snapshot(); ${step} EXIT WHEN ${condition}; PERFORM pg_sleep(0.005); END LOOP;`;
const until = (point: string): string => loop("", `EXISTS (${seen(point)})`);
const ended = (point: string): string =>
  loop(`PERFORM pg_terminate_backend(pid) FROM (${seen(point, "pid")}) AS it;`, "FOUND");
/** From then on, and as long as the session lasts, the names of databases cannot change. */
const HOLD = "LOCK TABLE pg_catalog.pg_database IN SHARE MODE;";
const LOADS = "datname = 'mysite_restore' AND query LIKE 'COPY %guestbook_entry%'";
const LOOKS = "datname = 'mysite_restore' AND application_name = '' AND backend_type = 'client backend'";
const SWITCHES = "query LIKE 'BEGIN; COMMENT ON DATABASE%' AND wait_event_type = 'Lock'";

/** Lasts until the test says so. */
const STAYS = loop("", `pg_stat_file('${home}/killed', true) IS NOT NULL`);

const watch = (...steps: string[]): Promise<string> => watchIn("postgres", ...steps);
const watchIn = (database: string, ...steps: string[]): Promise<string> =>
  onHost(
    app1,
    `systemctl stop watch.service 2>/dev/null || true; rm -f ${home}/seen ${home}/killed
cat > ${home}/watch.sql <<'SQL'
DO $do$ BEGIN
${steps.join("\n")}
END $do$;
SQL
systemd-run --quiet --collect --unit=watch --uid=postgres psql -XAtq -d ${database} -f ${home}/watch.sql`,
  );

/** The database of before is there with all that was written, nothing else is, and visitors can write. */
async function expectWhole(): Promise<void> {
  expect(await messages()).toBe(`${200_000 + written}|${written}`);
  expect(await databases()).toBe("mysite");
  written += 1;
  await signGuestbook(app1, site, "Joe", `After the dump ${written}`);
  expect((await fetchPage(app1, site)).body).toContain(`After the dump ${written}`);
}

/** One of the two is there as a whole; the next restore, which anybody may start at once, brings the dump back. */
async function expectOneOfTheTwo(): Promise<void> {
  // The host may go on with what it has begun, under the deploy lock.
  const deadline = Date.now() + 240_000;
  let last = await restore();
  while (last.outputs.status !== "succeeded" && Date.now() < deadline) last = await restore();
  expect(last.outputs, last.log).toMatchObject({ status: "succeeded", dump });
  expect(await messages()).toBe("200000|0");
  expect(await databases()).toBe("mysite");
  written = 1;
  await signGuestbook(app1, site, "Joe", "After the dump 1");
  expect((await fetchPage(app1, site)).body).toContain("After the dump 1");
}

/** Kills the runner once those steps were done; they last until it is. */
async function restoreKilledAfter(...steps: string[]): Promise<void> {
  const folder = mkdtempSync(join(trial.folder, "killed-"));
  await watch(...steps, `COPY (SELECT 1) TO '${home}/seen';`, STAYS);
  let killed = 0;
  const ended = await restore({
    folder,
    onStart: (step) => {
      const looking = setInterval(async () => {
        if (killed > 0 || (await onHost(app1, `ls ${home}/seen 2>/dev/null || true`)) === "") return;
        clearInterval(looking);
        killed = killRunner(folder);
        step.kill("SIGKILL");
      }, 200);
      step.on("exit", () => clearInterval(looking));
    },
  }).catch(() => undefined);
  await onHost(app1, `touch ${home}/killed`);
  expect(killed, `the runner had ended before it was killed: ${ended?.log}`).toBeGreaterThan(0);
}

test("the programs of the database run in the sandbox", async () => {
  await watchIn(
    "mysite",
    "LOCK TABLE public.guestbook_entry IN ACCESS EXCLUSIVE MODE;",
    until("query LIKE 'LOCK TABLE%' AND wait_event_type = 'Lock'"),
    STAYS,
  );
  const backup = act({ operation: "backup" });
  const rules = "for pid in $(pgrep -x pg_dump); do grep -h '^NoNewPrivs\\|^Seccomp:' /proc/$pid/status; done";
  await expect.poll(() => onHost(app1, rules), { timeout: 120_000 }).toMatch(/NoNewPrivs:\s*1\nSeccomp:\s*2/);
  await onHost(app1, `touch ${home}/killed`);
  const result = await backup;
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded" });
  await expectWhole();
});

test("the connection to the server is lost while the dump is loaded", async () => {
  await watch(ended(LOADS));
  expectRefused(await restore(), /was not restored, and the database is as it was: pg_restore failed/);
  await expectWhole();
});

test("it is lost while Django looks at what was restored", async () => {
  await watch(until(LOADS), ended(LOOKS));
  expectRefused(await restore(), /was not restored, and the database is as it was/);
  await expectWhole();
});

test("it is lost while the names change", async () => {
  await watch(until(LOADS), HOLD, ended(SWITCHES));
  expectRefused(await restore(), /could not take the place of mysite, which is as it was/);
  await expectWhole();
});

test("the server's disk is full", async () => {
  // What is written ahead is elsewhere: a server without room for that stops, and has nothing to do with a restore.
  await onHost(
    app1,
    `systemctl stop postgresql 'postgresql@*'
main=$(echo /var/lib/postgresql/*/main)
mv $main/pg_wal /var/lib/postgresql/wal && ln -s /var/lib/postgresql/wal $main/pg_wal
size=$(( $(du -sm $main/base | cut -f1) + 60 ))
mkdir -p /mnt/base && mount -t tmpfs -o size=\${size}m,mode=0700 tmpfs /mnt/base && chown postgres: /mnt/base
cp -a $main/base/. /mnt/base/ && mount --bind /mnt/base $main/base
systemctl start postgresql`,
  );
  const result = await restore();
  await onHost(
    app1,
    `systemctl stop postgresql 'postgresql@*'
main=$(echo /var/lib/postgresql/*/main)
umount $main/base && cp -a /mnt/base/. $main/base/ && umount /mnt/base
systemctl start postgresql`,
  );
  expectRefused(result, /was not restored, and the database is as it was: .*No space left on device/);
  await expectWhole();
});

/** Changes bytes of the dump, and has its record say that they are right. */
const forge = (bytes: string): Promise<string> =>
  onHost(
    app1,
    `cd /opt/mysite/backups && python3 - <<'PY'
import hashlib, json
with open("${dump}.dump", "r+b") as file:
    ${bytes}
with open("${dump}.dump", "rb") as file:
    text = file.read()
record = json.load(open("${dump}.json"))
record.update(sha256=hashlib.sha256(text).hexdigest(), size=len(text))
json.dump(record, open("${dump}.json", "w"))
PY`,
  );

test("the dump is damaged in a way that only the load finds", async () => {
  await forge('file.seek(-200000, 2); file.write(b"\\0" * 5000)');
  expectRefused(await restore(), /was not restored, and the database is as it was: /);
  await expectWhole();
});

test("a newer pg_dump made it than the host has", async () => {
  await forge("file.seek(6); file.write(bytes([99]))");
  expectRefused(
    await restore(),
    /pg_restore is older than the pg_dump that made it; install a newer postgresql-client/,
  );
  await expectWhole();
});

test("the runner is killed while the dump is loaded", async () => {
  await restoreKilledAfter(until(LOADS));
  await expectOneOfTheTwo();
}, 480_000);
