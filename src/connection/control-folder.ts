import { existsSync, mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { helperEnvironment } from "../process/program-environment.js";
import { run } from "../process/run.js";
import { entriesIn, readBytes, readText } from "../read-file.js";
import { removeFolder } from "../remove.js";

/** Name of the folders created for sockets; clean-up removes nothing else. */
export const CONTROL_PREFIX = "dad-";

/** The socket of the action's own agent, and the file with its process id. */
export const AGENT_SOCKET = "agent";
export const AGENT_PID = "agent.pid";

/** Bytes of the longest parent: a socket's path may have about 100, and ssh adds 28 for its name while it is made. */
const LONGEST_PARENT = 60;

/**
 * A fresh folder, mode 0700, for the sockets of SSH's shared connections. Not in RUNNER_TEMP, since self-hosted runners
 * live in deep folders; nor in TMPDIR where that is missing, deep or has what an ssh option does not take.
 */
export function createControlFolder(temporary: string = tmpdir()): string {
  const parent = existsSync(temporary) ? realpathSync(temporary) : "";
  const isFit = Buffer.byteLength(parent) <= LONGEST_PARENT && /^[\w./-]+$/.test(parent);
  return mkdtempSync(join(isFit ? parent : "/tmp", CONTROL_PREFIX));
}

/**
 * Ends the agent and the shared connections and removes the folder. Safe to call twice.
 *
 * An open connection would keep the hosts reachable for whoever uses the runner next, until ControlPersist ends it.
 */
export async function closeConnections(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  const sockets = entriesIn({ path: folder, name: "The folder of connections" }).map(({ name }) => name);
  await stopAgent(folder);
  await Promise.allSettled(
    sockets
      .filter((name) => name !== AGENT_SOCKET && name !== AGENT_PID)
      .map((socket) => run(["ssh", "-O", "exit", "-o", `ControlPath=${join(folder, socket)}`, "x"], helper(2_000))),
  );
  removeFolder(folder);
}

const helper = (timeout: number) => ({ env: helperEnvironment(process.env), timeout });

/** Ends the agent whose socket is in the folder, unless another process has its id by now. */
async function stopAgent(folder: string): Promise<void> {
  let pid: number;
  try {
    pid = Number(readText({ path: join(folder, AGENT_PID), name: AGENT_PID }));
  } catch {
    return;
  }
  if (!Number.isInteger(pid) || pid <= 1) return;
  if (!(await commandLine(pid)).includes(join(folder, AGENT_SOCKET))) return;
  try {
    process.kill(pid);
  } catch {
    // It ended on its own.
  }
}

/** The arguments of a process; "" when there is none. Linux needs no program for it. */
async function commandLine(pid: number): Promise<string> {
  try {
    return readBytes({ path: `/proc/${pid}/cmdline`, name: "cmdline" }).toString();
  } catch {
    return (await run(["ps", "-o", "args=", "-p", String(pid)], helper(2_000))).stdout;
  }
}
