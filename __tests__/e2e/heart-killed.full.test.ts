import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, until } from "../../scripts/lab/index.mjs";
import {
  freezeRunner,
  killHeart,
  killKeeper,
  killRunner,
  stopKeeper,
  stopStep,
  thawRunner,
} from "./support/fault-breakage.js";
import { commitVersion, type Fleet, startFleet, stateOf } from "./support/fault-fleet.js";
import { addPoints, clearPoints, holdAt, installPoints, reached } from "./support/fault-points.js";
import { healedFleet, LIMIT } from "./support/healing.js";
import { measuredTable } from "./support/measured-table.js";

// What keeps hosts together is attacked itself: the process that sends the heartbeat, those that hear it, and a runner that only slept.

let fleet: Fleet;
let number = 1;
const row = measuredTable("heart", ["what", "live on every host", "seconds"]);
/** While it is there, a run stands before it confirms that the whole fleet is through; it says so in a file beside it. */
let gate = "";

beforeAll(async () => {
  fleet = await startFleet("heart", { django_app_health_timeout: 120, django_app_batch: 1 }, ["app3"]);
  gate = join(fleet.trial.folder, "gate");
  addPoints(fleet.project);
  fleet.project.write(
    "hooks/wait.yml",
    JSON.stringify([
      {
        name: "Wait until the test has seen this",
        "ansible.builtin.command": {
          argv: [
            "sh",
            "-c",
            `if [ -e ${gate} ]; then touch ${gate}.reached; fi; while [ -e ${gate} ]; do sleep 0.1; done`,
          ],
        },
        delegate_to: "localhost",
        connection: "local",
        become: false,
        changed_when: false,
        run_once: true,
      },
    ]),
  );
  await Promise.all(fleet.hosts.map(installPoints));
  await commitVersion(fleet.project, "v1");
  const first = await deploy();
  expect(first.outputs.status, first.log).toBe("succeeded");
});

afterAll(() => fleet?.trial.end());

/** With a hook, hosts are activated in steps of their own; without, in the one that prepares the release. */
const HOOKED = { vars: "{django_app_hooks: {before_finish: hooks/wait.yml}}" };

const deploy = (folder?: string, inputs: Record<string, string> = {}): Promise<ActionResult> =>
  fleet.deploy({ ...(folder === undefined ? {} : { folder }), inputs });

interface Running {
  running: Promise<ActionResult>;
  folder: string;
  before: string;
  commit: string;
}

async function begin(inputs: Record<string, string>): Promise<Running> {
  const before = (await stateOf(fleet.app1)).release;
  const commit = await commitVersion(fleet.project, `v${++number}`);
  const folder = mkdtempSync(join(fleet.trial.folder, "heart-"));
  return { running: deploy(folder, inputs), folder, before, commit };
}

/** Runs a deploy until the first host is switched and the third waits for its release to start. */
async function switching(inputs: Record<string, string> = {}): Promise<Running & { third: Host }> {
  const third = fleet.hosts[2] as Host;
  await holdAt(third, "activate");
  const begun = await begin(inputs);
  await reached(third, "activate");
  await until("The switch of app1", 120, async () =>
    (await stateOf(fleet.app1)).release === begun.before ? undefined : true,
  );
  return { ...begun, third };
}

/** Runs a deploy until the new release is live on all hosts, and none knows yet that it stays. */
async function through(): Promise<Running> {
  rmSync(`${gate}.reached`, { force: true });
  writeFileSync(gate, "");
  const begun = await begin(HOOKED);
  await until("The end of the last batch", 180, async () => (existsSync(`${gate}.reached`) ? true : undefined));
  return begun;
}

/** Waits until every host is back on the release before, and the run has ended; then one more has to succeed. */
async function goesBack(what: string, begun: Running): Promise<ActionResult> {
  const since = Date.now();
  const healing = healedFleet(since, () => Promise.all(fleet.hosts.map(stateOf)));
  const [{ release, seconds }, result] = await Promise.all([healing, begun.running]);
  row(what, release === begun.before ? "old" : "new", seconds.toFixed(0));
  expect(release).toBe(begun.before);
  expect(seconds).toBeLessThan(LIMIT);
  const next = await deploy();
  expect(next.outputs, next.log).toMatchObject({ status: "succeeded", "ok-hosts": "3" });
  return result;
}

