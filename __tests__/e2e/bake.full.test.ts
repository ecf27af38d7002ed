import { loadavg } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, onHost, until } from "../../scripts/lab/index.mjs";
import { commitVersion, type Fleet, site, startFleet, stateOf } from "./support/fault-fleet.js";
import { failures, type Sample, startLoad } from "./support/load.js";
import { measuredTable } from "./support/measured-table.js";

// Releases whose health check is green while their visitors fail, on three hosts of which one is switched first. And good ones, which have to stay.

/** How many good deploys follow each other. */
const goodOnes = Number(process.env.DAD_DEPLOYS ?? 50);
/** Seconds for which each of them is watched. */
const watched = 6;
/** Seconds in which a bad release has to be back, and the share of all requests of the fleet that may fail by then. */
const BACK = 30;
const FAILED = 0.005;
/** Seconds that visitors ask before a deploy and after it. */
const around = 20;

let fleet: Fleet;
let number = 1;
const page = (project: Fleet["project"]): string => project.read("mysite/wsgi.py");
let original = "";

beforeAll(async () => {
  fleet = await startFleet(
    "bake",
    {
      django_app_bake: 30,
      django_app_batch: [1, "100%"],
      django_app_processes: { worker: { command: "worker.py" } },
    },
    ["app3"],
  );
  original = page(fleet.project);
  const first = await deploy({});
  expect(first.outputs.status, first.log).toBe("succeeded");
}, 900_000);

afterAll(() => fleet?.trial.end());

interface Fault {
  /** What is done with a visitor's request before it is answered, in Python. */
  request?: string;
  /** Seconds after which its process ends. */
  processEnds?: number;
  /** Whether each job of its process fails, a second after the one before; the process goes on. */
  jobsFail?: boolean;
}

/** Commits a version with that fault, which the deploy's own health checks do not see, and deploys it. Any version takes 40 ms for a page. */
async function deploy(
  { request = "pass", processEnds = 86_400, jobsFail = false }: Fault,
  vars = "",
): Promise<ActionResult> {
  fleet.project.write(
    "mysite/wsgi.py",
    `${original}
import itertools
import os
import random
import signal
import time

inner, asked = application, itertools.count(1)


def application(environ, start_response):
    if environ.get("HTTP_USER_AGENT") != "django-ansible-deploy":
        time.sleep(0.04)
        ${request}
    return inner(environ, start_response)
`,
  );
  const failingJobs = `import logging
import time

while True:
    try:
        raise ValueError("no such job")
    except ValueError:
        logging.exception("a job failed")
    time.sleep(1)
`;
  fleet.project.write("worker.py", jobsFail ? failingJobs : `import time\n\ntime.sleep(${processEnds})\n`);
  await commitVersion(fleet.project, `v${number++}`);
  return fleet.deploy(vars === "" ? {} : { inputs: { vars } });
}

const pause = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** Seconds from the first answer of a version to its last one. */
function lasted(samples: Sample[], version: string): number {
  const times = samples.filter((sample) => sample.version === version).map(({ end }) => end);
  return (Math.max(...times) - Math.min(...times)) / 1000;
}

describe("bad releases", () => {
  const row = measuredTable("bake", ["the new release", "back after, s", "requests of the fleet", "failed"]);

  test.each([
    [
      "fails 5 % of requests",
      { request: 'if random.random() < 0.05: raise RuntimeError("boom")' },
      /requests to the new release failed, before .*, at the same time \d+ of \d+ to the one before on other hosts(.|\n)*RuntimeError: boom/,
    ],
    ["is 3 x as slow", { request: "time.sleep(0.12)" }, /the new release takes \d+ ms for a request in the middle/],
    [
      // While a worker is started again, the others have more to do.
      "has workers that are killed",
      { request: "if next(asked) % 60 == 0: os.kill(os.getpid(), signal.SIGKILL)" },
      /of its workers ended: .*SIGKILL|the new release takes \d+ ms/,
    ],
    ["has a process that dies", { processEnds: 9 }, /mysite-worker-(blue|green)@1\.service does not stay up/],
    [
      "has a process whose jobs fail",
      { jobsFail: true },
      /its processes printed errors in \d+ of \d+ seconds, before it was 0 of 600(.|\n)*ValueError: no such job/,
    ],
  ] satisfies [string, Fault, RegExp][])(
    "a release that %s is back on every host before most visitors notice",
    async (what, fault, why) => {
      const before = await Promise.all(fleet.hosts.map(stateOf));
      const load = startLoad(fleet.hosts, site);
      await pause(around);
      const version = `v${number}`;
      const result = await deploy(fault);
      await pause(around);
      const samples = await load.stop();
      expect(result.outputs, result.log).toMatchObject({ status: "rolled-back", "failed-host-names": '["app1"]' });
      expect(result.log).toMatch(/it answered its health check and not its visitors/);
      expect(result.log).toMatch(why);
      expect((await Promise.all(fleet.hosts.map(stateOf))).map(({ release }) => release)).toEqual(
        before.map(({ release }) => release),
      );
      const failed = failures(samples).length;
      const seconds = lasted(samples, version);
      row(
        what,
        seconds.toFixed(0),
        samples.length.toLocaleString("en"),
        `${failed} (${((100 * failed) / samples.length).toFixed(2)} %)`,
      );
      expect(new Set(samples.filter((sample) => sample.version === version).map(({ host }) => host))).toEqual(
        new Set(["app1"]),
      );
      expect(seconds).toBeLessThan(BACK);
      expect(failed / samples.length).toBeLessThanOrEqual(FAILED);
    },
  );
});

