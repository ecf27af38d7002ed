import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { relative } from "node:path";
import { DeployError, EMPTY_SECRET } from "../errors.js";
import type { Inputs } from "../inputs.js";
import { besideCfg, type Project } from "./inspect.js";
import { unopened, vaultedFiles } from "./vault-files.js";

/**
 * Refuses a run that is sure to fail for want of a vault password: a file of the group `all`, which every host reads, is
 * encrypted, and nothing names a password. Files of other groups may not be needed, so they are left to Ansible.
 *
 * @param bases absolute paths of inventories and playbook, whose folders may hold variables.
 * @throws DeployError that names the file.
 */
export function requireVaultPassword(
  inputs: Inputs,
  project: Project,
  bases: readonly string[],
  job: Readonly<Record<string, string | undefined>>,
): void {
  if (inputs.vaultPassword !== "" || hasOtherSource(inputs, project, job)) return;
  const [file] = vaultedFiles(project.folder, bases, "all");
  if (file === undefined) return;
  throw new DeployError(
    `${relative(project.folder, file)} is encrypted with ansible-vault and vault-password is empty: ${EMPTY_SECRET}.`,
  );
}

function hasOtherSource(inputs: Inputs, { cfg }: Project, job: Readonly<Record<string, string | undefined>>): boolean {
  if (inputs.extraArgs.some((argument) => /^--vault-(id|pass)/.test(argument))) return true;
  if (job.ANSIBLE_VAULT_PASSWORD_FILE || job.ANSIBLE_VAULT_IDENTITY_LIST) return true;
  if (!cfg) return false;
  const { vaultPasswordFile, vaultIdentityList } = cfg.settings;
  if (vaultIdentityList !== "") return true;
  // Often it is a file of the developer's machine that is not in the repository; Ansible then warns and goes on without.
  return vaultPasswordFile !== "" && existsSync(besideCfg(cfg.path, vaultPasswordFile, homedir()));
}

/** Encrypted files that vault-password does not open, relative to working-directory; none without a password. */
export function unopenedFiles(inputs: Inputs, project: Project, bases: readonly string[]): string[] {
  if (inputs.vaultPassword === "") return [];
  return unopened(vaultedFiles(project.folder, bases), inputs.vaultPassword).map((file) =>
    relative(project.folder, file),
  );
}
