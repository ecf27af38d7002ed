import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, until } from "../../scripts/lab/index.mjs";
import type { DeployRequest } from "./support/direct.js";
import {
  cutSsh,
  fillDisk,
  freeDisk,
  killRunner,
  limitDisk,
  powerCycle,
  startDatabase,
  stopDatabase,
  unlimitDisk,
} from "./support/fault-breakage.js";
import { commitVersion, type Fleet, site, startFleet, stateOf } from "./support/fault-fleet.js";
import {
  addMigration,
  addPoints,
  clearPoints,
  failAt,
  holdAt,
  installPoints,
  type Point,
  reached,
} from "./support/fault-points.js";
import { full } from "./support/full.js";
import { measuredTable } from "./support/measured-table.js";
import { fetchPage } from "./support/page.js";
import { otherSystem } from "./support/system.js";

const phases = ["reach", "prepare", "migrate", "activate", "finish"] as const;
const faults = [
  "failing command",
  "killed SSH connection",
  "killed runner",
  "host reboot",
  "full disk",
  "database gone",
  "concurrent deploy",
] as const;
type Phase = (typeof phases)[number];
type Fault = (typeof faults)[number];

/** What `npm test` runs: of each phase the fault that asks most of it. `npm run test:full` runs them all. */
const typical: [Phase, Fault][] = [
  ["reach", "concurrent deploy"],
  ["prepare", "killed runner"],
  ["migrate", "failing command"],
  ["activate", "host reboot"],
  ["finish", "killed SSH connection"],
];
/** A pattern of "phase fault", to look at some of them. */
const only = process.env.DAD_FAULTS;
const every = phases.flatMap((phase) => faults.map((fault): [Phase, Fault] => [phase, fault]));
const cells =
  only === undefined ? (full ? every : typical) : every.filter((cell) => new RegExp(only).test(cell.join(" ")));

let fleet: Fleet;
let lastMigration = "0001_initial";
let number = 1;
const record = measuredTable(
  "faults",
  ["phase", "fault", "the run", "app1", "app2", "lock", "the next run", "one more"],
  { whole: full && otherSystem === undefined && only === undefined },
);

beforeAll(async () => {
  fleet = await startFleet(`faults${otherSystem ?? ""}`, { django_app_health_timeout: 15 });
  addPoints(fleet.project);
  await Promise.all(fleet.hosts.map(installPoints));
  await commitVersion(fleet.project, "v1");
  const first = await fleet.deploy();
  expect(first.outputs.status, first.log).toBe("succeeded");
});

afterAll(async () => {
  await fleet?.trial.end();
});

/** Every phase is stopped on the second host, but for the migration, which is the first host's. */
const placeOf = (phase: Phase): Host => (phase === "migrate" ? fleet.app1 : fleet.app2);

/** Runs a deploy with that fault in that phase. Returns its result, and how to run it again. */
async function broken(phase: Phase, fault: Fault): Promise<{ result: ActionResult; again: DeployRequest }> {
  const host = placeOf(phase);
  const point: Point = phase === "migrate" && fault === "full disk" ? "dump" : phase;
  const run = String(Date.now());
  const request = { run, attempt: 1, folder: mkdtempSync(join(fleet.trial.folder, "broken-")) };
  // What GitHub calls "Re-run failed jobs" is the same run again; everything else is a new one.
  const again = fault === "killed runner" ? { run, attempt: 2 } : {};

  if (fault === "failing command") {
    if (phase === "reach") await onHost(host, "mv /etc/sudoers.d/deploy /root/sudoers");
    else await failAt(host, point);
    const result = await fleet.deploy(request);
    if (phase === "reach") await onHost(host, "mv /root/sudoers /etc/sudoers.d/deploy");
    await clearPoints(host);
    return { result, again };
  }
  if (fault === "full disk") {
    await limitDisk(host, 260);
    // Its workers have started again, so that none of them comes to a point.
    await served(host);
  }
  if (fault === "full disk" && phase === "reach") {
    await fillDisk(host);
    const result = await fleet.deploy(request);
    await unlimited(host);
    return { result, again };
  }
  await holdAt(host, point);
  const running = fleet.deploy(request);
  await Promise.race([
    reached(host, point),
    running.then((early) => Promise.reject(new Error(`The deploy ended before it came to ${point}:\n${early.log}`))),
  ]);
  await strike(fault, host, request.folder);
  if (fault === "killed SSH connection" || fault === "killed runner") {
    // What still works on the host is on its own now, and may go on when the runner has noticed.
    await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 3000))]);
  }
  await clearPoints(host);
  const result = await running;
  if (fault === "full disk") await unlimited(host);
  if (fault === "database gone") await startDatabase(fleet.app1);
  return { result, again };
}

