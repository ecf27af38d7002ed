import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, until } from "../../scripts/lab/index.mjs";
import { type ContainerFleet, compose, image, startContainerFleet, stateOf } from "./support/containers.js";
import { cancelRunner, killRunner } from "./support/fault-breakage.js";
import { type Healed, healedFleet, LIMIT } from "./support/healing.js";
import { fetchPage } from "./support/page.js";

// A deploy of containers is stopped, by a cancel or with its runner, and the next one is as any other. Then two projects of one playbook.
let fleet: ContainerFleet;
let number = 1;

beforeAll(async () => {
  fleet = await startContainerFleet("container-stopped");
  // Unhealthy for longer than a host may take to be whole again.
  fleet.project.write("compose.yml", compose.replace("retries: 3", "retries: 200"));
  await fleet.publish("1");
  await succeeds(deploy());
});

afterAll(() => fleet?.trial.end());

const deploy = (inputs: Record<string, string> = {}, folder?: string): Promise<ActionResult> =>
  fleet.deploy({ ...(folder === undefined ? {} : { folder }), inputs });

/** Watched for longer than a host may take to be whole again, on one host alone. */
const watched = { limit: "docker1", vars: "compose_app_bake: 90" };

async function succeeds(running: Promise<ActionResult>, hosts = "2"): Promise<ActionResult> {
  const result = await running;
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "ok-hosts": hosts });
  return result;
}

const version = async (host: Host): Promise<string> => (await fetchPage(host, "shop.example")).body.trim();

const find = (bad: number): Promise<string> =>
  onHost(fleet.hosts[0], `mkdir -p /srv/shop; echo 'BAD=${bad}' > /srv/shop/.env`);

/** Runs a deploy of a new version until it is up on the first host, and stops it there. */
async function stopped(stop: (folder: string) => unknown, inputs: Record<string, string>): Promise<Healed> {
  number += 1;
  await fleet.publish(String(number));
  if (inputs.limit === undefined) await find(number);
  const [host] = fleet.hosts;
  const { release } = await stateOf(host);
  const folder = mkdtempSync(join(fleet.trial.folder, "stopped-"));
  const running = deploy(inputs, folder);
  await until("The new container", 60, async () =>
    (await version(host).catch(() => "")) === `Version ${number}` ? true : undefined,
  );
  // Long enough for a health check, and for a look of the watch.
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  const since = Date.now();
  stop(folder);
  const found = await healedFleet(since, () => Promise.all(fleet.hosts.map((each) => stateOf(each))));
  const { outputs, log } = await running;
  expect(["cancelled", undefined, ""], log).toContain(outputs.status);
  expect(found.release).toBe(release);
  expect(found.seconds).toBeLessThan(LIMIT);
  expect((await Promise.all(fleet.hosts.map(version))).every((text) => text !== `Version ${number}`)).toBe(true);
  await find(0);
  return found;
}

test("alone, a host whose runner dies while it watches rolls back", async () => {
  const { seconds } = await stopped(killRunner, watched);
  console.log(`The runner dies in a watch: back after ${seconds.toFixed(0)} s`);
});

test("so does one whose deploy is cancelled then", async () => {
  const { seconds } = await stopped(cancelRunner, watched);
  console.log(`Cancelled in a watch: back after ${seconds.toFixed(0)} s`);
});

test("after a cancel, hosts of a later deploy hear in time that its runner is dead", async () => {
  const cancelled = await stopped(cancelRunner, {});
  const killed = await stopped(killRunner, {});
  console.log(`Not healthy yet: cancelled ${cancelled.seconds.toFixed(0)} s, then dead ${killed.seconds.toFixed(0)} s`);
  await succeeds(deploy());
});

test("an image that only the hosts have stays theirs beside one that is pulled", async () => {
  const more = (await onHost(fleet.hosts[0], "docker inspect --format '{{.Image}}' shop-web-1")).trim();
  for (const host of fleet.hosts)
    await onHost(
      host,
      `docker image inspect ${more} >/dev/null && printf 'FROM ${image()}\\nLABEL here=only\\n' | docker build --quiet --tag shop:local -`,
    );
  fleet.project.write(
    "compose.yml",
    `${compose}  side:\n    image: shop:local\n    pull_policy: missing\n    stop_grace_period: 1s\n`,
  );
  number += 1;
  await fleet.publish(String(number));
  await succeeds(deploy());
  await succeeds(deploy({ env: "COLOR=blue" }));
  for (const host of fleet.hosts) {
    expect(await version(host)).toBe(`Version ${number}`);
    expect(await onHost(host, "docker inspect --format '{{.Config.Labels.here}} {{.State.Status}}' shop-side-1")).toBe(
      "only running",
    );
  }
});

test("of two projects in one playbook, each is led by a host of its own", async () => {
  const project = (hosts: string, name: string): string => `- hosts: ${hosts}
  gather_facts: false
  become: true
  roles:
    - role: django_ansible.deploy.compose_app
      compose_app_file: [/srv/${name}/compose.yml]
      compose_app_source: ["{{ playbook_dir }}/${name}.yml"]
`;
  fleet.project.write("shop.yml", compose);
  fleet.project.write("blog.yml", compose.replace('"80:8000"', '"81:8000"'));
  fleet.project.write("both.yml", project("docker1:docker2", "shop") + project("docker2", "blog"));
  await fleet.project.commit("Two projects");
  number += 1;
  await fleet.publish(String(number));
  await succeeds(deploy({ playbook: "both.yml", "compose-file": "", "compose-source": "" }));
  for (const host of fleet.hosts) expect(await version(host)).toBe(`Version ${number}`);
  expect(await onHost(fleet.hosts[1], "curl -fsS http://127.0.0.1:81/")).toBe(`Version ${number}`);
  expect(await stateOf(fleet.hosts[1], "blog")).toMatchObject({ lock: "", undo: false });
});
