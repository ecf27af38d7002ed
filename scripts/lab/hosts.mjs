import { existsSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { image, unifiedSuites } from "./images.mjs";
import { kernelCommand, kernelOptions, kernelShell, rebootKernel } from "./own-kernel.mjs";
import { must, run, sleep, until } from "./shell.mjs";

/**
 * A host that is up. `shell` is the command that runs as root in it what it reads.
 * @typedef {{
 *   test: string, name: string, suite: import("./images.mjs").Suite, container: string, shell: string[], user: string,
 *   address: string, sshPort: number, httpPort: number, ports: Record<number, number>,
 *   innerName: string, innerAddress: string, hostKeyLines: string[],
 * }} Host
 *
 * What a test asks for. `password` is the sudo password of `deploy`; without one, sudo asks nothing.
 * @typedef {{
 *   test: string, name: string, suite: import("./images.mjs").Suite, kind?: import("./images.mjs").Kind,
 *   authorizedKeys: string[], password?: string, ports?: number[],
 * }} HostRequest
 */

export const label = "django-ansible-deploy.lab";
const suiteLabel = `${label}.suite`;
const certificates = "/etc/ssl/certs/ca-certificates.crt";

/** @param {string} test */
const networkOf = (test) => `dad-${test}`;

/**
 * @param {string} test
 * @param {string} name
 */
export const containerOf = (test, name) => `dad-${test}-${name}`;

/**
 * Brings a host up and waits until systemd and sshd answer.
 * @param {HostRequest} request
 * @param {(line: string) => void} [say]
 * @returns {Promise<Host>}
 */
export async function up(request, say = () => {}) {
  const { test, name } = request;
  const kind = request.kind ?? "base";
  const from = await image(request.suite, kind, say);
  await ensureNetwork(test);
  const container = containerOf(test, name);
  const ports = await start(request, container, from, kind);
  const shell = await shellOf(container, request.suite, ports[22] ?? 0);
  await settled(container, shell, ports[22] ?? 0);
  await must(shell, { input: accountScript(request) });
  return describe(test, name);
}

/**
 * What is known of a host that is up, read from the engine.
 * @param {string} test
 * @param {string} name
 * @returns {Promise<Host>}
 */
export async function describe(test, name) {
  const container = containerOf(test, name);
  const [about] = JSON.parse(await must(["docker", "inspect", container]));
  /** @type {Record<number, number>} */
  const ports = {};
  for (const [port, bindings] of Object.entries(about.HostConfig.PortBindings)) {
    ports[Number.parseInt(port, 10)] = Number(/** @type {{ HostPort: string }[]} */ (bindings)[0]?.HostPort);
  }
  const sshPort = ports[22] ?? 0;
  const suite = about.Config.Labels[suiteLabel];
  const shell = await shellOf(container, suite, sshPort);
  const keys = await must(shell, { input: "cat /etc/ssh/ssh_host_*_key.pub" });
  return {
    test,
    name,
    suite,
    container,
    shell,
    user: "deploy",
    address: "127.0.0.1",
    sshPort,
    httpPort: ports[80] ?? 0,
    ports,
    innerName: name,
    innerAddress: about.NetworkSettings.Networks[networkOf(test)].IPAddress,
    hostKeyLines: keys.split("\n").map((line) => `[127.0.0.1]:${sshPort} ${line.split(" ").slice(0, 2).join(" ")}`),
  };
}

/**
 * @param {string} container
 * @param {import("./images.mjs").Suite} suite
 * @param {number} sshPort
 */
const shellOf = async (container, suite, sshPort) =>
  suite === "own-kernel" ? kernelShell(sshPort) : ["docker", "exec", "-i", container, "sh", "-e"];

/**
 * Runs a shell script as root inside a host; the script goes by standard input, so nothing of it is in a process list.
 * @param {Host} host
 * @param {string} script
 */
export const onHost = (host, script) => must(host.shell, { input: script });

/**
 * Copies a file or folder of this machine into a host, where it is root's.
 * @param {Host} host
 * @param {string} from
 * @param {string} to
 */
export async function copyToHost(host, from, to) {
  await must(["docker", "cp", from, `${host.container}:${to}`]);
  await onHost(host, `chown -R root:root '${to}'`);
}

/**
 * Restarts the host as a reboot does: services are stopped in order, /run is empty afterwards, ports stay.
 * @param {Host} host
 */
export async function reboot(host) {
  if (host.suite === "own-kernel") await rebootKernel(host.shell);
  else await must(["docker", "restart", "--time", "60", host.container]);
  await settled(host.container, host.shell, host.sshPort);
}

/**
 * Removes every host, volume and network of a test, and nothing else.
 * @param {string} test
 */
export async function down(test) {
  const filter = ["--filter", `label=${label}=${test}`];
  const containers = words(await must(["docker", "ps", "--all", "--quiet", ...filter]));
  if (containers.length > 0) await must(["docker", "rm", "--force", "--volumes", ...containers]);
  const left = words(await must(["docker", "network", "ls", "--quiet", ...filter]));
  if (left.length > 0) await must(["docker", "network", "rm", ...left]);
  networks.delete(test);
}

/**
 * Removes everything of every test whose name begins so.
 * @param {string} prefix
 */
export async function downAll(prefix) {
  const names = `{{.Label "${label}"}}`;
  const containers = await must(["docker", "ps", "--all", "--filter", `label=${label}`, "--format", names]);
  const left = await must(["docker", "network", "ls", "--filter", `label=${label}`, "--format", names]);
  for (const test of new Set(words(`${containers}\n${left}`))) if (test.startsWith(prefix)) await down(test);
}

/** @param {string} text */
const words = (text) => text.split(/\s+/).filter((word) => word !== "");

/** @type {Map<string, Promise<void>>} */
const networks = new Map();

/**
 * The engine makes two networks of one name when it is asked twice at once, so hosts that start together share one request.
 * @param {string} test
 */
function ensureNetwork(test) {
  const made = networks.get(test) ?? makeNetwork(test);
  networks.set(test, made);
  return made;
}

/** @param {string} test */
async function makeNetwork(test) {
  const name = networkOf(test);
  if ((await run(["docker", "network", "inspect", name])).code === 0) return;
  await must(["docker", "network", "create", "--label", `${label}=${test}`, name]);
}

/**
 * @param {HostRequest} request
 * @param {string} container
 * @param {string} from
 * @param {import("./images.mjs").Kind} kind
 */
async function start(request, container, from, kind) {
  const ownKernel = request.suite === "own-kernel";
  for (let attempt = 1; ; attempt++) {
    /** @type {Record<number, number>} */
    const ports = {};
    for (const port of new Set([22, 80, ...(request.ports ?? [])])) ports[port] = await freePort();
    const made = await run([
      "docker",
      "run",
      "--detach",
      "--name",
      container,
      "--hostname",
      request.name,
      "--label",
      `${label}=${request.test}`,
      "--label",
      `${suiteLabel}=${request.suite}`,
      "--network",
      networkOf(request.test),
      "--network-alias",
      request.name,
      ...Object.entries(ports).flatMap(([inner, outer]) => ["--publish", `127.0.0.1:${outer}:${inner}`]),
      ...(ownKernel ? await kernelOptions(certificates) : systemdOptions(request.suite, kind)),
      from,
      ...(ownKernel ? kernelCommand : systemdCommand(request.suite, kind)),
    ]);
    if (made.code === 0) return ports;
    await run(["docker", "rm", "--force", "--volumes", container]);
    // Between our look and the engine's, somebody else may have taken a port.
    if (attempt === 5 || !/port is already allocated|address already in use/.test(made.stderr)) {
      throw new Error(`The host ${container} did not start: ${made.stderr.trim()}`);
    }
  }
}

/** Whether this machine's engine gives containers cgroup v2. */
const unifiedEngine = () => readFileSync("/proc/self/mounts", "utf8").includes("cgroup2 /sys/fs/cgroup ");

/**
 * What systemd needs to be the first process of a container that is not privileged.
 * @param {import("./images.mjs").Suite} suite
 * @param {import("./images.mjs").Kind} kind
 */
function systemdOptions(suite, kind) {
  return [
    ...(existsSync(certificates) ? ["--volume", `${certificates}:${certificates}:ro`] : []),
    ...(kind === "engine" ? ["--volume", "/var/lib/docker"] : []),
    "--cap-add",
    "SYS_ADMIN",
    "--cap-add",
    "NET_ADMIN",
    "--cap-add",
    "SYS_PTRACE",
    "--security-opt",
    "seccomp=unconfined",
    "--security-opt",
    "apparmor=unconfined",
    "--tmpfs",
    "/run",
    "--tmpfs",
    "/run/lock",
    "--stop-signal",
    "SIGRTMIN+3",
    "--env",
    "container=docker",
    ...(unifiedEngine() || unifiedSuites.has(suite)
      ? ["--cgroupns", "private"]
      : ["--volume", "/sys/fs/cgroup:/sys/fs/cgroup:rw", "--env", "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"]),
  ];
}

/**
 * As on a host of its own, what systemd mounts for a service later (credentials) has to reach the others. The engine mounts
 * a private cgroup tree read-only, where systemd has to write; one of v1 is replaced by v2 (without controllers: limits of
 * memory and tasks are void there). Its Docker, which has no setting for a kernel whose IPv6 it cannot switch off, does so.
 * @param {import("./images.mjs").Suite} suite
 * @param {import("./images.mjs").Kind} kind
 */
function systemdCommand(suite, kind) {
  const v2 = unifiedEngine()
    ? "mount -o remount,rw /sys/fs/cgroup && "
    : "umount -R /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && ";
  const cgroups = unifiedEngine() || unifiedSuites.has(suite) ? v2 : "";
  const settings = kind === "engine" && unifiedSuites.has(suite) ? "mount -o remount,rw /proc/sys && " : "";
  return ["/bin/sh", "-c", `mount --make-rshared / && ${cgroups}${settings}exec /lib/systemd/systemd`];
}

/**
 * @param {string} container
 * @param {string[]} shell
 * @param {number} sshPort
 */
async function settled(container, shell, sshPort) {
  // A kernel of its own starts slower than a container.
  await until(`The start of ${container}`, shell[0] === "ssh" ? 240 : 60, async () => {
    const state = (await run(shell, { input: "systemctl is-system-running", timeout: 20_000 })).stdout.trim();
    return state === "running" || state === "degraded" ? state : undefined;
  });
  await until(`An answer of sshd on ${container}`, 30, async () =>
    (await banner(sshPort)).startsWith("SSH-2.0") ? true : undefined,
  );
}

/**
 * The first bytes that a loopback port sends, or nothing.
 * @param {number} port
 * @returns {Promise<string>}
 */
function banner(port) {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, timeout: 2000 });
    const end = (text = "") => {
      socket.destroy();
      resolve(text);
    };
    socket.on("data", (data) => end(data.toString("latin1")));
    socket.on("error", () => end());
    socket.on("close", () => end());
    socket.on("timeout", () => end());
  });
}

/** A free loopback port below those that the kernel hands out, so that it stays free across a reboot of its host. */
async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await isFree(port)) return port;
    await sleep(1);
  }
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** @param {HostRequest} request */
function accountScript({ authorizedKeys, password }) {
  const rule = password === undefined ? "deploy ALL=(ALL:ALL) NOPASSWD: ALL" : "deploy ALL=(ALL:ALL) ALL";
  return `
install -d -m 0700 -o deploy -g deploy /home/deploy/.ssh
cat > /home/deploy/.ssh/authorized_keys <<'KEYS'
${authorizedKeys.join("\n")}
KEYS
chown deploy:deploy /home/deploy/.ssh/authorized_keys
chmod 0600 /home/deploy/.ssh/authorized_keys
echo '${rule}' > /etc/sudoers.d/deploy
chmod 0440 /etc/sudoers.d/deploy
${password === undefined ? "" : `chpasswd <<'ACCOUNT'\ndeploy:${password}\nACCOUNT`}
`;
}
