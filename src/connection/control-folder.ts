import { mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { capture } from "../command.js";

/** Name of the folders created for sockets; clean-up removes nothing else. */
export const CONTROL_PREFIX = "dad-";

/**
 * A fresh folder, mode 0700, for the sockets of SSH's shared connections. Not in RUNNER_TEMP: a socket's path may have
 * about 100 bytes, and self-hosted runners live in deep folders.
 */
export function createControlFolder(): string {
  return mkdtempSync(join(realpathSync(tmpdir()), CONTROL_PREFIX));
}

/**
 * Ends the shared connections and removes the folder. Safe to call twice.
 *
 * An open connection would keep the hosts reachable for whoever uses the runner next, until ControlPersist ends it.
 */
export async function closeConnections(folder: string): Promise<void> {
  let sockets: string[] = [];
  try {
    sockets = readdirSync(folder);
  } catch {
    return;
  }
  await Promise.allSettled(
    sockets.map((socket) =>
      capture(["ssh", "-O", "exit", "-o", `ControlPath=${join(folder, socket)}`, "x"], { timeout: 2_000 }),
    ),
  );
  rmSync(folder, { recursive: true, force: true });
}
