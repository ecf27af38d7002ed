import { expect } from "vitest";
import type { WorkflowRun } from "./act.js";
import { findLeaks, leftovers } from "./leaks.js";
import type { Trial } from "./trial.js";

/** The run went through, and its outputs count the hosts as given. */
export function expectSuccess(run: WorkflowRun, counts: { total: number; changed: string[] }): void {
  expect(run.code, run.log).toBe(0);
  expect(run.outputs).toMatchObject({
    status: "succeeded",
    "total-hosts": String(counts.total),
    "ok-hosts": String(counts.total),
    "changed-hosts": String(counts.changed.length),
    "changed-host-names": JSON.stringify(counts.changed),
    "failed-hosts": "0",
    "unreachable-hosts": "0",
  });
}

/** The step failed with that sentence as its error, and its outputs tell which hosts were to blame. */
export function expectFailure(
  run: WorkflowRun,
  sentence: RegExp,
  blamed: { failed?: string[]; unreachable?: string[]; rolledBack?: boolean },
): void {
  const { failed = [], unreachable = [], rolledBack = false } = blamed;
  expect(run.code, run.log).not.toBe(0);
  expect(errors(run).join("\n")).toMatch(sentence);
  expect(run.outputs).toMatchObject({
    status: rolledBack ? "rolled-back" : "failed",
    "rolled-back": String(rolledBack),
    "failed-hosts": String(failed.length),
    "failed-host-names": JSON.stringify(failed),
    "unreachable-hosts": String(unreachable.length),
    "unreachable-host-names": JSON.stringify(unreachable),
  });
}

/** Nothing secret and no file of the action's own is left on the runner or in what the run showed, but those that outputs name. */
export function expectNoTraces(trial: Trial, run: WorkflowRun, moreSecrets: string[] = []): void {
  expect(findLeaks(trial, run, moreSecrets)).toEqual([]);
  expect(
    leftovers(trial, run).filter((name) => !/^deploy-(summary-[\w-]+\.md|output-[\w-]+\.txt)$/.test(name)),
  ).toEqual([]);
}

/** The errors that a reader of the job sees at its top. */
function errors(run: WorkflowRun): string[] {
  return run.log.split("\n").filter((line) => /::error\b/.test(line));
}
