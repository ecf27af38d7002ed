import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, type Host, label, must, onHost } from "../../scripts/lab/index.mjs";
import { type DeployRequest, directly } from "./support/direct.js";
import { knownHosts } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { startTrial, type Trial } from "./support/trial.js";

// A host that loses its IPv4 address after its first deploy: what is on the way to it, and on it, has to do with IPv6.
// The packages have to be there before, since what serves them here has IPv4 alone.
const site = "mysite.example";
let trial: Trial;
let project: Project;
/** By its IPv6 address. */
let host: Host;
let run: (request?: DeployRequest) => Promise<ActionResult>;

const inputs = () => ({
  "inventory-file": "",
  hosts: host.sshPort === 22 ? `deploy@${host.address}` : `deploy@${host.address}:${host.sshPort}`,
  "server-name": site,
  env: "DATABASE_URL=sqlite:////opt/mysite/shared/db.sqlite3",
  vars: "app_name: mysite",
});

beforeAll(async () => {
  trial = await startTrial("ipv6");
  host = await trial.host({ name: "app1", suite: "trixie", kind: "ready" });
  project = await createProject(trial, "examples/mysite");
  await project.commit("A first release");
  run = (request = {}) => directly(trial, project, [host])({ ...request, inputs: { ...inputs(), ...request.inputs } });
  const first = await run();
  expect(first.outputs.status, first.log).toBe("succeeded");
  host = await leaveIPv4(host);
});

afterAll(() => trial?.end());

/** Gives a host an IPv6 address, and takes its IPv4 addresses away. */
async function leaveIPv4(of: Host): Promise<Host> {
  const network = `dad-${trial.name}-v6`;
  const subnet = `fd00:${trial.name.split("-")[1]}::/64`;
  await must([
    "docker",
    "network",
    "create",
    "--ipv6",
    "--subnet",
    subnet,
    "--label",
    `${label}=${trial.name}`,
    network,
  ]);
  await must(["docker", "network", "connect", network, of.container]);
  const address = await must([
    "docker",
    "inspect",
    "--format",
    `{{(index .NetworkSettings.Networks "${network}").GlobalIPv6Address}}`,
    of.container,
  ]);
  // What `ifconfig eth0 0.0.0.0` does; SIOCSIFADDR is 0x8916.
  await onHost(
    of,
    `/usr/bin/python3 -c "
import fcntl, socket, struct
for _, name in socket.if_nameindex():
    if name != 'lo':
        request = struct.pack('16sH14s', name.encode(), socket.AF_INET, bytes(14))
        fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8916, request)
"`,
  );
  const hostKeyLines = of.hostKeyLines.map((line) => line.replace(/^\S+/, address));
  return { ...of, address, sshPort: 22, httpPort: 80, hostKeyLines };
}

test("there is no IPv4 address any more", async () => {
  const own = await onHost(host, "grep -B1 '/32 host LOCAL' /proc/net/fib_trie | grep -o '[0-9.]\\{7,\\}' | sort -u");
  expect(own.trim()).toBe("127.0.0.1");
  expect(knownHosts([host])).toContain("fd00:");
});

test("a new release is deployed over IPv6 and served on it", async () => {
  project.write("mysite/__init__.py", '__version__ = "2"\n');
  await project.commit("Version 2");
  const result = await run();
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": "1" });
  expect((await fetchPage(host, site)).body).toContain("Version 2<");
});

test("a second run changes nothing, and a rollback goes back", async () => {
  const again = await run();
  expect(again.outputs, again.log).toMatchObject({ status: "succeeded", "changed-hosts": "0" });
  const back = await run({ inputs: { operation: "rollback" } });
  expect(back.outputs, back.log).toMatchObject({ status: "succeeded", "changed-hosts": "1" });
  expect((await fetchPage(host, site)).body).not.toContain("Version 2<");
});
