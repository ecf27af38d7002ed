import type { ChildProcess } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type ActionResult, type Host, onHost } from "../../scripts/lab/index.mjs";
import { type DeployRequest, directly, expectRefused } from "./support/direct.js";
import { killRunner } from "./support/fault-breakage.js";
import { signGuestbook } from "./support/guestbook.js";
import { inventory } from "./support/inventory.js";
import { onceSo } from "./support/looking.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { endsIn, isReached, release, STAYS, type Step, staysIn, until, watch } from "./support/restore-points.js";
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

/** The database of before is there with all that was written, nothing else is, and visitors can write. */
async function expectWhole(): Promise<void> {
  expect(await messages()).toBe(`${200_000 + written}|${written}`);
  expect(await databases()).toBe("mysite");
  written += 1;
  await signGuestbook(app1, site, "Joe", `After the dump ${written}`);
  expect((await fetchPage(app1, site)).body).toContain(`After the dump ${written}`);
}

/** How many rows a database of the server has, and how many of them no dump has. */
async function replacedWith(): Promise<string[]> {
  const names = await sql("SELECT datname FROM pg_database WHERE datname LIKE 'mysite_replaced_%'", "postgres");
  const rows = "SELECT count(*), count(*) FILTER (WHERE message LIKE 'After the dump%') FROM guestbook_entry";
  return Promise.all(names.split("\n").map((name) => sql(rows, name)));
}

/** The old database or the new one is there as a whole; the next restore, which anybody may start at once, works, and nothing is lost. */
async function expectOneOfTheTwo(): Promise<void> {
  // The host may go on with what it has begun, under the deploy lock.
  const deadline = Date.now() + 240_000;
  let last = await restore();
  while (last.outputs.status !== "succeeded" && Date.now() < deadline) last = await restore();
  expect(last.outputs, last.log).toMatchObject({ status: "succeeded", dump });
  expect(await messages()).toBe("200000|0");
  expect(await databases()).toBe("mysite");
  expect(await replacedWith()).toContain(`${200_000 + written}|${written}`);
  expect(await onHost(app1, `cmp /root/${dump}.dump /opt/mysite/backups/${dump}.dump && echo same`)).toBe("same");
  written = 1;
  await signGuestbook(app1, site, "Joe", "After the dump 1");
  expect((await fetchPage(app1, site)).body).toContain("After the dump 1");
}

/** Restores, and does something once the restore stands still in a step. */
async function restoreWith(
  step: Step,
  fault: (folder: string, runner: ChildProcess) => unknown,
): Promise<ActionResult> {
  const folder = mkdtempSync(join(trial.folder, "fault-"));
  await watch(app1, staysIn(step));
  let done: Promise<boolean> | undefined;
  const result = await restore({
    folder,
    onStart: (runner) => {
      const broken = async (): Promise<unknown> => {
        await fault(folder, runner);
        return release(app1);
      };
      done = onceSo(runner, () => isReached(app1), broken);
    },
  }).catch(() => ({ outputs: {}, log: "" }) as ActionResult);
  expect(await done, `the restore was never in that step: ${result.log}`).toBe(true);
  return result;
}

test("the programs of the database run in the sandbox", async () => {
  const locks = "LOCK TABLE public.guestbook_entry IN ACCESS EXCLUSIVE MODE;";
  await watch(app1, [locks, until("query LIKE 'LOCK TABLE%' AND wait_event_type = 'Lock'"), STAYS], "mysite");
  const backup = act({ operation: "backup" });
  const rules = "for pid in $(pgrep -x pg_dump); do grep -h '^NoNewPrivs\\|^Seccomp:' /proc/$pid/status; done";
  await expect.poll(() => onHost(app1, rules), { timeout: 120_000 }).toMatch(/NoNewPrivs:\s*1\nSeccomp:\s*2/);
  await release(app1);
  const result = await backup;
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded" });
  await expectWhole();
});

test.each<[string, Step, RegExp]>([
  ["the fresh database is made", "make", /was not restored, and the database is as it was: /],
  ["the dump is loaded", "load", /was not restored, and the database is as it was: pg_restore failed/],
  ["Django looks at what was restored", "look", /was not restored, and the database is as it was/],
  ["the names change", "names", /could not take the place of mysite, which is as it was/],
])("the connection to the server is lost while %s", async (_, step, words) => {
  await watch(app1, endsIn(step));
  expectRefused(await restore(), words);
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

test.each<[string, Step]>([
  ["the fresh database is made", "make"],
  ["the dump is loaded", "load"],
  ["Django looks at what was restored", "look"],
  ["the names change", "names"],
])(
  "the runner is killed while %s",
  async (_, step) => {
    await restoreWith(step, (folder, runner) => {
      expect(killRunner(folder)).toBeGreaterThan(0);
      runner.kill("SIGKILL");
    });
    await expectOneOfTheTwo();
  },
  480_000,
);

test.each<[string, Step]>([
  ["the dump is loaded", "load"],
  ["the names change", "names"],
])(
  "what restores on the host is killed while %s, as for lack of memory",
  async (_, step) => {
    const result = await restoreWith(step, () =>
      onHost(app1, "lslocks --noheadings --output PID,PATH | awk '$2 ~ /mysite.lock$/ {print $1}' | xargs kill -KILL"),
    );
    expect(result.outputs, result.log).toMatchObject({ status: "failed" });
    // The application was paused while the names changed.
    await expect.poll(() => fetchPage(app1, site), { timeout: 60_000 }).toMatchObject({ status: 200 });
    await expectOneOfTheTwo();
  },
  480_000,
);

test("the connection is lost while an older database goes that was replaced: the restore has succeeded", async () => {
  for (const year of [2020, 2021, 2022]) {
    const name = `mysite_replaced_${year}0101000000`;
    await sql(`CREATE DATABASE ${name} OWNER mysite`, "postgres");
    await sql(`COMMENT ON DATABASE ${name} IS 'made by django-ansible-deploy: replaced by the dump x'`, "postgres");
  }
  await watch(app1, endsIn("forget"));
  const result = await restore();
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", dump });
  expect(result.log).toContain("older ones could not be removed");
  await expectOneOfTheTwo();
});