/** The process that hears the heartbeat, or would if it were not stopped. */
const keeperOf = (host: Host): Promise<string> =>
  onHost(host, "systemctl show --property MainPID --value 'django-ansible-deploy-mysite-*.service'");

test.each([
  ["killed", killKeeper],
  ["stopped", stopKeeper],
] as const)("what hears the heartbeat is %s on every host: the deploy goes on", async (_, attack) => {
  const begun = await switching();
  const before = await Promise.all(fleet.hosts.map(keeperOf));
  await Promise.all(fleet.hosts.map(attack));
  for (const [index, host] of fleet.hosts.entries())
    await until(`Another one on ${host.name}`, 30, async () =>
      ["", "0", before[index]?.trim()].includes((await keeperOf(host)).trim()) ? undefined : true,
    );
  for (const host of fleet.hosts) expect((await stateOf(host)).lock).not.toBe("");
  await clearPoints(begun.third);
  const result = await begun.running;
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": "3" });
  for (const host of fleet.hosts) {
    expect(await stateOf(host)).toMatchObject({ release: result.outputs.release, lock: "", undo: false });
    expect(
      await onHost(
        host,
        "ls -A /run/django-ansible-deploy-heard; find /run/django-ansible-deploy -name '*.keeper' -o -name '*.heard'",
      ),
    ).toBe("");
  }
});

test.each([
  ["killed", killKeeper],
  ["stopped", stopKeeper],
] as const)(
  "what hears it is %s on a host that was switched, and the runner dies: that host rolls back as well",
  async (what, attack) => {
    const begun = await switching();
    await attack(fleet.app1);
    killRunner(begun.folder);
    await clearPoints(begun.third);
    await goesBack(`the runner is killed, and what hears the heartbeat on app1 is ${what}`, begun);
  },
);

test("the step that works on a host is stopped, and the runner dies: every host rolls back", async () => {
  // With a hook no release comes up before it is a host's turn, so that the step is there to be stopped.
  const begun = await switching(HOOKED);
  await stopStep(begun.third);
  killRunner(begun.folder);
  await clearPoints(begun.third);
  await goesBack("the runner is killed, and the step that works on app3 is stopped", begun);
});

test.each([
  ["", {}],
  [", each in a step of its own", HOOKED],
])("what sends it is killed while hosts are switched%s: every host rolls back", async (how, inputs) => {
  const begun = await switching(inputs);
  expect(killHeart(begun.folder)).toBe(1);
  await clearPoints(begun.third);
  const result = await goesBack(`what sends the heartbeat is killed while hosts are switched${how}`, begun);
  expect(result.outputs.status, result.log).toMatch(/^(failed|rolled-back)$/);
});

test("what sends it is killed before the deploy is confirmed: every host rolls back", async () => {
  const begun = await through();
  expect(killHeart(begun.folder)).toBe(1);
  rmSync(gate);
  const result = await goesBack("what sends the heartbeat is killed before the end", begun);
  expect(result.outputs.status, result.log).toMatch(/^(failed|rolled-back)$/);
  expect(result.log).toMatch(
    /the process that sends the heartbeat was killed|the deploy lock of mysite is not this run's any more/,
  );
});

/** More than a host waits for a runner. */
const asleep = 32;

test.each([
  ["while hosts are switched", () => switching()],
  ["before the deploy is confirmed", through],
] as const)("the runner sleeps %s: every host rolls back, and the runner finds it out", async (when, start) => {
  const begun = await start();
  freezeRunner(begun.folder);
  if (when === "while hosts are switched") await clearPoints(fleet.hosts[2] as Host);
  else rmSync(gate);
  setTimeout(() => thawRunner(begun.folder), asleep * 1000);
  const result = await goesBack(`the runner sleeps for ${asleep} s ${when}`, begun);
  expect(result.outputs.status, result.log).toMatch(/^(failed|rolled-back)$/);
});