test("a release stays that is slow since the database is slow for all hosts", async () => {
  const load = startLoad(fleet.hosts, site);
  await pause(around);
  const [before] = await Promise.all(fleet.hosts.map(stateOf));
  const switched = (host: (typeof fleet.hosts)[0]): Promise<true> =>
    until(`The switch of ${host.name}`, 180, async () =>
      (await stateOf(host)).release === before?.release ? undefined : true,
    );
  const running = deploy({});
  await switched(fleet.app1);
  // It stands still for nine tenths of the time.
  await onHost(
    fleet.app1,
    `systemd-run --quiet --unit=slow-database bash -c 'trap "pkill -CONT -u postgres; exit" TERM
while true; do pkill -STOP -u postgres; sleep 0.3; pkill -CONT -u postgres; sleep 0.03; done'`,
  );
  try {
    // Hosts of the last batch have nobody to compare with.
    await Promise.race([switched(fleet.app2), running]);
  } finally {
    await onHost(fleet.app1, "systemctl stop slow-database; pkill -CONT -u postgres || true");
  }
  const result = await running;
  await load.stop();
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": "3" });
  expect(result.log).toMatch(
    /app1: watched for \d+ s, undecided: a request in the middle takes \d+ ms where it took \d+ ms, .* on other hosts: it is not this release alone/,
  );
});

test("the same release with another variable is compared with itself, also right after a rotation of the log", async () => {
  const live = async (): Promise<string[]> => (await Promise.all(fleet.hosts.map(stateOf))).map(({ slot }) => slot);
  // One request in ten fails before and after.
  const first = await deploy(
    { request: 'if next(asked) % 10 == 0: raise RuntimeError("as ever")' },
    "django_app_bake: 0",
  );
  expect(first.outputs.status, first.log).toBe("succeeded");
  const load = startLoad(fleet.hosts, site);
  await pause(around);
  for (const host of fleet.hosts)
    await onHost(host, "cd /var/log/nginx && mv mysite.access.log mysite.access.log.1 && nginx -s reopen");
  const before = await live();
  const inputs = { env: "ANOTHER_VARIABLE=1", vars: "{django_app_bake: 9, django_app_batch: 100%}" };
  const result = await fleet.deploy({ inputs });
  await load.stop();
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": "3" });
  expect(result.outputs.release).toBe(first.outputs.release);
  expect(await live()).not.toEqual(before);
  for (const { name } of fleet.hosts)
    expect(result.log).toMatch(new RegExp(`${name}: watched for \\d+ s, good: \\d+ of \\d+ requests failed`));
});

describe("good releases", () => {
  const row = measuredTable(
    "good releases",
    [
      "good releases in a row",
      "rolled back",
      "undecided, since others had the processor",
      "undecided, since the one before was as slow right before",
      "requests of the steady visitors",
      "failed",
    ],
    { whole: goodOnes >= 50 },
  );

  test(`${goodOnes} good releases in a row stay, under load that comes and goes`, async () => {
    // The live one may be a bad one of another test.
    const first = await deploy({}, "django_app_bake: 0");
    expect(first.outputs.status, first.log).toBe("succeeded");
    const steady = startLoad(fleet.hosts, site, { clients: 4 });
    let over = false;
    const bursts = (async () => {
      while (!over) {
        const burst = startLoad(fleet.hosts.slice(0, 1 + Math.floor(Math.random() * 3)), site, {
          clients: 1 + Math.floor(Math.random() * 20),
          rest: 100 + Math.floor(Math.random() * 400),
        });
        await pause(1 + Math.random() * 8);
        await burst.stop();
        await pause(Math.random() * 5);
      }
    })();
    let back = 0;
    let waited = 0;
    let crowded = 0;
    try {
      for (let turn = 1; turn <= goodOnes; turn++) {
        const result = await deploy({}, `{django_app_bake: ${watched}, django_app_batch: 100%}`);
        const isBack = result.outputs.status !== "succeeded";
        const waits = result.log.match(/watched for .* for a processor that others .*/g) ?? [];
        const crowds = result.log.match(/watched for .* before traffic moved.*/g) ?? [];
        if (isBack) back += 1;
        else {
          if (waits.length > 0) waited += 1;
          if (crowds.length > 0) crowded += 1;
        }
        const told = isBack ? [result.log] : new Set([...waits, ...crowds]);
        console.log(
          [`good release ${turn}: ${result.outputs.status}, load ${loadavg().join(" ")}`, ...told].join("\n"),
        );
      }
    } finally {
      over = true;
      await bursts;
      await steady.stop();
    }
    const [asked, failed] = [steady.samples.length, failures(steady.samples)];
    row(...[goodOnes, back, waited, crowded, asked.toLocaleString("en"), failed.length].map(String));
    expect(back).toBe(0);
    expect(failed).toEqual([]);
  }, 3_600_000);
});
