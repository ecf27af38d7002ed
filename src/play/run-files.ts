import { randomBytes } from "node:crypto";
import { homedir } from "node:os";
import { resolve } from "node:path";
import type { RunFiles } from "../ansible/arguments.js";
import { bundledPlaybooks, type Playbooks } from "../ansible/playbook.js";
import { appNameOf, extraVariables } from "../ansible/variables.js";
import type { Identity } from "../connection/identity.js";
import { jumpHosts } from "../connection/jump-hosts.js";
import { knownHosts } from "../connection/known-hosts.js";
import { configFilesIn, sshConfig } from "../connection/ssh-config.js";
import type { Inputs } from "../inputs/inputs.js";
import { prepareInventory } from "../inventory/prepare.js";
import type { Project } from "../project/inspect.js";
import type { PrivateFolder } from "../secrets/private-folder.js";
import { lacksVaultFile } from "../vault/check.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** Every file of a run except Ansible itself. */
export type PreparedFiles = Omit<RunFiles, "python"> &
  Playbooks & {
    readonly sshConfig: string;
    /** Stands in for the file of vault passwords that ansible.cfg names and that is not here; it opens nothing. */
    readonly standInVaultPassword: string;
  };

/** What the files of a run are made of. */
export interface RunParts {
  readonly inputs: Inputs;
  readonly project: Project;
  readonly folder: PrivateFolder;
  /** The job's environment. */
  readonly job: Environment;
  /** Folder of action.yml. */
  readonly actionRoot: string;
  readonly identity: Identity;
  /** In plain text. */
  readonly becomePassword: string;
}

/**
 * Writes all files of a run into the private folder.
 *
 * @throws DeployError when an input's text makes no valid file.
 */
export function writeRunFiles(parts: RunParts): PreparedFiles {
  const { inputs, project, folder, actionRoot, becomePassword } = parts;
  const secret = (name: string, text: string) =>
    text === ""
      ? ""
      : folder.file(
          name,
          `${text}
`,
        );
  return {
    inventories: prepareInventory(inputs, project, folder),
    ...(project.playbook
      ? { playbook: project.playbook, cancelPlaybook: "" }
      : bundledPlaybooks(inputs, actionRoot, project, folder)),
    variables: folder.file("vars.json", JSON.stringify(variables(parts))),
    becomePassword: secret("become-password", becomePassword),
    vaultPassword: secret("vault-password", inputs.vaultPassword),
    vaultPasswords: Object.fromEntries(
      Object.entries(inputs.vaultPasswords).map(([id, text]) => [id, secret(`vault-password-${id}`, text)]),
    ),
    sshConfig: folder.file("ssh_config", sshText(parts)),
    standInVaultPassword: lacksVaultFile(project) ? secret("no-vault-password", randomBytes(16).toString("hex")) : "",
  };
}

function variables({ inputs, project, job }: RunParts): ReturnType<typeof extraVariables> {
  const detected = {
    appName: appNameOf(job.GITHUB_REPOSITORY ?? project.folder),
    project: project.folder,
    workspace: project.code,
    revision: project.revision,
    django: project.django,
    runId: [job.GITHUB_RUN_ID || "0", job.GITHUB_RUN_ATTEMPT || "1", randomBytes(4).toString("hex")].join("-"),
    actor: job.GITHUB_ACTOR ?? "",
  };
  return extraVariables(inputs, detected, project.composeSources);
}

function sshText({ inputs, project, folder, job, identity }: RunParts): string {
  const settings = project.cfg?.settings;
  const given = [
    job.ANSIBLE_SSH_ARGS ?? settings?.sshArgs,
    job.ANSIBLE_SSH_COMMON_ARGS ?? settings?.sshCommonArgs,
    job.ANSIBLE_SSH_EXTRA_ARGS ?? settings?.sshExtraArgs,
  ];
  const includes = given.flatMap((text) => configFilesIn(text ?? ""));
  // Where ssh may learn keys, it writes them down in the private folder, and the runner's own files stay as they are.
  const learns = inputs.hostKeyChecking !== "strict";
  const known = inputs.knownHosts === "" ? "" : knownHosts(inputs.knownHosts);
  return sshConfig({
    keyFiles: identity.keyFiles,
    agentSocket: identity.agentSocket,
    jumpHosts: jumpHosts(inputs.jumpHost),
    knownHostsFile: known === "" && !learns ? "" : folder.file("known_hosts", known),
    runnersKnownHosts: known === "",
    checking: inputs.hostKeyChecking,
    includes: includes.map((file) => resolve(project.folder, file.replace(/^~(?=\/)/, homedir()))),
  });
}
