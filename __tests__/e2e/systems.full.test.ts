import { afterAll, describe, expect, test } from "vitest";
import { type Host, onHost, type Suite, useComposeV5 } from "../../scripts/lab/index.mjs";
import { compose, expectStatus, startContainerFleet } from "./support/containers.js";
import { directly, expectRefused } from "./support/direct.js";
import { inventory } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject } from "./support/project.js";
import { startTrial, type Trial } from "./support/trial.js";

// What systems.test.ts does for role mode, and a system that is too old.
const trials: Trial[] = [];

afterAll(async () => {
  for (const trial of trials) await trial.end();
});

const containerHosts: { what: string; suite: Suite; prepare?: (host: Host) => Promise<unknown>; version: RegExp }[] = [
  { what: "hosts with sudo-rs and uutils, systemd 258 or newer and cgroup v2", suite: "ubuntu-like", version: /^2\./ },
  { what: "hosts with compose 5", suite: "trixie", prepare: useComposeV5, version: /^v?5\./ },
];

describe.each(containerHosts)("container mode on $what", ({ suite, prepare, version: known }) => {
  test("a first deploy, one that changes nothing, a new digest, a rollback, and a release that is not healthy", async () => {
    const fleet = await startContainerFleet(`systems-containers-${suite}`, suite);
    trials.push(fleet.trial);
    for (const host of fleet.hosts) {
      await prepare?.(host);
      expect(await onHost(host, "docker compose version --short")).toMatch(known);
    }
    const expectPages = async (version: string): Promise<void> => {
      for (const host of fleet.hosts) {
        expect(await fetchPage(host, "shop.example")).toMatchObject({ status: 200, body: `Version ${version}\n` });
      }
    };
    fleet.project.write("compose.yml", compose);
    await fleet.publish("1");
    expectStatus(await fleet.deploy(), "succeeded", 2);
    await expectPages("1");
    expectStatus(await fleet.deploy(), "succeeded", 0);
    await fleet.publish("2");
    expectStatus(await fleet.deploy(), "succeeded", 2);
    await expectPages("2");
    expectStatus(await fleet.deploy({ inputs: { operation: "rollback" } }), "succeeded", 2);
    await expectPages("1");
    await onHost(fleet.hosts[1], "echo 'BAD=3' > /srv/shop/.env");
    await fleet.publish("3");
    const result = await fleet.deploy();
    expect(result.outputs, result.log).toMatchObject({ status: "rolled-back", "failed-host-names": '["docker2"]' });
    await expectPages("1");
  });
});

describe("Debian 11", () => {
  test("is refused with a sentence before anything is touched", async () => {
    const trial = await startTrial("systems-old");
    trials.push(trial);
    const host = await trial.host({ name: "app1", suite: "bullseye", kind: "base" });
    const project = await createProject(trial, "examples/mysite");
    project.write("inventory/hosts.yml", inventory([host]));
    project.write("group_vars/all.yml", "app_name: mysite\nserver_name: mysite.example\n");
    await project.commit("A guestbook");
    const look = "ls -A /opt /etc /var/cache /var/lib/dpkg/info; getent passwd";
    const before = await onHost(host, look);
    const result = await directly(trial, project, [host])();
    expectRefused(
      result,
      /Debian GNU\/Linux 11 \(bullseye\) is too old: role mode needs Python 3\.10 or newer \(Debian 12, Ubuntu 22\.04\), and this host has 3\.9/,
    );
    expect(await onHost(host, look)).toBe(before);
  });
});
