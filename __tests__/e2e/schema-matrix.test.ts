import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { copyToHost, type Host, onHost, projectFolder, servePostgres } from "../../scripts/lab/index.mjs";
import { full, testInFull } from "./support/full.js";
import { startTrial, type Trial } from "./support/trial.js";

// Migrations on a real server: what is proved of each, and whether the code of before really works on what it leaves.
interface Judged {
  case: string;
  safe: boolean;
  rules_say: boolean;
  /** What the proof says, what rules alone say, and whether the code of before really worked. */
  proved: boolean;
  ruled: boolean;
  works: boolean;
  breaks: string[];
  seconds: number;
  /** With BACK: whether it works once the migration is taken back, and on the dump from before it. */
  taken_back?: string;
  restored?: string;
}

/** A telling one of each kind; all of them in the full test. */
const SAMPLE = [
  "a column that may be null",
  "a column that must not be null",
  "a column dropped",
  "a column dropped that the code has forgotten",
  "a column renamed in SQL",
  "rows changed by a function that needs some",
];
/** One of each kind that is taken back, and then brought back from the dump of before. */
const BACK = [
  "a column that may be null",
  "a column that must not be null",
  "a column dropped",
  "a column renamed",
  "a new table with a foreign key",
  "a many-to-many field",
  "a generated column",
  "the user: a column dropped",
  "another database: a column that must not be null",
  "another database: a column dropped",
];
/** Those that need PostGIS. */
const PLACES = [
  "a place that may be null",
  "a place that must not be null",
  "a place dropped",
  "a place of another kind",
];
const fixtures = join(projectFolder, "__tests__/e2e/fixtures/proof");
const lab = "/opt/lab";

let trial: Trial;
let host: Host;

beforeAll(async () => {
  trial = await startTrial("schema-matrix");
  host = await trial.host({ name: "db1", suite: "bookworm", kind: "ready" });
  await servePostgres(host, { database: "base", user: "lab", password: "lab" });
  await onHost(
    host,
    `su postgres -c 'psql -qXc "ALTER ROLE lab CREATEDB"'; mkdir -p ${lab}/ansible_collections/django_ansible`,
  );
  await copyToHost(
    host,
    join(projectFolder, "ansible_collections/django_ansible/deploy"),
    `${lab}/ansible_collections/django_ansible/deploy`,
  );
  await copyToHost(host, fixtures, `${lab}/proof`);
  await onHost(
    host,
    `python3 -m venv ${lab}/venv && ${lab}/venv/bin/pip -q install 'django==5.2.*' 'psycopg[binary]==3.2.*' >&2`,
  );
});

afterAll(() => trial?.end());

const settings = [
  "DB_HOST=127.0.0.1 DB_PORT=5432 DB_USER=lab DB_PASSWORD=lab PROOF_USER=root",
  `COLLECTIONS=${lab} PYTHONDONTWRITEBYTECODE=1`,
].join(" ");

