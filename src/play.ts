import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import * as core from "@actions/core";
import { ansibleArguments } from "./ansible/arguments.js";
import { ansibleEnvironment } from "./ansible/environment.js";
import { parseEvents, type RunEvent } from "./ansible/events.js";
import type { Ansible } from "./ansible/install.js";
import { LogLines } from "./ansible/log-lines.js";
import { type ProcessResult, runProcess } from "./ansible/process.js";
import type { Inputs } from "./inputs.js";
import type { Project } from "./project/inspect.js";
import type { PreparedFiles } from "./run-files.js";
import type { PrivateFolder } from "./secrets/private-folder.js";

/** All that one run of ansible-playbook needs. */
export interface PlayParts {
  readonly inputs: Inputs;
  readonly project: Project;
  readonly files: PreparedFiles;
  readonly folder: PrivateFolder;
  readonly controlFolder: string;
  readonly ansible: Ansible;
  /** Folder of action.yml. */
  readonly actionRoot: string;
  readonly redact: (text: string) => string;
  readonly signal: AbortSignal;
}

/** How a run ended and what happened in it. */
export interface PlayResult extends ProcessResult {
  readonly events: readonly RunEvent[];
}

/** Runs Ansible and shows its output as it comes. */
export async function play(parts: PlayParts): Promise<PlayResult> {
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
    controlFolder: parts.controlFolder,
    sshConfig: parts.files.sshConfig,
    events: eventsFile,
    playMarker,
    python: parts.ansible.python,
  });
  const argv = ansibleArguments(parts.inputs, { ...parts.files, python: parts.ansible.python });
  const write = (line: string) => process.stdout.write(`${parts.redact(line)}\n`);
  const log = new LogLines({ startGroup: core.startGroup, endGroup: core.endGroup, write }, randomUUID(), playMarker);
  try {
    const result = await runProcess(argv, {
      cwd: parts.project.folder,
      env,
      signal: parts.signal,
      onOutput: (stream, chunk) => log.push(stream, chunk),
    });
    if (parts.signal.aborted) await giveBack(parts, env);
    const events = existsSync(eventsFile) ? parseEvents(readFileSync(eventsFile, "utf8")) : [];
    return { ...result, events };
  } finally {
    log.end();
  }
}

/** Milliseconds for giving back: GitHub kills a cancelled step 10 s after its first signal. */
const GIVE_BACK_LIMIT = 4_500;

/** After a run that was ended early: the hosts go back and the deploy lock goes, so that nobody has to by hand. */
async function giveBack(parts: PlayParts, env: Record<string, string>): Promise<void> {
  const { cancelPlaybook } = parts.files;
  if (cancelPlaybook === "") return;
  const argv = ansibleArguments(parts.inputs, {
    ...parts.files,
    playbook: cancelPlaybook,
    python: parts.ansible.python,
  });
  const result = await runProcess(argv, {
    cwd: parts.project.folder,
    env,
    signal: AbortSignal.timeout(GIVE_BACK_LIMIT),
    onOutput: () => {},
    grace: [100, 100],
  });
  if (result.code !== 0) {
    core.warning(
      "The deploy lock was not given back on every host: the next attempt of this workflow run takes it over, any other run after 15 minutes.",
    );
  }
}
