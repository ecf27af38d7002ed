import { randomBytes } from "node:crypto";
import { homedir } from "node:os";
import { resolve } from "node:path";
import * as core from "@actions/core";
import type { RunFiles } from "./ansible/arguments.js";
import { bundledPlaybooks, type Playbooks } from "./ansible/playbook.js";
import { appNameOf, extraVariables } from "./ansible/variables.js";
import { repairKey } from "./connection/private-key.js";
import { configFilesIn, sshConfig } from "./connection/ssh-config.js";
import type { Inputs } from "./inputs.js";
import { prepareInventory } from "./inventory/prepare.js";
import type { Project } from "./project/inspect.js";
import type { PrivateFolder } from "./secrets/private-folder.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** Every file of a run except Ansible itself. */
export type PreparedFiles = Omit<RunFiles, "python"> & Playbooks & { readonly sshConfig: string };

/**
 * Writes all files of a run into the private folder.
 *
 * @param job the job's environment.
 * @param actionRoot folder of action.yml.
 * @throws DeployError when an input's text makes no valid file.
 */
export function writeRunFiles(
  inputs: Inputs,
  project: Project,
  folder: PrivateFolder,
  job: Environment,
  actionRoot: string,
): PreparedFiles {
  const secret = (name: string, text: string) => (text === "" ? "" : folder.file(name, `${text}\n`));
  return {
    inventories: prepareInventory(inputs, project.folder, folder),
    ...(project.playbook
      ? { playbook: project.playbook, cancelPlaybook: "" }
      : bundledPlaybooks(inputs, actionRoot, project.folder, folder)),
    variables: folder.file("vars.json", JSON.stringify(variables(inputs, project, job))),
    becomePassword: secret("become-password", inputs.becomePassword),
    vaultPassword: secret("vault-password", inputs.vaultPassword),
    sshConfig: folder.file("ssh_config", sshText(inputs, project, folder, job)),
  };
}

function variables(inputs: Inputs, project: Project, job: Environment): ReturnType<typeof extraVariables> {
  const detected = {
    appName: appNameOf(job.GITHUB_REPOSITORY ?? project.folder),
    workspace: project.folder,
    revision: project.revision,
    settingsModule: project.django?.settingsModule,
    manageDir: project.django?.manageDir ?? ".",
    runId: [job.GITHUB_RUN_ID || "0", job.GITHUB_RUN_ATTEMPT || "1", randomBytes(4).toString("hex")].join("-"),
    actor: job.GITHUB_ACTOR ?? "",
  };
  return extraVariables(inputs, detected, project.composeSource);
}

function sshText(inputs: Inputs, project: Project, folder: PrivateFolder, job: Environment): string {
  const key = inputs.sshPrivateKey === "" ? undefined : repairKey(inputs.sshPrivateKey);
  if (key && key.repairs.length > 0) core.info(`ssh-private-key: ${key.repairs.join(", ")}.`);
  if (inputs.hostKeyChecking === "off") {
    core.warning("host-key-checking is off: whoever answers at a host's address gets the deploy with its secrets.");
  }
  const settings = project.cfg?.settings;
  const given = [
    job.ANSIBLE_SSH_ARGS ?? settings?.sshArgs,
    job.ANSIBLE_SSH_COMMON_ARGS ?? settings?.sshCommonArgs,
    job.ANSIBLE_SSH_EXTRA_ARGS ?? settings?.sshExtraArgs,
  ];
  const includes = given.flatMap((text) => configFilesIn(text ?? ""));
  return sshConfig({
    keyFile: key ? folder.file("key", key.text) : "",
    knownHostsFile:
      inputs.knownHosts === ""
        ? ""
        : folder.file("known_hosts", `${inputs.knownHosts.replaceAll("\r", "").trimEnd()}\n`),
    checking: inputs.hostKeyChecking,
    includes: includes.map((file) => resolve(project.folder, file.replace(/^~(?=\/)/, homedir()))),
  });
}
