import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, until } from "../../scripts/lab/index.mjs";
import { type ContainerFleet, executions, image, startContainerFleet, stateOf } from "./support/containers.js";
import { expectRefused } from "./support/direct.js";
import { cutCable, cutSsh, killRunner, mendCable } from "./support/fault-breakage.js";
import { fetchPage } from "./support/page.js";

// Two hosts that go over to the older release in the step that looks at them, and what breaks in the middle of that.
let fleet: ContainerFleet;

/** A service that is unhealthy where the host calls its version bad, and whose health check does not end while the host holds it. */
const compose = `services:
  web:
    image: ${image()}
    ports: ["80:8000"]
    stop_grace_period: 1s
    volumes: ["/srv/state:/state:ro"]
    healthcheck:
      test:
        - CMD
        - /busybox
        - sh
        - -c
        - while [ -e /state/hold ]; do /busybox sleep 0.1; done; /busybox wget -q -O - http://127.0.0.1:8000/ | /busybox grep -vxFf /state/bad
      interval: 1s
      timeout: 60s
      retries: 3
`;

/** Counts how often compose is started: each start is a process of some 100 ms. */
const counting = `mkdir -p /usr/local/lib/docker/cli-plugins /srv/state
cat > /usr/local/lib/docker/cli-plugins/docker-compose <<'PROGRAM'
#!/bin/sh
echo "$*" >> /run/composed
for real in /usr/local/libexec/docker/cli-plugins /usr/lib/docker/cli-plugins /usr/libexec/docker/cli-plugins; do
  [ ! -x "$real/docker-compose" ] || exec "$real/docker-compose" "$@"
done
PROGRAM
chmod +x /usr/local/lib/docker/cli-plugins/docker-compose`;

const forgetStarts = () => Promise.all(fleet.hosts.map((host) => onHost(host, "rm -f /run/composed")));
const starts = () => Promise.all(fleet.hosts.map((host) => onHost(host, "wc -l < /run/composed")));

beforeAll(async () => {
  fleet = await startContainerFleet("container-rollback");
  fleet.project.write("compose.yml", compose);
  await Promise.all(fleet.hosts.map((host) => onHost(host, counting)));
  await callBad("none");
  for (const version of ["1", "2", "3"]) await deployed(version);
});

afterAll(() => fleet?.trial.end());

beforeEach(async () => {
  await callBad("none");
});

const callBad = (version: string, hosts: readonly Host[] = fleet.hosts) =>
  Promise.all(hosts.map((host) => onHost(host, `rm -f /srv/state/hold; echo 'Version ${version}' > /srv/state/bad`)));

async function deployed(version: string): Promise<void> {
  await fleet.publish(version);
  const result = await fleet.deploy();
  expect(result.outputs.status, result.log).toBe("succeeded");
}

const version = async (host: Host): Promise<string> =>
  (await fetchPage(host, "shop.example")).body.trim().replace("Version ", "");

/** The version that each host answers with, once no host has a lock or a way back that waits. */
function versions(): Promise<string[]> {
  return until("Hosts without a lock", 60, async () => {
    const states = await Promise.all(fleet.hosts.map((host) => stateOf(host)));
    if (states.some(({ lock, undo }) => lock !== "" || undo)) return undefined;
    return Promise.all(fleet.hosts.map((host) => version(host))).catch(() => undefined);
  });
}

function rollback(
  folder = mkdtempSync(join(fleet.trial.folder, "rollback-")),
  vars: Record<string, unknown> = {},
): Promise<ActionResult> {
  const inputs = { operation: "rollback", "extra-args": "-vvv", vars: JSON.stringify(vars) };
  return fleet.deploy({ folder, inputs });
}

/** Starts a rollback in which docker1 has switched, and docker2 waits for its health check to end. */
async function halfway(folder: string, older: string): Promise<{ running: Promise<ActionResult> }> {
  const [first, second] = fleet.hosts;
  await onHost(second, "touch /srv/state/hold");
  const running = rollback(folder);
  for (const host of [first, second])
    await until(`The start of ${older} on ${host.name}`, 60, async () =>
      (await version(host).catch(() => "")) === older ? true : undefined,
    );
  return { running };
}

