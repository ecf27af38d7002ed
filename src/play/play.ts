import { randomUUID } from "node:crypto";
import * as core from "@actions/core";
import { ansibleArguments } from "../ansible/arguments.js";
import { parseEvents, type RunEvent } from "../ansible/events.js";
import { FollowedFile } from "../ansible/follow.js";
import { LogLines } from "../ansible/log.js";
import { Progress } from "../ansible/progress.js";
import { keysIntoAgent } from "../connection/identity.js";
import { type ProcessResult, runProcess } from "../process/run.js";
import { redactEvents } from "../report/redact.js";
import { giveBack } from "./cancel.js";
import type { Play } from "./prepare.js";

/** How a run ended and what happened in it. */
export interface PlayResult extends ProcessResult {
  readonly events: readonly RunEvent[];
}

/** Runs Ansible and shows its output as it comes. */
export async function play(run: Play): Promise<PlayResult> {
  const argv = ansibleArguments(run.inputs, run.files);
  core.debug(run.redact(`Starting ${JSON.stringify(argv)} in ${run.project.folder}`));
  const write = (line: string) => process.stdout.write(`${run.redact(line)}\n`);
  const groups = { startGroup: core.startGroup, endGroup: core.endGroup, write };
  const log = new LogLines(groups, randomUUID(), run.playMarker);
  const ticks = tellProgress(run.eventsFile, (line) => log.say(line));
  // Ansible has read its secrets by then; a connection that is still to be made gets its key from the agent.
  const ended = new Promise<void>((resolve) => {
    run.signal.addEventListener("abort", () => resolve(keysIntoAgent(run.identity)), { once: true });
  });
  try {
    const result = await runProcess(argv, {
      cwd: run.project.folder,
      env: run.env,
      signal: run.signal,
      onOutput: (stream, chunk) => log.push(stream, chunk),
    });
    if (run.signal.aborted) {
      await ended;
      await giveBack(run);
    }
    const events = parseEvents(new FollowedFile(run.eventsFile).read());
    return {
      ...result,
      stderr: run.redact(result.stderr),
      events: redactEvents(events, run.redact),
    };
  } finally {
    clearInterval(ticks);
    log.end();
  }
}

/** Tells how far long tasks are, while they run. */
function tellProgress(eventsFile: string, say: (line: string) => void): NodeJS.Timeout {
  const file = new FollowedFile(eventsFile);
  const progress = new Progress();
  return setInterval(() => {
    progress.take(parseEvents(file.read()));
    const line = progress.line(Date.now() / 1000);
    if (line !== undefined) say(line);
  }, 1_000);
}
