import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { relative } from "node:path";
import { DeployError } from "../errors.js";
import type { Inputs } from "../inputs/inputs.js";
import { missing } from "../inputs/missing.js";
import { besideCfg, type Project } from "../project/inspect.js";
import type { Source } from "../project/sources.js";
import { type Closed, closedIn } from "./closed.js";

type Environment = Readonly<Record<string, string | undefined>>;
type Passwords = Pick<Inputs, "vaultPassword" | "vaultPasswords" | "emptySecrets">;

/** Hosts and groups that a run is for. */
export interface Participants {
  readonly hosts: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
}

/** Every vault password that is given. */
export function passwordsOf({
  vaultPassword,
  vaultPasswords,
}: Pick<Inputs, "vaultPassword" | "vaultPasswords">): string[] {
  return [vaultPassword, ...Object.values(vaultPasswords)].filter((password) => password !== "");
}

/**
 * What the given passwords do not open of the variables that Ansible may read. Nothing when the project has a source of
 * passwords of its own, which the action does not ask.
 */
export async function closedVaults(
  inputs: Inputs,
  project: Project,
  sources: readonly Source[],
  job: Environment,
  signal?: AbortSignal,
): Promise<Closed[]> {
  return hasOtherSource(inputs, project, job) ? [] : await closedIn(sources, passwordsOf(inputs), signal);
}

/** What is certain before Ansible is asked: the files of the group `all` are read. */
export const EVERY_HOST: Participants = { hosts: new Set(), groups: new Set(["all"]) };

/**
 * Refuses a run that is sure to fail: a file that a host of this run reads does not open. A single value is only opened where it is used,
 * so it is left to Ansible.
 *
 * @param participants undefined when it is not known who takes part; Ansible then fails when it comes to such a file.
 * @throws DeployError that names the file and the vault id that is missing or wrong.
 */
export function requireOpenVaults(
  closed: readonly Closed[],
  participants: Participants | undefined,
  inputs: Passwords,
  project: Pick<Project, "folder">,
): void {
  const needed = closed.find(({ file, value }) => {
    if (value !== "") return false;
    const parts = file.split("/");
    const at = parts.findLastIndex((part) => part === "group_vars" || part === "host_vars");
    const name = at === -1 ? undefined : parts[at + 1]?.replace(/\.(ya?ml|json)$/, "");
    return name === undefined || participants?.[parts[at] === "group_vars" ? "groups" : "hosts"].has(name);
  });
  if (needed) throw new DeployError(sentence(needed, inputs, project));
}

/** What is wrong with a file that does not open, and which input says so. */
function sentence(closed: Closed, inputs: Passwords, project: Pick<Project, "folder">): string {
  const { id } = closed;
  const path = relative(project.folder, closed.file);
  const file = closed.value === "" ? path : `${closed.value} in ${path}`;
  const given = Object.keys(inputs.vaultPasswords);
  if (id !== "" && id !== "default") {
    if (given.includes(id)) return `The password of the id "${id}" in vault-passwords does not open ${file}.`;
    if (given.length > 0 || inputs.vaultPassword === "") {
      return `${file} is encrypted with the vault id "${id}", which vault-passwords does not have: add a line "${id}: <password>" to it.`;
    }
    return `vault-password does not open ${file}, which is encrypted with the vault id "${id}": give its password as "${id}: <password>" in vault-passwords.`;
  }
  if (inputs.vaultPassword !== "") return `vault-password does not open ${file}.`;
  if (given.length > 0)
    return `None of vault-passwords opens ${file}: give the password of the default id in vault-password.`;
  return `${file} is encrypted with ansible-vault and ${missing("vault-password", inputs)}.`;
}

/** What is wrong with each of them. */
export function sentences(closed: readonly Closed[], inputs: Passwords, project: Pick<Project, "folder">): string[] {
  return closed.map((file) => sentence(file, inputs, project));
}

function hasOtherSource(inputs: Inputs, { cfg }: Project, job: Environment): boolean {
  if (inputs.extraArgs.some((argument) => /^--vault-(id|pass)/.test(argument))) return true;
  if (job.ANSIBLE_VAULT_PASSWORD_FILE || job.ANSIBLE_VAULT_IDENTITY_LIST) return true;
  if (!cfg) return false;
  const { vaultPasswordFile, vaultIdentityList } = cfg.settings;
  return vaultIdentityList !== "" || (vaultPasswordFile !== "" && !lacksVaultFile({ cfg }));
}

/** Whether ansible.cfg names a file of vault passwords that is not here: often it is on the developers' machines alone. */
export function lacksVaultFile({ cfg }: Pick<Project, "cfg">): boolean {
  const named = cfg?.settings.vaultPasswordFile ?? "";
  return cfg !== undefined && named !== "" && !existsSync(besideCfg(cfg.path, named, homedir()));
}
