import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, reboot, until } from "../../scripts/lab/index.mjs";
import { chat, heard, openChat } from "./support/chat.js";
import { expectRefused } from "./support/direct.js";
import { cutCable, killLook, killRunner, mendCable, powerCycle } from "./support/fault-breakage.js";
import { commitVersion, type Fleet, site, startFleet, stateOf } from "./support/fault-fleet.js";
import {
  addMigration,
  addPoints,
  clearPoints,
  holdAt,
  installPoints,
  type Point,
  reached,
} from "./support/fault-points.js";
import { full, testInFull } from "./support/full.js";
import { type Healed, healedFleet, LIMIT } from "./support/healing.js";
import { measuredTable } from "./support/measured-table.js";
import { fetchPage } from "./support/page.js";

/** Where a deploy is stopped: held at a point of a host, or so many milliseconds after it began on the hosts. */
type Instant = readonly [Point, 0 | 1 | 2] | readonly [number];
const held: Instant[] = [
  ["prepare", 1],
  ["activate", 1],
];
const kills: Instant[] = full
  ? [
      ...held,
      ["activate", 2],
      ["dump", 0],
      ["migrate", 0],
      ["finish", 0],
      ...Array.from({ length: 15 }, (_, index): Instant => [400 * index]),
    ]
  : held;
const cuts: Instant[] = full
  ? [
      ["prepare", 1],
      ["activate", 1],
      ["activate", 2],
      ...Array.from({ length: 7 }, (_, index): Instant => [800 * index]),
    ]
  : [["activate", 2]];

let fleet: Fleet;
let number = 1;
let lastMigration = "0001_initial";
const row = measuredTable("nobody", ["what", "when", "live on every host", "seconds"]);

beforeAll(async () => {
  fleet = await startFleet("nobody", { django_app_health_timeout: 30, django_app_batch: 1, django_app_notify: chat }, [
    "app3",
  ]);
  addPoints(fleet.project);
  await Promise.all(fleet.hosts.map(installPoints));
  await Promise.all(fleet.hosts.map(openChat));
  await commitVersion(fleet.project, "v1");
  const first = await fleet.deploy();
  expect(first.outputs.status, first.log).toBe("succeeded");
});

afterAll(async () => {
  await fleet?.trial.end();
});

const nameOf = (instant: Instant): string =>
  instant.length === 1 ? `${instant[0] / 1000} s after the lock was taken` : `${instant[0]} on app${instant[1] + 1}`;

/** What changes nothing that serves ends with its run, however long it would have waited. */
const givesUp = (instant: Instant): boolean => instant[0] === "prepare" || instant[0] === "dump";

/** Runs a deploy up to that instant. */
async function stopped(instant: Instant): Promise<{ running: Promise<ActionResult>; folder: string; host: Host }> {
  const host = fleet.hosts[instant.length === 1 ? 1 : instant[1]] as Host;
  if (instant.length === 2) await holdAt(host, instant[0]);
  const earlier = instant[0] === "activate" ? fleet.hosts.slice(0, instant[1]) : [];
  const live = await Promise.all(earlier.map(stateOf));
  const folder = mkdtempSync(join(fleet.trial.folder, "stopped-"));
  const running = fleet.deploy({ folder });
  if (instant.length === 2) {
    await reached(host, instant[0]);
    // A release comes up before it is its host's turn.
    for (const [index, before] of earlier.entries())
      await until(`The switch of ${before.name}`, 90, async () =>
        (await stateOf(before)).release === live[index]?.release ? undefined : true,
      );
  } else {
    await until("the lock of app2", 60, async () => ((await stateOf(host)).lock === "" ? undefined : true));
    await new Promise((resolve) => setTimeout(resolve, instant[0]));
  }
  return { running, folder, host };
}

const versionOf = async (host: Host): Promise<string> =>
  /Version ([^<]+)</.exec((await fetchPage(host, site)).body)?.[1] ?? "none";

/** Looks at links alone: without a network a host has no database to make pages of. */
const healed = (since: number): Promise<Healed> => healedFleet(since, () => Promise.all(fleet.hosts.map(stateOf)));

