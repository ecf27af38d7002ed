import type { ChildProcess } from "node:child_process";
import { cpSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { type ActionResult, cacheFolder, type Host, runAction } from "../../../scripts/lab/index.mjs";
import { actionCopy } from "./action-copy.js";
import { knownHosts } from "./inventory.js";
import type { Project } from "./project.js";
import type { Trial } from "./trial.js";

export interface DeployRequest {
  inputs?: Record<string, string>;
  /** The workflow run, and which attempt of it this is. */
  run?: string;
  attempt?: number;
  /** What the job's environment has beside the usual. */
  env?: NodeJS.ProcessEnv;
  /** Folder of the run's own files. */
  folder?: string;
  say?: (line: string) => void;
  /** Gets the process of the action's main step. */
  onStart?: (step: ChildProcess) => void;
}

/** Runs the action's bundle as a runner does, without a workflow around it. The project's inventory is inventory/hosts.yml. */
export function directly(
  trial: Trial,
  project: Project,
  hosts: Host[],
  from: string = actionCopy,
): (request?: DeployRequest) => Promise<ActionResult> {
  // A copy of this trial's own: another test run may renew the common one meanwhile.
  const action = mkdtempSync(join(trial.folder, "action-"));
  cpSync(from, action, { recursive: true, verbatimSymlinks: true });
  return ({ inputs, run, attempt, env, folder, say, onStart } = {}) =>
    runAction({
      action,
      project: project.folder,
      folder: folder ?? mkdtempSync(join(trial.folder, "run-")),
      toolCache: join(cacheFolder, "test-tool-cache"),
      inputs: {
        "inventory-file": "inventory/hosts.yml",
        "ssh-private-key": trial.key.text,
        "known-hosts": knownHosts(hosts),
        ...inputs,
      },
      env: {
        ...env,
        ...(run === undefined ? {} : { GITHUB_RUN_ID: run }),
        ...(attempt === undefined ? {} : { GITHUB_RUN_ATTEMPT: String(attempt) }),
      },
      ...(onStart === undefined ? {} : { onStart }),
      say: (line) => {
        if (process.env.DAD_SHOW_LOG !== undefined) console.log(line);
        say?.(line);
      },
    });
}

/** The step failed with that sentence as an error, whether or not a host had to go back. */
export function expectRefused(result: ActionResult, sentence: RegExp): void {
  expect(["failed", "rolled-back"], result.log).toContain(result.outputs.status);
  expect(
    result.log
      .split("\n")
      .filter((line) => line.startsWith("Error: "))
      .join("\n"),
  ).toMatch(sentence);
}
