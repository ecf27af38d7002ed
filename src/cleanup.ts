import { existsSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { warn } from "./announce.js";
import { CONTROL_PREFIX, closeConnections } from "./connection/control-folder.js";
import { messageOf } from "./errors.js";
import { removeFolder } from "./remove.js";
import { PRIVATE_PREFIX } from "./secrets/private-folder.js";
import { loadState, type State } from "./state.js";
import { isWorkFolder } from "./toolchain/tool-folder.js";

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
  removeSecrets(state);
  removeWork(state);
  await removeConnections(state);
}

const isPrivate = (path: string): boolean => basename(path).startsWith(PRIVATE_PREFIX);

function removePrivateFolder(path: string): void {
  if (isPrivate(path)) removeFolder(path);
}

/** Removes the private folder. Warns where that fails. */
export function removeSecrets({ privateFolder }: Pick<State, "privateFolder">): void {
  try {
    removePrivateFolder(privateFolder);
  } catch (error) {
    warn(`The private folder ${privateFolder} was not removed: ${messageOf(error)}`);
  }
}

/** Ends the agent and the shared connections. Warns where that fails. */
export async function removeConnections({ controlFolder }: Pick<State, "controlFolder">): Promise<void> {
  try {
    if (basename(controlFolder).startsWith(CONTROL_PREFIX)) await closeConnections(controlFolder);
  } catch (error) {
    warn(`The connections in ${controlFolder} were not closed: ${messageOf(error)}`);
  }
}

/** Removes the folder of the shared connections at once, whether they have ended or not. */
export function removeControlFolder({ controlFolder }: Pick<State, "controlFolder">): void {
  if (basename(controlFolder).startsWith(CONTROL_PREFIX)) removeFolder(controlFolder);
}

/** Removes what an installation that was killed left half-filled in the tool cache. */
export function removeWork({ workFolders }: Pick<State, "workFolders">): void {
  for (const folder of workFolders.filter(isWorkFolder)) {
    try {
      removeFolder(folder);
    } catch (error) {
      warn(`The folder ${folder} in the tool cache was not removed: ${messageOf(error)}`);
    }
  }
}
