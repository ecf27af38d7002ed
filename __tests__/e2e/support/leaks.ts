import { type Dirent, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { cacheFolder } from "../../../scripts/lab/index.mjs";
import type { WorkflowRun } from "./act.js";
import type { Trial } from "./trial.js";

/** Where secrets of a run are that should be nowhere: in the log, in a command line, or in a file on the runner. */
export function findLeaks(trial: Trial, run: WorkflowRun, more: string[] = []): string[] {
  const wanted = [...run.secrets, ...more].flatMap(fragments);
  const inText = (text: string): boolean => wanted.some((fragment) => text.includes(fragment));
  const inFile = (file: string): boolean => inText(contents(file));
  const shared = [tmpdir(), join(userInfo().homedir, ".ssh"), join(userInfo().homedir, ".ansible")];
  return [
    ...run.log
      .split("\n")
      .filter(inText)
      .map((line) => `log: ${line}`),
    ...(inText(run.summary) ? ["job summary"] : []),
    ...(inText(JSON.stringify(run.outputs)) ? ["outputs"] : []),
    ...run.argumentLeaks.map((line) => `command line: ${line}`),
    ...[run.kept.temp, run.kept.workspace, trial.home, trial.temp, join(cacheFolder, "e2e", "runner", "tool_cache")]
      .flatMap((folder) => files(folder))
      .filter(inFile),
    ...shared
      .flatMap((folder) => files(folder, (path) => path.startsWith(join(tmpdir(), "dad-")) || isElsewhere(path)))
      .filter((file) => changedSince(file, trial.started) && inFile(file)),
  ];
}

/** What of the action's own files is left in the runner's temporary folders: there should be nothing. */
export function leftovers(trial: Trial, run: WorkflowRun): string[] {
  return [run.kept.temp, trial.temp].flatMap((folder) =>
    existsSync(folder) ? readdirSync(folder) : [`${folder} was not kept`],
  );
}

/** The pieces of a secret that give it away: the whole, each of its longer lines, and the forms it travels in. */
export function fragments(secret: string): string[] {
  const lines = secret.split(/\r?\n/).filter((line) => line.length >= 8 && !inEveryKey.test(line));
  const whole = secret.includes("\n") ? [] : [secret];
  return [...whole, ...lines, ...whole.map((text) => Buffer.from(text).toString("base64").replace(/=+$/, ""))].filter(
    (text) => text.length >= 6,
  );
}

/** The first and last line of a private key, and the one that says how it is not encrypted. */
const inEveryKey = /^-----|^b3BlbnNzaC1rZXktdjEAAAA/;

/** A file system of its own, such as the /proc of a system that is being made there: reading that may never end. */
function isElsewhere(path: string): boolean {
  try {
    return statSync(path).dev !== statSync(tmpdir()).dev;
  } catch {
    return true;
  }
}

function files(folder: string, skip: (path: string) => boolean = () => false): string[] {
  return list(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (skip(path)) return [];
    if (entry.isDirectory()) return files(path, skip);
    return entry.isFile() ? [path] : [];
  });
}

function list(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Other tests and programs work in some of the folders too, so a file may be gone before it is read. */
function contents(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

function changedSince(file: string, time: number): boolean {
  try {
    const { mtimeMs, size } = statSync(file);
    return mtimeMs >= time && size < 10_000_000;
  } catch {
    return false;
  }
}
