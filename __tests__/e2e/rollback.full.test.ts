import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type ActionResult, onHost, until } from "../../scripts/lab/index.mjs";
import { cutSsh, killRunner } from "./support/fault-breakage.js";
import { commitVersion, type Fleet, site, startFleet, stateOf } from "./support/fault-fleet.js";
import { addPoints, clearPoints, failAt, holdAt, installPoints, reached } from "./support/fault-points.js";
import { fetchPage } from "./support/page.js";

// Two hosts that go over to the older release in the step that looks at them, and what breaks in the middle of that.
let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet("rollback", { django_app_health_timeout: 15 });
  addPoints(fleet.project);
  await Promise.all(fleet.hosts.map(installPoints));
  for (const version of ["1", "2", "3"]) await deployed(version);
});

afterAll(() => fleet?.trial.end());

beforeEach(async () => {
  await Promise.all(fleet.hosts.map(clearPoints));
});

async function deployed(version: string): Promise<void> {
  await commitVersion(fleet.project, version);
  const result = await fleet.deploy();
  expect(result.outputs.status, result.log).toBe("succeeded");
}

const version = async (host: Fleet["app1"]): Promise<string> =>
  /Version ([^<]+)</.exec((await fetchPage(host, site)).body)?.[1] ?? "none";

/** The version that each host answers with, once no host has a lock or a way back that waits. */
function versions(): Promise<string[]> {
  return until("Hosts without a lock", 90, async () => {
    const states = await Promise.all(fleet.hosts.map(stateOf));
    if (states.some(({ lock, undo }) => lock !== "" || undo)) return undefined;
    return Promise.all(fleet.hosts.map(version));
  });
}

function rollback(folder = mkdtempSync(join(fleet.trial.folder, "rollback-"))): Promise<ActionResult> {
  return fleet.deploy({ folder, inputs: { operation: "rollback" } });
}

/** Starts a rollback that stands still while the older release starts on app2, when app1 has switched to it. */
async function halfway(folder: string, older: string): Promise<{ running: Promise<ActionResult> }> {
  await holdAt(fleet.app2, "activate");
  const running = rollback(folder);
  await reached(fleet.app2, "activate");
  await until("The switch of app1", 60, async () => ((await version(fleet.app1)) === older ? true : undefined));
  return { running };
}

test("all hosts go over in the step that looks at them, and the next run finds nothing left", async () => {
  const result = await rollback();
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": "2" });
  expect(result.log).not.toContain("Activate the release");
  expect(JSON.parse(result.outputs.timings ?? "{}").switched).toBeGreaterThan(0);
  expect(await versions()).toEqual(["2", "2"]);
  await deployed("3a");
});

test("a host whose older release does not start keeps the newer one, and so does the one that had switched", async () => {
  await failAt(fleet.app2, "activate");
  const result = await rollback();
  await clearPoints(fleet.app2);
  expect(result.outputs, result.log).toMatchObject({ status: "rolled-back", "failed-host-names": '["app2"]' });
  expect(await versions()).toEqual(["3a", "3a"]);
  // What did not start on one host is marked bad there, so that it is not gone back to again.
  await deployed("4");
});

test("a runner that is killed when one of two hosts has switched leaves both on the newer release", async () => {
  await deployed("5");
  const folder = mkdtempSync(join(fleet.trial.folder, "killed-"));
  const { running } = await halfway(folder, "4");
  expect(killRunner(folder)).toBeGreaterThan(1);
  await running;
  await clearPoints(fleet.app2);
  expect(await versions()).toEqual(["5", "5"]);
});

test("a connection that breaks meanwhile is made again, and no host goes back further", async () => {
  const folder = mkdtempSync(join(fleet.trial.folder, "cut-"));
  const { running } = await halfway(folder, "4");
  await cutSsh(fleet.app2);
  await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 2000))]);
  await clearPoints(fleet.app2);
  const result = await running;
  expect(result.outputs.status, result.log).toBe("succeeded");
  expect(await versions()).toEqual(["4", "4"]);
});

test("hosts that would not go back to the same release are told which one, and switch then", async () => {
  await deployed("older");
  await deployed("6");
  const { release } = await stateOf(fleet.app2);
  await deployed("7");
  await onHost(fleet.app2, `rm -rf /opt/mysite/releases/${release}`);
  const result = await rollback();
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": "2" });
  expect(result.log).toContain("Activate the release");
  // The newest of the older ones that both have.
  expect(await versions()).toEqual(["older", "older"]);
});