async function strike(fault: Fault, host: Host, folder: string): Promise<void> {
  switch (fault) {
    case "killed SSH connection":
      return cutSsh(host);
    case "killed runner":
      expect(killRunner(folder)).toBeGreaterThan(1);
      return;
    case "host reboot":
      return powerCycle(host);
    case "full disk":
      return fillDisk(host);
    case "database gone":
      await stopDatabase(fleet.app1);
      return;
    case "concurrent deploy": {
      const second = await fleet.deploy();
      expect(second.outputs.status, second.log).toBe("failed");
      expect(second.log).toMatch(/is being deployed here by run \d+-1-\w+ of octocat, since /);
      return;
    }
    case "failing command":
      throw new Error("A failing command has no moment.");
  }
}

async function unlimited(host: Host): Promise<void> {
  await freeDisk(host);
  await unlimitDisk(host);
}

/** What a host serves: one version, page after page, each with its style sheet, from the slot that its links name. */
async function served(host: Host): Promise<string> {
  return until(`An answer of ${host.name}`, 60, async () => {
    const first = await fetchPage(host, site).catch(() => undefined);
    if (first?.status !== 200) return undefined;
    const versions = new Set<string>();
    for (let turn = 0; turn < 6; turn++) {
      const page = await fetchPage(host, site);
      expect(page.status, page.body).toBe(200);
      versions.add(/Version ([^<]+)</.exec(page.body)?.[1] ?? "none");
      const style = /\/static\/guestbook\/style\.[0-9a-f]{12}\.css/.exec(page.body)?.[0] ?? "no style sheet";
      expect((await fetchPage(host, site, style)).status).toBe(200);
    }
    expect([...versions], `${host.name} serves one version`).toHaveLength(1);
    const found = await onHost(host, "cat /opt/mysite/current/mysite/__init__.py /opt/mysite/src/mysite/__init__.py");
    expect(new Set(found.split("\n"))).toEqual(new Set([`__version__ = "${[...versions][0]}"`]));
    return [...versions][0];
  });
}

const errorOf = (log: string): string =>
  (log.split("\n").find((line) => line.startsWith("Error: ")) ?? "").replace("Error: ", "").slice(0, 160);

describe.each(cells)("%s: %s", (phase, fault) => {
  test("the fleet serves whole releases, and the next deploy needs no hand work", async () => {
    const before = `v${number}`;
    const after = `v${++number}`;
    if (phase === "migrate") lastMigration = addMigration(fleet.project, number, lastMigration);
    const commit = await commitVersion(fleet.project, after);

    const { result, again } = await broken(phase, fault);
    if (process.env.DAD_SHOW_LOG === undefined && process.env.DAD_SHOW_FAULTS !== undefined) console.log(result.log);
    if (phase === "migrate" && result.outputs.status === "succeeded") {
      expect(JSON.parse(result.outputs.migrations ?? "[]")).toEqual([`guestbook.${lastMigration}`]);
    }
    const versions = [await served(fleet.app1), await served(fleet.app2)];
    for (const version of versions) expect([before, after]).toContain(version);
    const locks = await Promise.all(fleet.hosts.map(async (host) => (await stateOf(host)).lock !== ""));
    const held = fleet.hosts.filter((_, index) => locks[index]).map(({ name }) => name);
    // A run that comes to its own end leaves none.
    if (["failing command", "database gone", "concurrent deploy"].includes(fault)) expect(held, result.log).toEqual([]);

    const row = [
      phase,
      fault,
      result.outputs.status ?? "killed",
      ...versions.map((version) => (version === before ? "old" : "new")),
      held.length === 0 ? "free" : `held on ${held.join(", ")}`,
    ];
    console.log(`${row.join(" | ")} | ${errorOf(result.log)}`);

    const next = await fleet.deploy(again);
    row.push(`${next.outputs.status}`);
    expect(next.outputs, next.log).toMatchObject({
      status: "succeeded",
      "total-hosts": "2",
      "ok-hosts": "2",
      revision: commit,
    });
    expect(next.outputs.release).toMatch(new RegExp(`^\\d{8}T\\d{6}Z-${commit.slice(0, 7)}$`));
    for (const host of fleet.hosts) {
      expect(await served(host)).toBe(after);
      expect(await stateOf(host)).toMatchObject({ release: next.outputs.release, lock: "", undo: false });
    }
    const further = await fleet.deploy();
    record(
      ...row,
      further.outputs["changed-tasks"] === "0" ? "nothing changed" : `${further.outputs["changed-tasks"]} changes`,
    );
    expect(further.outputs, further.log).toMatchObject({
      status: "succeeded",
      "changed-tasks": "0",
      release: next.outputs.release,
    });
    for (const host of fleet.hosts) expect(await stateOf(host)).toMatchObject({ lock: "", undo: false });
  });
});