async function deploysAgain(version: string): Promise<ActionResult> {
  const next = await fleet.deploy();
  expect(next.outputs, next.log).toMatchObject({ status: "succeeded", "ok-hosts": "3" });
  for (const host of fleet.hosts) {
    expect(await versionOf(host)).toBe(version);
    expect(await stateOf(host)).toMatchObject({ release: next.outputs.release, lock: "", undo: false });
  }
  return next;
}

describe.each(kills.map((instant) => ({ instant, when: nameOf(instant) })))(
  "the runner is killed: $when",
  ({ instant }) => {
    test("every host ends on one release and the lock is free, with nobody helping", async () => {
      const after = `v${++number}`;
      if (instant[0] === "migrate" || instant[0] === "dump")
        lastMigration = addMigration(fleet.project, number, lastMigration);
      const commit = await commitVersion(fleet.project, after);
      const { running, folder, host } = await stopped(instant);
      killRunner(folder);
      const since = Date.now();
      if (!givesUp(instant)) await clearPoints(host);
      await running;
      const { release, seconds } = await healed(since);
      await clearPoints(host);
      row("runner killed", nameOf(instant), release.endsWith(commit.slice(0, 7)) ? "new" : "old", seconds.toFixed(0));
      expect(seconds).toBeLessThan(LIMIT);
      const next = await deploysAgain(after);
      // A host before that one had been switched.
      if (instant[0] !== "activate") return;
      expect(next.log).toMatch(/Warning: \S+ rolled back to \S+ by itself at /);
      await heard(fleet.app1, /mysite rolled back to \S+ by itself, since it did not hear of run /);
    });
  },
);

test("the runner is killed and a host that was switched loses its power: every host ends on one release and the lock is free", async () => {
  const after = `v${++number}`;
  await commitVersion(fleet.project, after);
  const before = await stateOf(fleet.app1);
  const { running, folder, host } = await stopped(["activate", 2]);
  expect((await stateOf(fleet.app1)).release).not.toBe(before.release);
  killRunner(folder);
  const since = Date.now();
  await powerCycle(fleet.app1);
  await clearPoints(host);
  await running;
  const { release, seconds } = await healed(since);
  expect(release).toBe(before.release);
  row("runner killed and app1 without power", nameOf(["activate", 2]), "old", seconds.toFixed(0));
  expect(seconds).toBeLessThan(LIMIT);
  expect(await onHost(fleet.app1, "find /etc/systemd/system -name 'django-ansible-deploy-*'")).toBe("");
  await heard(fleet.app1, /mysite rolled back to \S+ by itself, since run \S+ of \S+ was interrupted/);
  await deploysAgain(after);
});

describe.each(cuts.map((instant) => ({ instant, when: nameOf(instant) })))(
  "a host is cut off: $when",
  ({ instant }) => {
    test("every host ends on one release and the lock is free, with nobody helping", async () => {
      const after = `v${++number}`;
      const commit = await commitVersion(fleet.project, after);
      const { running, host } = await stopped(instant);
      const cut = fleet.hosts[1] as Host;
      await cutCable(cut);
      const since = Date.now();
      if (!givesUp(instant)) await clearPoints(host);
      const { release, seconds } = await healed(since).finally(async () => {
        await running;
        await mendCable(cut);
        await clearPoints(host);
      });
      row("app2 cut off", nameOf(instant), release.endsWith(commit.slice(0, 7)) ? "new" : "old", seconds.toFixed(0));
      expect(seconds).toBeLessThan(LIMIT);
      await deploysAgain(after);
    });
  },
);

test.each([
  ["is killed as well: the lock is free at once", killLook],
  ["waits for something: the lock is free within a minute", undefined],
] as const)("the runner is killed, and the step that looks at a host with nothing to do %s", async (_, end) => {
  await deploysAgain(`v${number}`);
  const [app1] = fleet.hosts as [Host];
  await holdAt(app1, "reach");
  const folder = mkdtempSync(join(fleet.trial.folder, "looking-"));
  const running = fleet.deploy({ folder });
  await reached(app1, "reach");
  expect((await stateOf(app1)).lock).not.toBe("");
  killRunner(folder);
  const since = Date.now();
  await end?.(app1);
  if (end === undefined) expect((await healed(since)).seconds).toBeLessThan(LIMIT);
  await clearPoints(app1);
  await running;
  const status = await fleet.deploy({ inputs: { operation: "status" } });
  expect(JSON.parse(status.outputs["host-status"] ?? "{}").app1.lock).toBeNull();
  const next = await deploysAgain(`v${number}`);
  if (end !== undefined) expect(next.log).toContain("took the deploy lock over from run ");
  expect(next.outputs["changed-tasks"]).toBe("0");
});

