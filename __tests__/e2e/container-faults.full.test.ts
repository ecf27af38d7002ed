import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, onHost, reboot } from "../../scripts/lab/index.mjs";
import { type ContainerFleet, compose, image, startContainerFleet, stateOf } from "./support/containers.js";
import { expectRefused } from "./support/direct.js";
import { cutSsh } from "./support/fault-breakage.js";
import { fetchPage } from "./support/page.js";

// What goes wrong with containers; `npm test` has the first half of it in container-fleet.
let fleet: ContainerFleet;
/** A boot starts the project again, as most compose files want it. */
const lasting = compose.replace("    stop_grace_period", "    restart: unless-stopped\n    stop_grace_period");

beforeAll(async () => {
  fleet = await startContainerFleet("container-faults");
  fleet.project.write("compose.yml", lasting);
  await fleet.publish("1");
  const first = await fleet.deploy();
  expect(first.outputs.status, first.log).toBe("succeeded");
});

afterAll(() => fleet?.trial.end());

const states = () => Promise.all(fleet.hosts.map((host) => stateOf(host)));

async function versions(): Promise<string[]> {
  return Promise.all(
    fleet.hosts.map(async (host) => {
      const page = await fetchPage(host, "shop.example");
      expect(page.status, host.name).toBe(200);
      return page.body.trim().replace("Version ", "");
    }),
  );
}

/** The version that both hosts serve after a deploy that needs no hand work, and a further one that changes nothing. */
async function expectDeployed(version: string): Promise<void> {
  const next = await fleet.deploy();
  expect(next.outputs, next.log).toMatchObject({ status: "succeeded", "ok-hosts": "2" });
  expect(await versions()).toEqual([version, version]);
  for (const state of await states()) expect(state).toMatchObject({ lock: "", undo: false });
  const further = await fleet.deploy();
  expect(further.outputs, further.log).toMatchObject({ status: "succeeded", "changed-hosts": "0" });
}

function expectUnchanged(result: ActionResult): void {
  expect(result.outputs, result.log).toMatchObject({ "changed-hosts": "0" });
}

describe("a connection that is cut", () => {
  test.each(["Reach hosts", "Pull", "Activate", "Finish"])("in the phase %s leaves whole releases", async (phase) => {
    const before = (await versions())[0] ?? "";
    const after = String(Number(before) + 1);
    await fleet.publish(after, { ballast: 40 });
    let cut: Promise<void> | undefined;
    const result = await fleet.deploy({
      say: (line) => {
        // Where the phase has begun to work on the host.
        if (line === `▸ ${phase}`)
          cut ??= new Promise((done) => setTimeout(done, 700)).then(() => cutSsh(fleet.hosts[1]));
      },
    });
    await cut;
    expect(cut, result.log).toBeDefined();
    expect(["succeeded", "failed", "rolled-back"], result.log).toContain(result.outputs.status);
    for (const version of await versions()) expect([before, after]).toContain(version);
    await expectDeployed(after);
  });
});

test("a wrong password of the registry is said, and nothing is touched", async () => {
  const before = await states();
  await fleet.publish("10");
  const result = await fleet.deploy({ inputs: { "registry-password": "wrong-password-of-a-registry" } });
  expectRefused(
    result,
    /does not accept the user deployer with this password: check registry-username and registry-password/,
  );
  expectUnchanged(result);
  expect(await states()).toEqual(before);
  await expectDeployed("10");
});

test("a changed compose file replaces what it changes, and a service that is gone from it goes", async () => {
  const more = `${lasting}  extra:\n    image: ${image()}\n`;
  fleet.project.write("compose.yml", more);
  const added = await fleet.deploy();
  expect(added.outputs, added.log).toMatchObject({ status: "succeeded", "changed-hosts": "2" });
  for (const host of fleet.hosts)
    expect(await onHost(host, "docker ps --format '{{.Names}}' | sort")).toBe("shop-extra-1\nshop-web-1");
  const web = () =>
    Promise.all(fleet.hosts.map((host) => onHost(host, "docker inspect --format '{{.Id}}' shop-web-1")));
  const kept = await web();
  fleet.project.write("compose.yml", lasting);
  const removed = await fleet.deploy();
  expect(removed.outputs, removed.log).toMatchObject({ status: "succeeded", "changed-hosts": "2" });
  for (const host of fleet.hosts)
    expect(await onHost(host, "docker ps --all --format '{{.Names}}'")).toBe("shop-web-1");
  expect(await web()).toEqual(kept);
  await expectDeployed("10");
});

