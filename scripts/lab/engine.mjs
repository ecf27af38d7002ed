import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./folders.mjs";
import { must, run, sleep, which } from "./shell.mjs";

/** Something this machine lacks and does not let us install. The message is one sentence for a person. */
export class LabUnavailable extends Error {}

/** Where the engine keeps its log when we had to start it ourselves. */
export const engineLog = join(cacheFolder, "dockerd.log");

const packageOf = {
  chromium: "chromium",
  go: "golang-go",
  dockerd: "docker.io",
  docker: "docker-cli",
  iptables: "iptables",
  mmdebstrap: "mmdebstrap",
  git: "git",
  ssh: "openssh-client",
  "ssh-keygen": "openssh-client",
};

/**
 * Makes the commands exist, by apt where that is possible, and says so before it does.
 * @param {(keyof typeof packageOf)[]} commands
 * @param {(line: string) => void} say
 */
export async function ensureCommands(commands, say) {
  const missing = commands.filter((command) => which(command) === undefined);
  await ensurePackages([...new Set(missing.map((command) => packageOf[command]))], say);
}

/**
 * @param {string[]} packages
 * @param {(line: string) => void} say
 */
export async function ensurePackages(packages, say) {
  if (packages.length === 0) return;
  const list = packages.join(", ");
  if (which("apt-get") === undefined) {
    throw new LabUnavailable(`This machine lacks ${list} and has no apt-get; install them by hand and start again.`);
  }
  const root = await asRoot(
    `This machine lacks ${list}, and only root can install them: run \`apt-get install ${packages.join(" ")}\` as root and start again.`,
  );
  say(`Installing ${list} with apt-get.`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await must([...root, "apt-get", "update", "-qq"], { env });
  await must([...root, "apt-get", "install", "-qq", "--yes", "--no-install-recommends", ...packages], { env });
}

/**
 * A Python and something that installs packages into it, which the action needs on a runner: uv or pip.
 * @param {(line: string) => void} say
 */
export async function ensurePython(say) {
  if (which("python3") === undefined) await ensurePackages(["python3", "python3-pip"], say);
  else if (which("uv") === undefined && (await run(["python3", "-m", "pip", "--version"])).code !== 0) {
    await ensurePackages(["python3-pip"], say);
  }
}

/**
 * What has to stand before a command for it to run as root: nothing, or a sudo that asks nothing.
 * @param {string} otherwise
 */
async function asRoot(otherwise) {
  if (process.getuid?.() === 0) return [];
  const sudo = ["sudo", "-n"];
  if ((await run([...sudo, "true"])).code === 0) return sudo;
  throw new LabUnavailable(otherwise);
}

/** Whether a Docker engine answers. */
export async function engineAnswers() {
  return (await run(["docker", "version", "--format", "{{.Server.Version}}"], { timeout: 20_000 })).code === 0;
}

/**
 * A Docker engine that answers: the machine's own, or one that we install and start.
 * @param {(line: string) => void} say
 */
export async function ensureEngine(say) {
  if (await engineAnswers()) return;
  await ensureCommands(["dockerd", "iptables"], say);
  // Debian 13 has the client in a package of its own, older ones have it beside the engine.
  await ensureCommands(["docker"], say);
  const root = await asRoot("The Docker engine of this machine does not answer, and only root can start it.");
  if (existsSync("/run/systemd/system")) {
    say("Starting the Docker engine.");
    await run([...root, "systemctl", "start", "docker"]);
  } else {
    say(`Starting dockerd in the background (log: ${engineLog}); it stays up after this command.`);
    startDaemon([...root, which("dockerd") ?? "dockerd"]);
  }
  for (let attempt = 0; attempt < 60; attempt++) {
    if (await engineAnswers()) return;
    await sleep(1000);
  }
  throw new LabUnavailable(
    `The Docker engine did not answer within a minute of its start; its log (${engineLog}) says why.`,
  );
}

/** @param {string[]} argv */
function startDaemon([command = "", ...args]) {
  mkdirSync(cacheFolder, { recursive: true });
  const log = openSync(engineLog, "a");
  // Where it is a container that runs this, the kernel may have no IPv6 to switch off.
  const env = { ...process.env, DOCKER_ALLOW_IPV6_ON_IPV4_INTERFACE: "1" };
  spawn(command, args, { detached: true, stdio: ["ignore", log, log], env })
    .on("error", () => {})
    .unref();
}