testInFull(
  "the runner is killed while its migration waits for somebody who migrates the same database: none is applied, and the lock is free",
  async () => {
    const after = `v${++number}`;
    lastMigration = addMigration(fleet.project, number, lastMigration);
    await commitVersion(fleet.project, after);
    const before = (await stateOf(fleet.app1)).release;
    const sql = (text: string): Promise<string> =>
      onHost(fleet.app1, `su postgres -c 'psql -XAt mysite' <<'SQL'\n${text}\nSQL`);
    const theirs = sql("SELECT pg_advisory_lock(110408063936367), pg_sleep(600);").catch(() => "ended");
    const folder = mkdtempSync(join(fleet.trial.folder, "waiting-"));
    const running = fleet.deploy({ folder });
    const waiting =
      "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_try_advisory_lock%' AND pid <> pg_backend_pid();";
    await until("A migration that waits", 120, async () => ((await sql(waiting)).trim() === "1" ? true : undefined));
    killRunner(folder);
    const since = Date.now();
    await running;
    const { release, seconds } = await healed(since);
    expect(release).toBe(before);
    row("runner killed", "its migration waits for another one on app1", "old", seconds.toFixed(0));
    expect(seconds).toBeLessThan(LIMIT);
    expect((await sql(waiting)).trim()).toBe("0");
    expect((await sql(`SELECT count(*) FROM django_migrations WHERE name = '${lastMigration}';`)).trim()).toBe("0");
    await sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid();",
    );
    await theirs;
    await deploysAgain(after);
  },
);

testInFull(
  "a deploy that may wait for another one is told whose lock it is, and goes on when that is free",
  async () => {
    lastMigration = addMigration(fleet.project, ++number, lastMigration);
    await commitVersion(fleet.project, `v${number}`);
    await holdAt(fleet.app1, "migrate");
    const first = fleet.deploy({ run: "4711" });
    await reached(fleet.app1, "migrate");
    let printed = "";
    const second = fleet.deploy({
      run: "4712",
      inputs: { vars: "django_app_lock_wait: 600" },
      say: (line) => {
        printed += `${line}\n`;
      },
    });
    const whose = /mysite is being deployed here by run 4711-\S+ of octocat, since \S+ \S+ UTC: waiting up to 600 s/;
    await until("Whose lock it is", 120, async () => (whose.test(printed) ? true : undefined));
    await clearPoints(fleet.app1);
    for (const result of [await first, await second])
      expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "ok-hosts": "3" });
    await deploysAgain(`v${number}`);
  },
);

test("an application that somebody has locked is not deployed until it is unlocked, also after a restart of a host", async () => {
  const locked = await fleet.deploy({
    inputs: { operation: "lock", vars: "django_app_lock_message: no deploys until January" },
  });
  expect(locked.outputs.status, locked.log).toBe("succeeded");
  await reboot(fleet.hosts[2] as Host);
  for (const operation of ["deploy", "rollback"]) {
    const refused = await fleet.deploy({ inputs: { operation } });
    expectRefused(refused, /mysite is locked by octocat since .*: no deploys until January\. Run the operation unlock/);
    expect(refused.outputs["changed-tasks"]).toBe("0");
  }
  const status = await fleet.deploy({ inputs: { operation: "status" } });
  expect(status.outputs["host-status"]).toContain("no deploys until January");
  const unlocked = await fleet.deploy({ inputs: { operation: "unlock" } });
  expect(unlocked.outputs["changed-hosts"], unlocked.log).toBe("3");
  await deploysAgain(`v${number}`);
});
