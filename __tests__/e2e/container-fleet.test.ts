import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, onHost, until } from "../../scripts/lab/index.mjs";
import {
  type ContainerFleet,
  compose,
  executions,
  expectStatus,
  image,
  startContainerFleet,
  stateOf,
} from "./support/containers.js";
import { expectRefused } from "./support/direct.js";
import { cancelRunner } from "./support/fault-breakage.js";
import { fetchPage } from "./support/page.js";

let fleet: ContainerFleet;

beforeAll(async () => {
  fleet = await startContainerFleet("container-fleet");
  await fleet.publish("1");
});

afterAll(() => fleet?.trial.end());

const states = () => Promise.all(fleet.hosts.map((host) => stateOf(host)));

async function expectPages(version: string): Promise<void> {
  for (const host of fleet.hosts) {
    expect(await fetchPage(host, "shop.example")).toMatchObject({ status: 200, body: `Version ${version}\n` });
  }
}

/** The same release runs everywhere, nobody holds a lock, and no way back is kept. */
async function expectSettled(): Promise<void> {
  const [one, two] = await states();
  expect(one?.release).toMatch(/^\d{8}T\d{6}Z-[0-9a-f]{7}$/);
  expect(two?.release).toBe(one?.release);
  for (const state of [one, two]) expect(state).toMatchObject({ lock: "", undo: false });
}

/** Makes hosts find a version unhealthy. */
const mark = (bad: string, hosts = fleet.hosts.slice(1)) =>
  Promise.all(hosts.map((host) => onHost(host, `mkdir -p /srv/shop; echo 'BAD=${bad}' > /srv/shop/.env`)));

const digestOf = (result: ActionResult): string => JSON.parse(result.outputs.release ?? "{}").web;

describe("a fleet of containers", () => {
  let first: ActionResult;
  let firstRelease = "";

  test("a first deploy, and a second one that changes nothing with one module a host", async () => {
    first = await fleet.deploy();
    expectStatus(first, "succeeded", 2);
    await expectPages("1");
    await expectSettled();
    const before = await states();
    firstRelease = before[0]?.release ?? "";
    const again = await fleet.deploy({ inputs: { "extra-args": "-vvv" } });
    expectStatus(again, "succeeded", 0);
    expect(await states()).toEqual(before);
    expect(digestOf(again)).toBe(digestOf(first));
    expect(executions(again)).toBe(2);
  });

  test("check mode says what would be pulled and replaced, and changes nothing", async () => {
    await fleet.publish("2");
    const before = await states();
    const result = await fleet.deploy({ inputs: { check: "true" } });
    expectStatus(result, "succeeded", 2);
    expect(result.log).toMatch(/web: would be pulled\s+web: would be replaced/);
    expect(await states()).toEqual(before);
    await expectPages("1");
    expect(await onHost(fleet.hosts[1], "ls -d /run/django-ansible-deploy-stage-* 2>/dev/null || true")).toBe("");
  });

  test("a new digest of the same tag that fails on the second host puts both back on the one before", async () => {
    await mark("2");
    const result = await fleet.deploy();
    expect(result.outputs, result.log).toMatchObject({ status: "rolled-back", "failed-host-names": '["docker2"]' });
    expectRefused(result, /this host runs \S+ again: Service web \(shop-web-1\) is unhealthy/);
    expect(digestOf(result)).toBe(digestOf(first));
    await expectPages("1");
    await expectSettled();
    expect((await states())[0]?.release).toBe(firstRelease);
    await mark("none");
  });

  test("the same digest that is fit then runs with two modules a host, with a changed value of env", async () => {
    const result = await fleet.deploy({ inputs: { env: "COLOR=a 'quoted' $value", "extra-args": "-vvv" } });
    expectStatus(result, "succeeded", 2);
    expect(executions(result)).toBe(4);
    await expectPages("2");
    await expectSettled();
    expect(digestOf(result)).not.toBe(digestOf(first));
    for (const host of fleet.hosts) {
      expect(await onHost(host, "docker exec shop-web-1 /busybox sh -c 'echo \"$COLOR\"'")).toBe("a 'quoted' $value");
      expect(await onHost(host, "stat -c '%a %U' /srv/shop/.env.deploy")).toBe("600 root");
    }
  });

  test("a rollback goes to the images before with one module a host, with the registry gone, and says what runs", async () => {
    await onHost(fleet.hosts[0], "systemctl stop docker-registry");
    const result = await fleet.deploy({ inputs: { operation: "rollback", "extra-args": "-vvv" } });
    expectStatus(result, "succeeded", 2);
    expect(executions(result)).toBe(2);
    await expectPages("1");
    await expectSettled();
    expect(digestOf(result)).toBe(digestOf(first));
    const status = await fleet.deploy({ inputs: { operation: "status" } });
    expectStatus(status, "succeeded", 0);
    expect(JSON.parse(status.outputs["host-status"] ?? "{}").docker2).toMatchObject({
      release: firstRelease,
      lock: null,
      services: [{ service: "web", image: image(), digest: digestOf(first).split("@")[1], health: "healthy" }],
    });
    expectRefused(
      await fleet.deploy(),
      /The registry 127\.0\.0\.1:5000 does not say whether it accepts the user deployer/,
    );
    await expectPages("1");
    await onHost(fleet.hosts[0], "systemctl start docker-registry");
  });

  test("an image that is gone is said before anything is stopped", async () => {
    const before = await states();
    fleet.project.write("compose.yml", compose.replace(image(), `${image()}-gone`));
    expectRefused(await fleet.deploy(), /latest-gone cannot be pulled, 127\.0\.0\.1:5000 does not have it/);
    expect(await states()).toEqual(before);
    fleet.project.write("compose.yml", compose);
  });

  test("a second deploy at once is refused, and a cancelled one gives everything back", async () => {
    await mark("none", fleet.hosts);
    await fleet.publish("3");
    // Unhealthy for so long that the deploy waits.
    fleet.project.write("compose.yml", compose.replace("retries: 3", "retries: 90").replace("BAD:-none", "WAIT:-3"));
    const folder = mkdtempSync(join(fleet.trial.folder, "cancelled-"));
    const running = fleet.deploy({ folder, run: "4711", attempt: 1 });
    await until("A start of version 3 on the first host", 60, async () =>
      (await stateOf(fleet.hosts[0])).undo ? true : undefined,
    );
    expectRefused(await fleet.deploy({ run: "4712" }), /shop is being deployed here by run 4711-1-/);
    cancelRunner(folder);
    expect((await running).outputs.status).toBe("cancelled");
    await until("The way back on the first host", 60, async () =>
      (await stateOf(fleet.hosts[0])).undo ? undefined : true,
    );
    await expectPages("1");
    await expectSettled();
    fleet.project.write("compose.yml", compose);
  });
});
