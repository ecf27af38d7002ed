import { delimiter, join } from "node:path";
import { firstSshOption } from "../connection/host-keys.js";
import type { Inputs } from "../inputs/inputs.js";
import { extended, jobEnvironment, type ProgramEnvironment } from "../process/program-environment.js";
import type { Project } from "../project/inspect.js";
import { besideCfg } from "../project/inspect.js";
import type { GalaxyFolders } from "../toolchain/galaxy.js";
import { besideAnsible } from "../toolchain/waiting.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment of a run is made of. Paths are absolute. */
export interface EnvironmentParts {
  /** The job's environment. */
  readonly job: Environment;
  /** Folder of action.yml: it holds ansible.cfg and ansible_collections. */
  readonly actionRoot: string;
  readonly project: Pick<Project, "folder" | "cfg">;
  readonly checking: Inputs["hostKeyChecking"];
  /** Whether a bundled playbook runs. */
  readonly bundled: boolean;
  /** Whether an inventory is a folder, in which not every file needs to be one. */
  readonly inventoryFolder: boolean;
  readonly temporary: string;
  /** Where `requirements` were installed; undefined without them. */
  readonly galaxy: GalaxyFolders | undefined;
  readonly controlFolder: string;
  readonly sshConfig: string;
  /** Replaces the file of vault passwords that ansible.cfg names and that is not here; "" for none. */
  readonly standInVaultPassword: string;
  readonly events: string;
  /** Where an operation writes what it was asked to print. */
  readonly output: string;
  readonly playMarker: string;
  /** Python of the action's Ansible. */
  readonly python: string;
}

/** As in the action's ansible.cfg. */
export const OWN_SSH_ARGS = "-o ControlMaster=auto -o ControlPersist=60s -o ServerAliveInterval=15";

const OWN_CALLBACKS = ["django_ansible.deploy.events", "django_ansible.deploy.built_modules"] as const;

/** The whole environment of ansible-playbook. The job's own is left as it is. */
export function ansibleEnvironment(parts: EnvironmentParts): ProgramEnvironment {
  const { job, project } = parts;
  const cfg = project.cfg?.settings;
  const configOption = `-F ${shellQuote(parts.sshConfig)}`;
  const withConfig = (fromJob: string | undefined, fromCfg: string | undefined) =>
    [fromJob ?? fromCfg ?? "", configOption].join(" ").trim();
  return jobEnvironment(job, {
    ...(job.NO_COLOR ? {} : { ANSIBLE_FORCE_COLOR: "true" }),
    // Results and places of all tasks. What ssh does (-vvv) would show the environment of tasks, so that is asked for by extra-args.
    ...(debugs(job) ? { ANSIBLE_VERBOSITY: job.ANSIBLE_VERBOSITY ?? "2" } : {}),
    ...(parts.bundled ? bundledSettings(parts) : {}),
    ANSIBLE_CONFIG: project.cfg?.path ?? join(parts.actionRoot, "ansible.cfg"),
    ANSIBLE_COLLECTIONS_PATH: collectionsPath(parts).join(delimiter),
    ...(parts.galaxy ? { ANSIBLE_ROLES_PATH: rolesPath(parts, parts.galaxy).join(delimiter) } : {}),
    ANSIBLE_BECOME_PLUGINS: becomePlugins(parts).join(delimiter),
    ANSIBLE_CALLBACKS_ENABLED: unique([
      ...OWN_CALLBACKS,
      ...(split(job.ANSIBLE_CALLBACKS_ENABLED ?? job.ANSIBLE_CALLBACK_WHITELIST, ",") ?? cfg?.callbacksEnabled ?? []),
    ]).join(","),
    // Without these a mistake in the inventory is a warning, and a deploy to no host a success.
    ANSIBLE_INVENTORY_UNPARSED_FAILED: "true",
    ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED: String(!parts.inventoryFolder),
    ANSIBLE_LOCAL_TEMP: parts.temporary,
    ANSIBLE_RETRY_FILES_ENABLED: "false",
    // Nobody is there to answer, and the passwords come from files.
    ANSIBLE_BECOME_ASK_PASS: "false",
    ANSIBLE_ASK_PASS: "false",
    ANSIBLE_ASK_VAULT_PASS: "false",
    // Ansible ends where its file of vault passwords is missing, also when it needs none.
    ...(parts.standInVaultPassword === "" || job.ANSIBLE_VAULT_PASSWORD_FILE
      ? {}
      : { ANSIBLE_VAULT_PASSWORD_FILE: parts.standInVaultPassword }),
    ANSIBLE_HOST_KEY_CHECKING: String(parts.checking !== "off"),
    ANSIBLE_SSH_HOST_KEY_CHECKING: String(parts.checking !== "off"),
    ANSIBLE_SSH_ARGS: [firstSshOption(parts.checking), sshArgs(parts)].join(" ").trim(),
    ANSIBLE_SSH_CONTROL_PATH_DIR: parts.controlFolder,
    // A path of the project's own could be too long, and would not be closed.
    ANSIBLE_SSH_CONTROL_PATH: "",
    // Twice, since an inventory may replace either of them for its hosts, and then the other one is left.
    ANSIBLE_SSH_COMMON_ARGS: withConfig(job.ANSIBLE_SSH_COMMON_ARGS, cfg?.sshCommonArgs),
    ANSIBLE_SSH_EXTRA_ARGS: withConfig(job.ANSIBLE_SSH_EXTRA_ARGS, cfg?.sshExtraArgs),
    ANSIBLE_SFTP_EXTRA_ARGS: withConfig(job.ANSIBLE_SFTP_EXTRA_ARGS, cfg?.sftpExtraArgs),
    ANSIBLE_SCP_EXTRA_ARGS: withConfig(job.ANSIBLE_SCP_EXTRA_ARGS, cfg?.scpExtraArgs),
    // Beside Ansible, so that the next run starts in half the time and nothing is left in the workspace.
    PYTHONPYCACHEPREFIX: besideAnsible(parts.python, "pycache"),
    DJANGO_ANSIBLE_BUILT_MODULES: besideAnsible(parts.python, "modules"),
    DJANGO_ANSIBLE_EVENTS_PATH: parts.events,
    DJANGO_ANSIBLE_OUTPUT_PATH: parts.output,
    DJANGO_ANSIBLE_EVENTS_PLAY_MARKER: parts.playMarker,
  });
}

