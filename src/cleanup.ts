import { existsSync, rmSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import * as core from "@actions/core";
import { CONTROL_PREFIX, closeConnections } from "./connection/control-folder.js";
import { messageOf } from "./errors.js";
import { PRIVATE_PREFIX } from "./secrets/private-folder.js";
import { loadState, type State } from "./state.js";

/** How often post looks whether the private folder of a run that was killed stays away, and the milliseconds between. */
const LOOKS = 20;
const BETWEEN_LOOKS = 300;

/** The post step: removes what a run left, also one that was killed. Safe to run twice; warns, never fails. */
export async function cleanUp(): Promise<void> {
  const state = loadState();
  // An Ansible whose step was killed runs on until it finds that nobody reads what it says, and may write into the folder again.
  for (let look = 0; look < LOOKS && isPrivate(state.privateFolder) && existsSync(state.privateFolder); look++) {
    try {
      removePrivateFolder(state.privateFolder);
    } catch {
      // What writes there still may end by the next look; the last word is below.
    }
    await pause(BETWEEN_LOOKS);
  }
  await removeTraces(state);
}

const isPrivate = (path: string): boolean => basename(path).startsWith(PRIVATE_PREFIX);

function removePrivateFolder(path: string): void {
  if (isPrivate(path)) rmSync(path, { recursive: true, force: true, maxRetries: 3 });
}

/** Removes the private folder first, then the shared connections. Warns where that fails. */
export async function removeTraces(state: State): Promise<void> {
  try {
    removePrivateFolder(state.privateFolder);
  } catch (error) {
    core.warning(`The private folder ${state.privateFolder} was not removed: ${messageOf(error)}`);
  }
  try {
    if (basename(state.controlFolder).startsWith(CONTROL_PREFIX)) await closeConnections(state.controlFolder);
  } catch (error) {
    core.warning(`The connections in ${state.controlFolder} were not closed: ${messageOf(error)}`);
  }
}