test("all hosts go over in the step that looks at them: a module and a start of compose for each", async () => {
  await forgetStarts();
  const result = await rollback();
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": "2" });
  expect(JSON.parse(result.outputs.timings ?? "{}").switched).toBeGreaterThan(0);
  expect(await versions()).toEqual(["2", "2"]);
  expect(result.log).toMatch(/docker2: web (passes its health check|is healthy)/);
  expect(executions(result)).toBe(2);
  expect(await starts()).toEqual(["1", "1"]);
  await forgetStarts();
  await deployed("4");
  expect(await starts()).toEqual(["2", "2"]);
  const further = await fleet.deploy();
  expect(further.outputs, further.log).toMatchObject({ status: "succeeded", "changed-hosts": "0" });
  expect(await starts()).toEqual(["3", "3"]);
});

test("a host whose older release is not healthy keeps the newer one, and so does the one that had switched", async () => {
  await callBad("3", fleet.hosts.slice(1));
  const result = await rollback();
  expect(result.outputs, result.log).toMatchObject({ status: "rolled-back", "failed-host-names": '["docker2"]' });
  expect(result.log).toMatch(/this host runs \S+ again: Service web \(shop-web-1\) is unhealthy/);
  expect(await versions()).toEqual(["4", "4"]);
  await callBad("none");
  await deployed("5");
});

test("a runner that is killed when one of two hosts has switched leaves both on the newer release", async () => {
  await deployed("5a");
  await deployed("6");
  const folder = mkdtempSync(join(fleet.trial.folder, "killed-"));
  const { running } = await halfway(folder, "5a");
  expect(killRunner(folder)).toBeGreaterThan(1);
  await running;
  // The health check of what goes back there would not end either.
  await callBad("none");
  expect(await versions()).toEqual(["6", "6"]);
});

test("a connection that breaks meanwhile is made again, and no host goes back further", async () => {
  await deployed("6a");
  await deployed("7");
  const folder = mkdtempSync(join(fleet.trial.folder, "cut-"));
  const { running } = await halfway(folder, "6a");
  await cutSsh(fleet.hosts[1]);
  await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 2000))]);
  await callBad("none");
  const result = await running;
  expect(result.outputs.status, result.log).toBe("succeeded");
  expect(await versions()).toEqual(["6a", "6a"]);
});

test("a host that lost the image would go back further: the run says to which release, and both switch then", async () => {
  await deployed("8");
  await deployed("9");
  const [, second] = fleet.hosts;
  // The release from before, and no container has its image any more.
  const gone = await onHost(
    second,
    `cd /var/lib/django-ansible-deploy/compose/shop/releases
release=$(ls | sort | tail -2 | head -1)
sed -n 's/.*"\\(sha256:[0-9a-f]*\\)"$/\\1/p; s/.*"web": "\\(sha256:[0-9a-f]*\\)".*/\\1/p' "$release/release.json" | sort -u | xargs docker rmi --force >&2
echo "$release"`,
  );
  const result = await rollback();
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": "2" });
  // A look, a start and an end for each.
  expect(executions(result)).toBe(6);
  for (const host of fleet.hosts) expect((await stateOf(host)).release).not.toBe(gone);
  const [one, two] = await versions();
  expect(one).toBe(two);
  expect(one).not.toBe("8");
});

test("a host that is down stops a rollback, or is left out where the run may lose it", async () => {
  await deployed("10");
  await deployed("11");
  const [first, second] = fleet.hosts;
  await cutCable(second);
  try {
    expectRefused(await rollback(), /docker2/);
    expect(await version(first)).toBe("11");
    const result = await rollback(undefined, { compose_app_max_failures: 1 });
    expect(result.outputs, result.log).toMatchObject({ status: "failed", "changed-hosts": "1" });
    expect(await version(first)).toBe("10");
    expect(await stateOf(first)).toMatchObject({ lock: "", undo: false });
  } finally {
    await mendCable(second);
  }
  expect(await versions()).toEqual(["10", "11"]);
});