test("two projects on a host have releases, locks and images of their own", async () => {
  await fleet.publish("blog-1", { name: "blog" });
  const blog = { "compose-file": "/srv/blog/compose.yml", "compose-source": "blog/compose.yml" };
  fleet.project.write("blog/compose.yml", `services:\n  blog:\n    image: ${image("blog")}\n`);
  const before = await states();
  const result = await fleet.deploy({ inputs: blog });
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": "2" });
  expect(await states()).toEqual(before);
  for (let version = 11; version <= 17; version++) {
    await fleet.publish(String(version));
    const next = await fleet.deploy();
    expect(next.outputs.status, next.log).toBe("succeeded");
  }
  // Pruning left the other project's image.
  const again = await fleet.deploy({ inputs: blog });
  expect(again.outputs, again.log).toMatchObject({ status: "succeeded", "changed-hosts": "0" });
  for (const host of fleet.hosts)
    expect(await onHost(host, "docker ps --format '{{.Names}}' | sort")).toBe("blog-blog-1\nshop-web-1");
});

test("links that a container plants in a folder that it may write lead a deploy nowhere", async () => {
  const [host] = fleet.hosts;
  await fleet.publish("1", { name: "lair" });
  const lair = { "compose-file": "/srv/lair/compose.yml", "compose-source": "lair", limit: "docker1" };
  const service = `services:\n  lair:\n    image: ${image("lair")}\n    volumes: ["./:/project"]\n    stop_grace_period: 1s\n`;
  fleet.project.write("lair/compose.yml", service);
  fleet.project.write("lair/conf/passwd", "one\n");
  const first = await fleet.deploy({ inputs: lair });
  expect(first.outputs.status, first.log).toBe("succeeded");
  await onHost(host, "mkdir -p /etc/victim && echo root > /etc/victim/passwd");
  const victim = () => onHost(host, "cat /etc/victim/passwd && ls /etc/victim");
  const inside = (script: string) => onHost(host, `docker exec lair-lair-1 /busybox sh -ec '${script}'`);

  await inside("/busybox ln -sf /etc/victim/passwd /project/conf/passwd");
  fleet.project.write("lair/conf/passwd", "two\n");
  const file = await fleet.deploy({ inputs: lair });
  expect(file.outputs.status, file.log).toBe("succeeded");
  expect(await victim()).toBe("root\npasswd");
  expect(await onHost(host, "test ! -L /srv/lair/conf/passwd && cat /srv/lair/conf/passwd")).toBe("two");

  await inside("/busybox mv /project/conf /project/aside; /busybox ln -s /etc/victim /project/conf");
  fleet.project.write("lair/conf/passwd", "three\n");
  expectRefused(await fleet.deploy({ inputs: lair }), /\/srv\/lair\/conf is a link where a folder belongs/);
  expect(await victim()).toBe("root\npasswd");
  expect(await onHost(host, "ls /var/lib/django-ansible-deploy/compose/lair/plan 2>/dev/null || true")).toBe("");
  await onHost(host, "docker rm --force lair-lair-1");
});

test("a host that restarts serves again, and a deploy finds nothing to do", async () => {
  await reboot(fleet.hosts[1]);
  await expect.poll(() => versions().catch(() => []), { timeout: 60_000, interval: 1000 }).toEqual(["17", "17"]);
  const result = await fleet.deploy();
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": "0" });
});

test("a disk that fills while images are pulled is said, and nothing is stopped", async () => {
  const [, second] = fleet.hosts;
  await onHost(
    second,
    `systemctl stop docker.socket docker.service
mount -t tmpfs -o size=90m tmpfs /var/lib/docker
systemctl start docker.service`,
  );
  await expectDeployed("17");
  const before = await states();
  await fleet.publish("18", { ballast: 120 });
  const result = await fleet.deploy();
  expectRefused(result, /docker2.*no space left on device/is);
  expect(await states()).toEqual(before);
  expect(await versions()).toEqual(["17", "17"]);
  await fleet.publish("19");
  await expectDeployed("19");
});
