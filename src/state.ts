import * as core from "@actions/core";

/** What main leaves for post: paths only, never a secret. */
export interface State {
  /** The private folder under RUNNER_TEMP; "" when none was created. */
  readonly privateFolder: string;
  /** The folder of SSH's control sockets; "" when none was created. */
  readonly controlFolder: string;
}

/** Saves a path as soon as it exists, so that post finds it even when main is killed. */
export function saveState(name: keyof State, path: string): void {
  core.saveState(name, path);
}

export function loadState(): State {
  return { privateFolder: core.getState("privateFolder"), controlFolder: core.getState("controlFolder") };
}
