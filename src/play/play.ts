import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import * as core from "@actions/core";
import { ansibleArguments, type RunFiles } from "../ansible/arguments.js";
import { ansibleEnvironment } from "../ansible/environment.js";
import { parseEvents, type RunEvent } from "../ansible/events.js";
import { FollowedFile } from "../ansible/follow.js";
import { LogLines } from "../ansible/log.js";
import { Progress } from "../ansible/progress.js";
import { type Identity, keysIntoAgent } from "../connection/identity.js";
import type { Inputs } from "../inputs/inputs.js";
import { type ProcessResult, runProcess } from "../process/run.js";
import type { Project } from "../project/inspect.js";
import { redactEvents } from "../report/redact.js";
import type { PrivateFolder } from "../secrets/private-folder.js";
import type { GalaxyFolders } from "../toolchain/galaxy.js";
import type { Ansible } from "../toolchain/store.js";
import type { PreparedFiles } from "./run-files.js";

/** All that one run of ansible-playbook needs. */
export interface PlayParts {
  readonly inputs: Inputs;
  readonly project: Project;
  readonly files: PreparedFiles;
  readonly identity: Identity;
  readonly folder: PrivateFolder;
  readonly controlFolder: string;
  readonly ansible: Ansible;
  readonly galaxy: GalaxyFolders | undefined;
  /** Folder of action.yml. */
  readonly actionRoot: string;
  readonly redact: (text: string) => string;
  readonly signal: AbortSignal;
}

/** A run that can be started: what every program of Ansible that belongs to it is started with. */
export interface Play extends PlayParts {
  readonly files: PreparedFiles & RunFiles;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly eventsFile: string;
  /** What the callback prints before the name of a play. */
  readonly playMarker: string;
}

/** How a run ended and what happened in it. */
export interface PlayResult extends ProcessResult {
  readonly events: readonly RunEvent[];
}

/** Makes a run's environment. */
export function preparePlay(parts: PlayParts): Play {
  const eventsFile = join(parts.folder.path, "events.jsonl");
  const playMarker = randomUUID();
  const env = ansibleEnvironment({
    job: process.env,
    actionRoot: parts.actionRoot,
    project: parts.project,
    checking: parts.inputs.hostKeyChecking,
    bundled: parts.project.playbook === "",
    inventoryFolder: parts.files.inventories.some((path) => statSync(path).isDirectory()),
    temporary: parts.folder.folder("tmp"),
    galaxy: parts.galaxy,
    controlFolder: parts.controlFolder,
    sshConfig: parts.files.sshConfig,
    standInVaultPassword: parts.files.standInVaultPassword,
    events: eventsFile,
    playMarker,
    python: parts.ansible.python,
  });
  return { ...parts, files: { ...parts.files, python: parts.ansible.python }, env, eventsFile, playMarker };
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
    const events = existsSync(run.eventsFile) ? parseEvents(readFileSync(run.eventsFile, "utf8")) : [];
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

/** Milliseconds for giving back: GitHub kills a cancelled step 10 s after its first signal. */
const GIVE_BACK_LIMIT = 4_500;

/**
 * After a run that was ended early: the hosts go back and the deploy lock goes, so that nobody has to by hand. The files
 * with secrets go as soon as Ansible has read them.
 */
async function giveBack(run: Play): Promise<void> {
  const { cancelPlaybook } = run.files;
  if (cancelPlaybook === "") return;
  const argv = ansibleArguments(run.inputs, { ...run.files, playbook: cancelPlaybook });
  let output = "";
  const result = await runProcess(argv, {
    cwd: run.project.folder,
    env: run.env,
    signal: AbortSignal.timeout(GIVE_BACK_LIMIT),
    onOutput: (_, chunk) => {
      output = (output + chunk).slice(-OUTPUT_END);
      if (output.includes(run.playMarker)) removeSecrets(run);
    },
    grace: [100, 100],
  });
  if (result.code !== 0) {
    core.warning(
      "The deploy lock was not given back on every host: the next attempt of this workflow run takes it over, any other run after 15 minutes.",
    );
  }
}

/** Characters; the callback's marker may come in two pieces. */
const OUTPUT_END = 4_096;

function removeSecrets({ files, folder }: Play): void {
  const inventories = files.inventories.filter((path) => path.startsWith(folder.path));
  const passwords = [files.becomePassword, files.vaultPassword, ...Object.values(files.vaultPasswords)];
  for (const file of [files.variables, ...inventories, ...passwords]) if (file !== "") rmSync(file, { force: true });
}
