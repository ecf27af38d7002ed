import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, until } from "../../scripts/lab/index.mjs";
import { killRunner, killStep, powerCycle } from "./support/fault-breakage.js";
import { commitVersion, type Fleet, site, startFleet, stateOf } from "./support/fault-fleet.js";
import { healedFleet, LIMIT } from "./support/healing.js";
import { fetchPage } from "./support/page.js";

// A step is ended in the middle, after traffic has moved on its host, while it watches how the release does there.

let fleet: Fleet;
let number = 1;

beforeAll(async () => {
  fleet = await startFleet("watch-ended", {
    django_app_batch: 1,
    django_app_bake: 25,
    django_app_processes: { worker: { command: "worker.py" } },
  });
  fleet.project.write("worker.py", "import time\n\ntime.sleep(86_400)\n");
  await commitVersion(fleet.project, "v1");
  await deploysAgain();
});

afterAll(() => fleet?.trial.end());

async function deploysAgain(): Promise<void> {
  const result = await fleet.deploy({ inputs: { vars: "django_app_bake: 0" } });
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "ok-hosts": "2" });
}

/** The slots whose worker runs or is to run after a boot. */
const workers = (host: Host): Promise<string> =>
  onHost(
    host,
    `for slot in blue green; do
  unit=mysite-worker-$slot@1.service
  if systemctl is-active --quiet $unit || systemctl is-enabled --quiet $unit 2>/dev/null; then echo $slot; fi
done`,
  );

const versionOf = async (host: Host): Promise<string> =>
  /Version ([^<]+)</.exec((await fetchPage(host, site)).body)?.[1] ?? "none";

/** Has a deploy watch the new release on the second host. */
async function watching(): Promise<{ running: Promise<ActionResult>; folder: string; before: string }> {
  const before = await stateOf(fleet.app2);
  await commitVersion(fleet.project, `v${number + 1}`);
  const folder = mkdtempSync(join(fleet.trial.folder, "watching-"));
  const running = fleet.deploy({ folder });
  const slot = before.slot === "blue" ? "green" : "blue";
  await until("The worker of the new release, and no other", 240, async () =>
    (await stateOf(fleet.app2)).slot === slot && (await workers(fleet.app2)).trim() === slot ? true : undefined,
  );
  return { running, folder, before: before.release };
}

test.each<[string, (host: Host, folder: string) => Promise<unknown>]>([
  ["its process is killed", killStep],
  [
    "it and the runner are killed",
    async (host, folder) => {
      killRunner(folder);
      await killStep(host);
    },
  ],
  ["its host loses its power", powerCycle],
  [
    "its host loses its power, and the runner is killed",
    async (host, folder) => {
      killRunner(folder);
      await powerCycle(host);
    },
  ],
])("a step that watches ends as %s: every host is back on its release, with its processes", async (_, end) => {
  const { running, folder, before } = await watching();
  await end(fleet.app2, folder);
  const since = Date.now();
  const healing = healedFleet(since, () => Promise.all(fleet.hosts.map(stateOf)));
  const [{ release, seconds }, result] = await Promise.all([healing, running]);
  console.log(`Back on every host after ${Math.round(seconds)} s: ${result.outputs.status}`);
  expect(release).toBe(before);
  expect(seconds).toBeLessThan(LIMIT);
  for (const host of fleet.hosts) {
    const { slot, undo } = await stateOf(host);
    expect(undo).toBe(false);
    expect(
      await until("The old worker alone", 30, async () => ((await workers(host)).trim() === slot ? slot : undefined)),
    ).toBe(slot);
    expect(await versionOf(host)).toBe(`v${number}`);
  }
  number += 1;
  await deploysAgain();
});
