import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, copyToHost, must, onHost } from "../../scripts/lab/index.mjs";
import { commitVersion, type Fleet, site, startFleet, stateOf } from "./support/fault-fleet.js";
import { fetchPage } from "./support/page.js";

// A host gives the deploy lock back at the first look when it is as it should be. Here it is, by itself, and the fleet wants something of it all the same.
let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet("apart");
  await commitVersion(fleet.project, "1");
});

afterAll(() => fleet?.trial.end());

async function deployed(inputs: Record<string, string>): Promise<ActionResult> {
  const result = await fleet.deploy({ inputs });
  expect(result.outputs.status, result.log).toBe("succeeded");
  return result;
}

/** Name of the release that is live on each host, none of which may have a lock. */
async function live(): Promise<string[]> {
  const states = await Promise.all(fleet.hosts.map(stateOf));
  expect(states.map(({ lock }) => lock)).toEqual(["", ""]);
  return states.map(({ release }) => release);
}

/** Puts the project's commits where the hosts clone them from. */
async function push(): Promise<void> {
  const bare = join(fleet.trial.folder, "mysite.git");
  await must(["rm", "-rf", bare]);
  await must(["git", "clone", "--quiet", "--bare", fleet.project.folder, bare]);
  for (const host of fleet.hosts) {
    await onHost(host, "rm -rf /srv/mysite.git");
    await copyToHost(host, bare, "/srv/mysite.git");
  }
}

test("hosts that got the same commit one after the other are made one fleet by a deploy to both", async () => {
  await deployed({ limit: "app1" });
  await deployed({ limit: "app2" });
  expect(new Set(await live()).size).toBe(2);
  await deployed({});
  expect(new Set(await live()).size).toBe(1);
  expect((await deployed({})).outputs["changed-hosts"]).toBe("0");
});

test("a new commit in a repository reaches hosts whose live release is as it should be otherwise", async () => {
  const inputs = { source: "git", vars: "app_repo: /srv/mysite.git" };
  await push();
  await deployed(inputs);
  await commitVersion(fleet.project, "pushed");
  await push();
  await deployed(inputs);
  for (const host of fleet.hosts) expect((await fetchPage(host, site)).body).toContain("Version pushed<");
  expect((await deployed(inputs)).outputs["changed-hosts"]).toBe("0");
});
