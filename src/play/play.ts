import { randomUUID } from "node:crypto";
import * as core from "@actions/core";
import { debug, resumeCommands, stopCommands, warn } from "../announce.js";
import { ansibleArguments, playbookWords } from "../ansible/arguments.js";
import { parseEvents, type RunEvent } from "../ansible/events.js";
import { FollowedFile } from "../ansible/follow.js";
import { LogLines } from "../ansible/log.js";
import { Progress } from "../ansible/progress.js";
import { messageOf } from "../errors.js";
import type { Ended } from "../process/run.js";
import { Stopped } from "../process/stop.js";
import { readPiece } from "../read-file.js";
import { redactEvents } from "../report/redact.js";
import { Cancel } from "./cancel.js";
import type { Play } from "./play-parts.js";

/** How a run ended and what happened in it. */
export interface PlayResult extends Ended {
  readonly events: readonly RunEvent[];
  /** What the operation was asked to print, without secrets; "" when that is nothing. */
  readonly printed: string;
}

/**
 * Runs Ansible and shows its output as it comes. A run that is ended meanwhile gives back what it holds.
 *
 * @throws Stopped when the run was to end before Ansible started.
 */
export async function play(run: Play): Promise<PlayResult> {
  if (run.signal.aborted) throw new Stopped();
  const cancel = new Cancel(run);
  const result = await runAnsible(run);
  if (run.signal.aborted) await cancel.finish();
  return { ...result, stderr: run.redact(result.stderr), events: eventsOf(run), printed: printedBy(run) };
}

async function runAnsible(run: Play): Promise<Ended> {
  const argv = ansibleArguments(run.inputs, run.files);
  debug(run.redact(`Starting ${JSON.stringify(argv)} in ${run.project.folder}`));
  const write = (line: string) => process.stdout.write(`${run.redact(line)}\n`);
  const groups = { startGroup: core.startGroup, endGroup: core.endGroup };
  const log = new LogLines(
    { ...groups, stop: stopCommands, resume: resumeCommands, write },
    randomUUID(),
    run.playMarker,
  );
  const ticks = tellProgress(run.eventsFile, (line) => log.say(line));
  try {
    return await run.ansible.waiting.goOn(playbookWords(run.inputs, run.files), {
      cwd: run.project.folder,
      env: run.env,
      onOutput: (stream, chunk) => log.push(stream, chunk),
    });
  } finally {
    clearInterval(ticks);
    log.end();
  }
}

/** Strangers may give as many wrong values as they like. */
const MOST_NOTES = 5;

/** What happened, without secrets. A file that cannot be read costs the details, never the outcome. */
function eventsOf({ eventsFile, redact }: Play): RunEvent[] {
  try {
    const notes = new Set<string>();
    const events = [...new FollowedFile(eventsFile).pieces()].flatMap((lines) =>
      parseEvents(lines, (note) => notes.add(note)),
    );
    for (const note of [...notes].slice(0, MOST_NOTES)) warn(redact(note));
    return redactEvents(events, redact);
  } catch (error) {
    warn(redact(`What happened on the hosts could not be read: ${messageOf(error)}`));
    return [];
  }
}

/** Bytes of what an operation prints that are read at most. */
const MOST_PRINTED = 16 * 1024 * 1024;

function printedBy({ outputFile, redact }: Play): string {
  try {
    const place = { path: outputFile, name: "The file of what was printed" };
    return redact(readPiece(place, 0, MOST_PRINTED).toString("utf8"));
  } catch {
    return ""; // Nothing was.
  }
}

/** Tells how far long tasks are, while they run. */
function tellProgress(eventsFile: string, say: (line: string) => void): NodeJS.Timeout {
  const file = new FollowedFile(eventsFile);
  const progress = new Progress();
  const ticks = setInterval(() => {
    try {
      progress.take(parseEvents(file.read()));
      const line = progress.line(Date.now() / 1000);
      if (line !== undefined) say(line);
    } catch {
      // A run is not ended for want of a line about how far it is.
      clearInterval(ticks);
    }
  }, 1_000);
  return ticks;
}
