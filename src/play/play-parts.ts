import { randomUUID } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import type { RunFiles } from "../ansible/arguments.js";
import { ansibleEnvironment } from "../ansible/environment.js";
import type { Identity } from "../connection/identity.js";
import type { Inputs } from "../inputs/inputs.js";
import type { ProgramEnvironment } from "../process/program-environment.js";
import type { Project } from "../project/inspect.js";
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
  readonly env: ProgramEnvironment;
  readonly eventsFile: string;
  /** What the operation was asked to print; not there when that is nothing. */
  readonly outputFile: string;
  /** What the callback prints before the name of a play. */
  readonly playMarker: string;
}

/** Makes a run's environment. */
export function preparePlay(parts: PlayParts): Play {
  const eventsFile = join(parts.folder.path, "events.jsonl");
  const outputFile = join(parts.folder.path, "output");
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
    output: outputFile,
    playMarker,
    python: parts.ansible.python,
  });
  return { ...parts, files: { ...parts.files, python: parts.ansible.python }, env, eventsFile, outputFile, playMarker };
}
