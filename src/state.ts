import * as core from "@actions/core";
import { DeployError, messageOf } from "./errors.js";

/** What main leaves for post: paths only, never a secret. */
export interface State {
  /** The private folder under RUNNER_TEMP; "" when none was created. */
  readonly privateFolder: string;
  /** The folder of SSH's control sockets; "" when none was created. */
  readonly controlFolder: string;
  /** Folders in the tool cache that are filled at the moment, each of them absolute. */
  readonly workFolders: readonly string[];
}

/** Saves a path as soon as it exists, so that post finds it even when main is killed. */
export function saveState(name: "privateFolder" | "controlFolder", path: string): void {
  save(name, path);
}

/** @throws DeployError: without its state, post would not clean up. */
function save(name: keyof State, text: string): void {
  try {
    core.saveState(name, text);
  } catch (error) {
    const missing = error instanceof Error && error.message.startsWith("Missing file");
    const cause = missing ? "it does not exist" : messageOf(error);
    throw new DeployError(
      `The runner's file GITHUB_STATE could not be written: ${cause}. Make room on the runner's disk, or start the runner anew.`,
    );
  }
}

/** Folders in the tool cache that were filled in this run; those that are done are gone. */
export const workFolders: string[] = [];

/** Saves one more folder that would be left half-filled when main is killed. */
export function saveWorkFolder(path: string): void {
  workFolders.push(path);
  save("workFolders", JSON.stringify(workFolders));
}

export function loadState(): State {
  return {
    privateFolder: core.getState("privateFolder"),
    controlFolder: core.getState("controlFolder"),
    workFolders: pathsIn(core.getState("workFolders")),
  };
}

function pathsIn(text: string): string[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.filter((path) => typeof path === "string") : [];
  } catch {
    return [];
  }
}