async function judge(cases: string[], more = "DB_NAME=base"): Promise<Judged[]> {
  const names = cases.map((name) => `'${name}'`).join(" ");
  const lines = await onHost(
    host,
    `rm -rf ${lab}/projects; mkdir ${lab}/projects; cd ${lab}/proof; ${settings} ${more} python3 matrix.py ${lab}/projects ${lab}/venv/bin/python ${names}`,
  );
  return lines
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

function expectRight(judged: Judged[]): void {
  for (const one of judged) {
    const { safe, rules_say } = one;
    expect(one, one.case).toMatchObject({ works: safe, proved: safe, ruled: rules_say });
  }
}

/** The documentation has each row as the matrix measured it. */
function expectDocumented(judged: Judged[]): void {
  const documented = readFileSync(join(projectFolder, "docs/migrations-and-rollback.md"), "utf8");
  const word = (safe: boolean): string => (safe ? "goes on" : "breaks");
  for (const { case: name, works, proved, ruled } of judged)
    expect(documented).toContain(`\n| ${name} | ${word(works)} | ${word(proved)} | ${word(ruled)} |\n`);
}

function expectBroughtBack(judged: Judged[], reverse: (name: string) => boolean): void {
  for (const { case: name, taken_back, restored } of judged) {
    if (reverse(name)) expect(taken_back, `${name}, taken back`).toBe("works");
    expect(restored, `${name}, restored`).toBe("works");
  }
}

describe("what is said of a migration is what happens", () => {
  test(full ? "on PostgreSQL, and the documentation has it" : "on PostgreSQL, a sample", async () => {
    const judged = await judge(full ? [] : SAMPLE);
    expectRight(judged);
    expectDocumented(judged);
  }, 900_000);

  testInFull(
    "on PostgreSQL, taken back and restored",
    async () => expectBroughtBack(await judge(BACK, "DB_NAME=base BACK=1"), () => true),
    900_000,
  );

  testInFull(
    "with PostGIS, whose extension an administrator makes",
    async () => {
      await onHost(
        host,
        `apt-get -qq update >&2; DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends postgresql-15-postgis-3 >&2
su postgres -c 'psql -qX -v ON_ERROR_STOP=1' <<'SQL'
CREATE ROLE gis LOGIN PASSWORD 'gis';
CREATE DATABASE places OWNER gis;
\\c places
CREATE EXTENSION postgis;
SQL`,
      );
      const account = "DB_NAME=places DB_USER=gis DB_PASSWORD=gis ADMINISTRATOR=1 BACK=1";
      const judged = await judge(PLACES, `DB_ENGINE=django.contrib.gis.db.backends.postgis ${account}`);
      expectRight(judged);
      expectDocumented(judged);
      // What is written in SQL has no way back.
      expectBroughtBack(judged, (name) => name !== "a place of another kind");
    },
    900_000,
  );

  test("a lock is waited for in short turns, and what stays of a migration half done is named", async () => {
    await onHost(host, `rm -rf ${lab}/projects; mkdir ${lab}/projects; su postgres -c 'createdb -O lab locks'`);
    const found = JSON.parse(
      await onHost(
        host,
        `cd ${lab}/proof; ${settings} DB_NAME=locks python3 locks.py ${lab}/projects ${lab}/venv/bin/python`,
      ),
    );
    expect(found).toMatchObject({
      "a lock that comes free": { done: [expect.stringMatching(/shop\.0002_change applied in [\d.]+ s \(try \d+\)/)] },
      "a lock that does not": { error: expect.stringContaining("did not get its lock within 1 s, 2 times") },
      "half way without a transaction": {
        error: expect.stringContaining("failed in operation 2 of 2 (Add field a to order)"),
      },
      "an index that nobody waits behind": { done: [expect.not.stringContaining("try")] },
      "a migration without end": { error: "shop.0002_change was not applied: the time for migrations was over" },
    });
    // The reader holds the table for longer.
    expect(found["a lock that does not"].visitor).toBeLessThan(4);
  }, 300_000);

  testInFull(
    "on SQLite",
    async () => {
      // A column takes longer texts than it says there, so a shorter one breaks nothing. Nor does a default that goes: Django writes its value there itself.
      const judged = await judge([], `DB_ENGINE=django.db.backends.sqlite3 DB_NAME=${lab}/base.sqlite3`);
      expect(judged.filter(({ works, proved }) => works !== proved)).toEqual([]);
      expect(judged.filter(({ works, safe }) => works !== safe).map(({ case: name }) => name)).toEqual([
        "a shorter text",
        "a default that the database forgets",
      ]);
    },
    900_000,
  );

  testInFull(
    "of upgrades of well-known packages, no safe one is refused",
    async () => {
      for (const release of ["old", "new"]) {
        await onHost(
          host,
          `python3 -m venv ${lab}/${release} && ${lab}/${release}/bin/pip -q install --no-deps -r ${lab}/proof/real/${release}.txt >&2`,
        );
      }
      await onHost(host, "su postgres -c 'createdb -O lab real'");
      const found = JSON.parse(
        await onHost(
          host,
          `${settings} DB_NAME=real python3 ${lab}/proof/real/prove.py ${lab}/old/bin/python ${lab}/new/bin/python`,
        ),
      );
      // Each of these adds a column that rows must have and the release before does not know.
      expect(found.refused).toEqual(["oauth2_provider", "social_django", "wagtailsearch", "wagtailusers"]);
      const safe = found.apps.filter((app: string) => !found.refused.includes(app));
      expect(safe.length, safe.join(" ")).toBeGreaterThanOrEqual(10);
    },
    900_000,
  );
});
