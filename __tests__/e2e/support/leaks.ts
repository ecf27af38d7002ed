import { spawnSync } from "node:child_process";
import { type Dirent, existsSync, readdirSync, readFileSync } from "node:fs";
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
    ...shared.flatMap((folder) => changedFiles(folder, trial.started)).filter(inFile),
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

function files(folder: string): string[] {
  return list(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return files(path);
    return entry.isFile() ? [path] : [];
  });
}

/** Files below 10 MB that were changed since; without the tests' own folders, and without what is mounted in the folder. */
function changedFiles(folder: string, time: number): string[] {
  const own = ["-path", join(tmpdir(), "dad-*"), "-prune", "-o"];
  const wanted = ["-type", "f", "-newermt", `@${time / 1000}`, "-size", "-10M", "-print0"];
  // Others work there too: find complains of what is gone when it comes to it.
  return spawnSync("find", [folder, "-xdev", ...own, ...wanted], { encoding: "utf8", maxBuffer: 100_000_000 })
    .stdout.split("\0")
    .filter((file) => file !== "");
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