/** As without the action: the job's, those of the project's ansible.cfg, of the action's own, or Ansible's default (its ssh.py). */
function sshArgs({ job, project }: EnvironmentParts): string {
  const otherwise = project.cfg === undefined ? OWN_SSH_ARGS : "-C -o ControlMaster=auto -o ControlPersist=60s";
  return job.ANSIBLE_SSH_ARGS ?? (project.cfg?.settings.sshArgs || otherwise);
}

/** For a program of Ansible whose output is read: with debug logging it would say more than what it was asked. */
export function quiet(env: ProgramEnvironment): ProgramEnvironment {
  return extended(env, { ANSIBLE_VERBOSITY: "0", ANSIBLE_FORCE_COLOR: "false", ANSIBLE_NOCOLOR: "true" });
}

/**
 * What the bundled playbooks are written for. A user's own playbook keeps Ansible's defaults, or those of its ansible.cfg.
 * Pipelining: without it, becoming an unprivileged user needs the package acl on the host.
 */
function bundledSettings({ job, project }: EnvironmentParts): Record<string, string> {
  return {
    ANSIBLE_GATHERING: "explicit",
    ...(project.cfg ? {} : { ANSIBLE_INJECT_FACT_VARS: "false" }),
    ...(project.cfg || debugs(job) ? {} : terse(job)),
    ...(job.ANSIBLE_PIPELINING || job.ANSIBLE_SSH_PIPELINING || project.cfg?.settings.setsPipelining
      ? {}
      : { ANSIBLE_PIPELINING: "true" }),
  };
}

/** A host on which a task changed nothing is no news. */
function terse(job: Environment): Record<string, string> {
  return {
    ANSIBLE_DISPLAY_OK_HOSTS: job.ANSIBLE_DISPLAY_OK_HOSTS ?? "false",
    ANSIBLE_DISPLAY_SKIPPED_HOSTS: job.ANSIBLE_DISPLAY_SKIPPED_HOSTS ?? "false",
  };
}

/** Whether the workflow runs with debug logging (ACTIONS_STEP_DEBUG). */
function debugs(job: Environment): boolean {
  return job.RUNNER_DEBUG === "1" || job.ACTIONS_STEP_DEBUG === "true";
}

function collectionsPath({ job, actionRoot, project, galaxy }: EnvironmentParts): string[] {
  const home = job.HOME ?? "~";
  const own =
    split(job.ANSIBLE_COLLECTIONS_PATH ?? job.ANSIBLE_COLLECTIONS_PATHS, delimiter) ??
    fromCfg(project.cfg, "collectionsPath", home);
  // Ansible's default (COLLECTIONS_PATHS in its base.yml).
  const base = own.length > 0 ? own : [join(home, ".ansible", "collections"), "/usr/share/ansible/collections"];
  const required = galaxy ? [galaxy.collections] : [];
  return unique([actionRoot, ...required, ...base, join(project.folder, "collections")]);
}

/** What `requirements` brought first, then what would be searched without it. */
function rolesPath({ job, project }: EnvironmentParts, galaxy: GalaxyFolders): string[] {
  const home = job.HOME ?? "~";
  const own = split(job.ANSIBLE_ROLES_PATH, delimiter) ?? fromCfg(project.cfg, "rolesPath", home);
  // Ansible's default (DEFAULT_ROLES_PATH in its base.yml).
  const base = [join(home, ".ansible", "roles"), "/usr/share/ansible/roles", "/etc/ansible/roles"];
  return unique([galaxy.roles, ...(own.length > 0 ? own : base)]);
}

/**
 * Where the collection's own sudo stands in for Ansible's, which does not understand Ubuntu's sudo-rs: for every playbook,
 * whatever names the plugin `sudo`. A plugin of that name that the project brings comes first.
 */
function becomePlugins({ job, actionRoot, project }: EnvironmentParts): string[] {
  const home = job.HOME ?? "~";
  const own = split(job.ANSIBLE_BECOME_PLUGINS, delimiter) ?? fromCfg(project.cfg, "becomePlugins", home);
  // Ansible's default (BECOME_PLUGIN_PATH in its base.yml).
  const base = [join(home, ".ansible", "plugins", "become"), "/usr/share/ansible/plugins/become"];
  const bundled = join(actionRoot, "ansible_collections", "django_ansible", "deploy", "plugins", "become");
  return unique([...(own.length > 0 ? own : base), bundled]);
}

function fromCfg(cfg: Project["cfg"], key: "collectionsPath" | "rolesPath" | "becomePlugins", home: string): string[] {
  return cfg?.settings[key].map((path) => besideCfg(cfg.path, path, home)) ?? [];
}

function split(text: string | undefined, separator: string): string[] | undefined {
  if (!text) return undefined;
  return text
    .split(separator)
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

function unique(items: readonly string[]): string[] {
  return [...new Set(items)];
}

/** Ansible splits these settings like a shell does. */
function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}
