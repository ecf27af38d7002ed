import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, registryAddress } from "../../scripts/lab/index.mjs";
import { type ContainerFleet, compose, startContainerFleet } from "./support/containers.js";
import { expectRefused } from "./support/direct.js";
import { fetchPage } from "./support/page.js";

// One host runs Docker, the other one Podman, which compose reaches by a link in the place of the Docker socket.
let fleet: ContainerFleet;

beforeAll(async () => {
  fleet = await startContainerFleet("podman");
  await usePodman(fleet.hosts[1]);
  for (const host of fleet.hosts) await knowLogin(host);
  // Podman splits the words of a health check at their spaces.
  fleet.project.write("compose.yml", compose.replace(/test: .*/, `test: ${JSON.stringify(["CMD", ...check])}`));
  await fleet.project.commit("A health check without spaces");
  await fleet.publish("1");
});

const check = ["/busybox", "wget", "-q", "-O", "-", "http://127.0.0.1:8000/${PAGE:-index.html}"];

afterAll(() => fleet?.trial.end());

/** Puts Podman in the place of Docker. What stands in its files is this lab's need alone: a host in a container with cgroup v1, and a registry without TLS. */
const usePodman = (host: Host): Promise<string> =>
  onHost(
    host,
    `
export DEBIAN_FRONTEND=noninteractive
systemctl disable --quiet --now docker.socket docker.service
apt-get -qq update
apt-get -qq install --yes --no-install-recommends podman netavark aardvark-dns nftables >/dev/null 2>&1
printf '[storage]\\ndriver="overlay"\\ngraphroot="/var/lib/docker/podman"\\nrunroot="/run/containers/storage"\\n' > /etc/containers/storage.conf
printf '[engine]\\nruntime="runc"\\ncgroup_manager="cgroupfs"\\n' > /etc/containers/containers.conf
printf '[[registry]]\\nlocation="127.0.0.1:5000"\\ninsecure=true\\n' > /etc/containers/registries.conf
mount -o remount,rw /proc/sys
systemctl enable --quiet --now podman.socket
ln -sfn /run/podman/podman.sock /run/docker.sock
`,
  );

/**
 * Puts the login where the docker command keeps it, and deploys go without one: Podman asks a registry with https whether
 * it accepts a login, whatever its settings say, and the lab's has none.
 */
const knowLogin = (host: Host): Promise<string> =>
  onHost(
    host,
    `mkdir -p /root/.docker
cat > /root/.docker/config.json <<'CONFIG'
${JSON.stringify({ auths: { [registryAddress]: { auth: btoa(`${fleet.login.username}:${fleet.login.password}`) } } })}
CONFIG`,
  );

const deploy = (inputs: Record<string, string> = {}): Promise<ActionResult> =>
  fleet.deploy({ inputs: { registry: "", "registry-username": "", "registry-password": "", ...inputs } });

async function expectPages(version: string): Promise<void> {
  for (const host of fleet.hosts) {
    expect(await fetchPage(host, "shop.example")).toMatchObject({ status: 200, body: `Version ${version}\n` });
  }
}

function expectStatus(result: ActionResult, status: string, changed: number): void {
  expect(result.outputs, result.log).toMatchObject({ status, "changed-hosts": String(changed) });
}

test("a first deploy, and a second one that changes nothing", async () => {
  expectStatus(await deploy(), "succeeded", 2);
  await expectPages("1");
  expect(await onHost(fleet.hosts[1], "podman ps --format '{{.Names}}'")).toContain("shop-web-1");
  expectStatus(await deploy(), "succeeded", 0);
});

test("a new digest of the same tag, and the way back with the registry gone", async () => {
  await fleet.publish("2");
  expectStatus(await deploy(), "succeeded", 2);
  await expectPages("2");
  await onHost(fleet.hosts[0], "systemctl stop docker-registry");
  expectStatus(await deploy({ operation: "rollback" }), "succeeded", 2);
  await expectPages("1");
  await onHost(fleet.hosts[0], "systemctl start docker-registry");
});

test("a release that is not healthy is put back", async () => {
  await fleet.publish("3");
  await onHost(fleet.hosts[1], "echo PAGE=none > /srv/shop/.env");
  const result = await deploy();
  expect(result.outputs, result.log).toMatchObject({ status: "rolled-back", "failed-host-names": '["docker2"]' });
  expectRefused(result, /Service web \(shop-web-1\) is unhealthy/);
  await expectPages("1");
});
