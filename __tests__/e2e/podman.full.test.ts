import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, registryAddress, shareRegistry } from "../../scripts/lab/index.mjs";
import { type ContainerFleet, compose, expectStatus, startContainerFleet } from "./support/containers.js";
import { expectRefused } from "./support/direct.js";
import { inventory } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";

// One host runs Docker, the second one Podman, which compose reaches by a link in the place of the Docker socket, and the
// third one Podman for a user without root. What is done to the hosts is mostly this lab's need alone: they are containers
// with cgroup v1, and the registry has no TLS.
let fleet: ContainerFleet;
let rootless: Host;

beforeAll(async () => {
  fleet = await startContainerFleet("podman");
  rootless = await fleet.trial.host({ name: "rootless1", suite: "trixie", kind: "engine", ports: [8080] });
  await shareRegistry(fleet.hosts[0], [rootless]);
  await usePodman(fleet.hosts[1]);
  await usePodmanWithoutRoot(rootless);
  for (const host of fleet.hosts) await knowLogin(host, "/root");
  await knowLogin(rootless, "/home/deploy");
  // Podman splits the words of a health check at their spaces.
  fleet.project.write("compose.yml", compose.replace(/test: .*/, `test: ${JSON.stringify(["CMD", ...check])}`));
  await fleet.project.commit("A health check without spaces");
  await fleet.publish("1");
});

const check = ["/busybox", "wget", "-q", "-O", "-", "http://127.0.0.1:8000/${PAGE:-index.html}"];

afterAll(() => fleet?.trial.end());

const install = (packages: string): string => `
export DEBIAN_FRONTEND=noninteractive
systemctl disable --quiet --now docker.socket docker.service
apt-get -qq update
apt-get -qq install --yes --no-install-recommends podman netavark aardvark-dns nftables ${packages} >/dev/null 2>&1
printf '[[registry]]\\nlocation="${registryAddress}"\\ninsecure=true\\n' > /etc/containers/registries.conf
printf '[engine]\\nruntime="runc"\\ncgroup_manager="cgroupfs"\\n' > /etc/containers/containers.conf
mount -o remount,rw /proc/sys
`;

/** Puts Podman in the place of Docker. */
const usePodman = (host: Host): Promise<string> =>
  onHost(
    host,
    `
${install("")}
printf '[storage]\\ndriver="overlay"\\ngraphroot="/var/lib/docker/podman"\\nrunroot="/run/containers/storage"\\n' > /etc/containers/storage.conf
systemctl enable --quiet --now podman.socket
ln -sfn /run/podman/podman.sock /run/docker.sock
`,
  );

/** Lets the user that deploys have Podman to itself, as its documentation says. */
const usePodmanWithoutRoot = (host: Host): Promise<string> =>
  onHost(
    host,
    `
${install("uidmap dbus-user-session passt")}
# A container hides parts of these from itself, and the kernel then gives no user a whole one of its own.
umount /proc/acpi /proc/bus /proc/fs /proc/irq /proc/keys /proc/timer_list /proc/kcore /proc/asound /proc/scsi /proc/latency_stats /proc/sched_debug /sys/firmware 2>/dev/null || true
umount --lazy /proc/sys /proc/sysrq-trigger 2>/dev/null || true
mount -o remount,rw /sys
mkdir -p /dev/net
mknod --mode 0666 /dev/net/tun c 10 200
install -d -o deploy -m 0755 /var/lib/docker /var/lib/docker/deploy
loginctl enable-linger deploy
su - deploy <<'DEPLOY'
mkdir -p ~/.config/containers
printf '[storage]\\ndriver="overlay"\\ngraphroot="/var/lib/docker/deploy"\\n' > ~/.config/containers/storage.conf
export XDG_RUNTIME_DIR=/run/user/$(id -u)
systemctl --user enable --quiet --now podman.socket
docker context create podman --docker host=unix://$XDG_RUNTIME_DIR/podman/podman.sock
docker context use podman
DEPLOY
`,
  );

/**
 * Puts the login where the docker command keeps it, and deploys go without one: Podman asks a registry with https whether
 * it accepts a login, whatever its settings say, and the lab's has none.
 */
const knowLogin = (host: Host, home: string): Promise<string> =>
  onHost(
    host,
    `/usr/bin/python3 - <<'PYTHON'
import json, os
folder = "${home}/.docker"
path = folder + "/config.json"
os.makedirs(folder, exist_ok=True)
config = json.load(open(path)) if os.path.exists(path) else {}
config["auths"] = {"${registryAddress}": {"auth": "${btoa(`${fleet.login.username}:${fleet.login.password}`)}"}}
json.dump(config, open(path, "w"))
owner = os.stat("${home}")
for each in (folder, path):
    os.chown(each, owner.st_uid, owner.st_gid)
PYTHON`,
  );

const deploy = (inputs: Record<string, string> = {}): Promise<ActionResult> =>
  fleet.deploy({ inputs: { registry: "", "registry-username": "", "registry-password": "", ...inputs } });

async function expectPages(version: string): Promise<void> {
  for (const host of fleet.hosts) {
    expect(await fetchPage(host, "shop.example")).toMatchObject({ status: 200, body: `Version ${version}\n` });
  }
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

test("a user without root deploys to its own engine: a first deploy, no change, a new digest and the way back", async () => {
  const { project } = fleet;
  project.write("inventory/rootless.yml", inventory([rootless], { ansible_become: false }));
  project.write("compose.yml", project.read("compose.yml").replace('"80:8000"', '"8080:8000"'));
  await project.commit("A port that a user may have");
  const go = (operation: string): Promise<ActionResult> =>
    deploy({
      operation,
      "inventory-file": "inventory/rootless.yml",
      "compose-file": "/home/deploy/shop/compose.yml",
      "known-hosts": rootless.hostKeyLines.join("\n"),
    });
  const page = async (): Promise<string> =>
    (await fetchPage({ ...rootless, httpPort: rootless.ports[8080] ?? 0 }, "shop.example")).body;

  await fleet.publish("4");
  expectStatus(await go("deploy"), "succeeded", 1);
  expect(await page()).toBe("Version 4\n");
  expectStatus(await go("deploy"), "succeeded", 0);
  await fleet.publish("5");
  expectStatus(await go("deploy"), "succeeded", 1);
  expect(await page()).toBe("Version 5\n");
  expectStatus(await go("rollback"), "succeeded", 1);
  expect(await page()).toBe("Version 4\n");
  expect(await onHost(rootless, "podman ps --all --quiet | wc -l")).toBe("0");
  expect(await onHost(rootless, "ls -d /home/deploy/.local/state/*")).toContain("django-ansible-deploy");
});
