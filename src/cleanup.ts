import { rmSync } from "node:fs";
import { basename } from "node:path";
import * as core from "@actions/core";
import { CONTROL_PREFIX, closeConnections } from "./connection/control-folder.js";
import { messageOf } from "./errors.js";
import { PRIVATE_PREFIX } from "./secrets/private-folder.js";
import { loadState, type State } from "./state.js";

/** The post step: removes what a run left, also one that was killed. Safe to run twice; warns, never fails. */
export async function cleanUp(): Promise<void> {
  await removeTraces(loadState());
}

/** Removes the private folder first, then the shared connections. Warns where that fails. */
export async function removeTraces(state: State): Promise<void> {
  try {
    if (basename(state.privateFolder).startsWith(PRIVATE_PREFIX)) {
      rmSync(state.privateFolder, { recursive: true, force: true, maxRetries: 3 });
    }
  } catch (error) {
    core.warning(`The private folder ${state.privateFolder} was not removed: ${messageOf(error)}`);
  }
  try {
    if (basename(state.controlFolder).startsWith(CONTROL_PREFIX)) await closeConnections(state.controlFolder);
  } catch (error) {
    core.warning(`The connections in ${state.controlFolder} were not closed: ${messageOf(error)}`);
  }
}
