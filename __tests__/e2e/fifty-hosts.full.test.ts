import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, type Host, must, onHost, reboot, until } from "../../scripts/lab/index.mjs";
import { killRunner } from "./support/fault-breakage.js";
import { commitVersion, type Fleet, site, startFleet, stateOf } from "./support/fault-fleet.js";
import { healedFleet, LIMIT } from "./support/healing.js";
import { measuredTable } from "./support/measured-table.js";
import { fetchPage } from "./support/page.js";

// A large fleet in batches by percentage, of which a tenth may fail. DAD_HOSTS says how many hosts, each of which takes about 150 MB.
const size = Number(process.env.DAD_HOSTS ?? 50);
const tenth = Math.floor(size / 10);
const row = measuredTable("fifty", ["what", "hosts with the new release", "with the one before", "seconds"], {
  whole: size === 50,
});
let fleet: Fleet;

/** Each systemd takes a few of them, and all hosts together have what one user of this machine may have. */
const watches = "/proc/sys/fs/inotify/max_user_instances";
const watchesBefore = readFileSync(watches, "utf8");

beforeAll(async () => {
  if (Number(watchesBefore) < 20 * size) writeFileSync(watches, String(20 * size));
  const names = Array.from({ length: size - 2 }, (_, index) => `app${index + 3}`);
  fleet = await startFleet(
    "fifty",
    {
      gunicorn_workers: 1,
      django_app_batch: [1, "20%"],
      django_app_max_failures: "10%",
      django_app_health_timeout: 180,
    },
    names,
  );
  // Of two releases on each host, while it is switched. PostgreSQL's own 100 were not enough for 30 hosts.
  await onHost(
    fleet.app1,
    `su postgres -c 'psql -qXc "ALTER SYSTEM SET max_connections = ${10 * size}"' && systemctl restart postgresql`,
  );
  await commitVersion(fleet.project, "1");
}, 1_200_000);

afterAll(async () => {
  await fleet?.trial.end();
  if (Number(watchesBefore) < 20 * size) writeFileSync(watches, watchesBefore);
});

const deploy = (request: { folder?: string; vars?: string } = {}): Promise<ActionResult> =>
  fleet.deploy({
    ...(request.folder === undefined ? {} : { folder: request.folder }),
    inputs: { "extra-args": "--forks 10", ...(request.vars === undefined ? {} : { vars: request.vars }) },
  });

/** How many hosts answer with each version. That none of them is left with a lock or a way back is looked at, too. */
async function versions(hosts: Host[] = fleet.hosts): Promise<Record<string, number>> {
  const seen = async (host: Host): Promise<string> => {
    const { lock, undo } = await stateOf(host);
    expect({ host: host.name, lock, undo }).toEqual({ host: host.name, lock: "", undo: false });
    return /Version ([^<]+)</.exec((await fetchPage(host, site)).body)?.[1] ?? "none";
  };
  const counted: Record<string, number> = {};
  for (let from = 0; from < hosts.length; from += 10)
    for (const version of await Promise.all(hosts.slice(from, from + 10).map(seen)))
      counted[version] = (counted[version] ?? 0) + 1;
  return counted;
}

async function timed(
  what: string,
  version: string,
  before: string,
  work: () => Promise<unknown>,
): Promise<Record<string, number>> {
  const start = Date.now();
  await work();
  const seconds = (Date.now() - start) / 1000;
  const counted = await versions(fleet.hosts.filter((host) => !down.has(host.name)));
  row(what, String(counted[version] ?? 0), String(counted[before] ?? 0), seconds.toFixed(0));
  return counted;
}

interface Problems {
  problems: string[];
}

const down = new Set<string>();
/** The last ones. */
const some = (count: number): Host[] => fleet.hosts.slice(size - count);
const names = (hosts: Host[]): string => JSON.stringify(hosts.map(({ name }) => name));
const broken = "/etc/nginx/conf.d/broken.conf";

test("a first deploy reaches them all", async () => {
  await timed("first deploy", "1", "none", async () => {
    const result = await deploy();
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": String(size) });
    // Each host has heard the heartbeat in its time.
    expect(result.log).not.toContain("its deploy lock lasts 15 minutes");
  });
  expect(await versions()).toEqual({ 1: size });
}, 3_000_000);

test("a tenth of them is down from the start: the others get the release", async () => {
  const dead = some(tenth);
  for (const { name, container } of dead) {
    down.add(name);
    await must(["docker", "kill", container]);
  }
  await commitVersion(fleet.project, "2");
  const reached = await timed(`a new release, hosts that are down: ${tenth}`, "2", "1", async () => {
    const result = await deploy();
    expect(result.outputs, result.log).toMatchObject({ status: "failed", "failed-hosts": "0" });
    expect(result.outputs["unreachable-host-names"]).toBe(names(dead));
  });
  expect(reached).toEqual({ 2: size - tenth });
});

test("the next deploy brings those along, and touches no other", async () => {
  const late = some(tenth);
  for (const host of late) await reboot(host);
  down.clear();
  expect(await versions()).toEqual({ 2: size - tenth, 1: tenth });
  const status = await fleet.deploy({ inputs: { operation: "status" } });
  const problems = Object.entries(JSON.parse(status.outputs["host-status"] ?? "{}") as Record<string, Problems>);
  expect(problems).toHaveLength(size);
  const mixed = problems.filter(([, host]) => host.problems.some((problem) => problem.includes("is live here, and")));
  expect(mixed.map(([name]) => name).sort()).toEqual(late.map(({ name }) => name).sort());
  await timed(`the same release, they are back`, "2", "1", async () => {
    const result = await deploy();
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded" });
    expect(result.outputs["changed-host-names"]).toBe(names(late));
  });
  expect(await versions()).toEqual({ 2: size });
});

test("more than a tenth fail: every host is back on its release", async () => {
  const failing = some(tenth + 1);
  for (const host of failing) await onHost(host, `echo 'include /etc/nginx/not-there-yet.conf;' > ${broken}`);
  await commitVersion(fleet.project, "3");
  await timed(`a new release, hosts that fail: ${tenth + 1}`, "3", "2", async () => {
    const result = await deploy({ vars: "django_app_max_upload: 11m" });
    expect(result.outputs.status, result.log).toMatch(/^(failed|rolled-back)$/);
    expect(result.outputs["failed-host-names"]).toBe(names(failing));
  });
  for (const host of failing) await onHost(host, `rm ${broken}`);
  expect(await versions()).toEqual({ 2: size });
});

test("the runner is killed while the second batch is switched: one release everywhere, no lock", async () => {
  await commitVersion(fleet.project, "4");
  const folder = mkdtempSync(join(fleet.trial.folder, "killed-"));
  const running = deploy({ folder });
  const before = (await stateOf(fleet.app1)).release;
  const second = fleet.hosts[1] as Host;
  await until("The switch of the second batch", 300, async () =>
    (await stateOf(second)).release === before ? undefined : true,
  );
  killRunner(folder);
  const since = Date.now();
  await running;
  const { release, seconds } = await healedFleet(since, async () => {
    // Looking at all of them takes the machine's time from their rollback.
    const one = await stateOf(second);
    return one.lock === "" ? Promise.all(fleet.hosts.map(stateOf)) : [one];
  });
  expect(release).toBe(before);
  row("the runner is killed after the first switches", "0", String(size), seconds.toFixed(0));
  expect(seconds).toBeLessThan(LIMIT);
});
