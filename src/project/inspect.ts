import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { DeployError } from "../errors.js";
import type { Inputs } from "../inputs/inputs.js";
import { type AnsibleCfg, parseAnsibleCfg } from "./ansible-cfg.js";
import { type DjangoProject, findDjango } from "./django.js";
import { headRevision } from "./git.js";
import { plainVariable } from "./plain-variable.js";

/** What the checked-out project is. */
export interface Project {
  /** working-directory as an absolute path. */
  readonly folder: string;
  /** Absolute path of the user's own playbook; "" for the bundled one. */
  readonly playbook: string;
  /** Absolute paths of the compose files to upload, or of one folder that holds them. */
  readonly composeSources: readonly string[];
  /** Commit that is checked out; undefined outside a Git work tree. */
  readonly revision: string | undefined;
  /** undefined where no Django project is needed and none was found. */
  readonly django: DjangoProject | undefined;
  /** The project's ansible.cfg. */
  readonly cfg: { readonly path: string; readonly settings: AnsibleCfg } | undefined;
}

/**
 * Looks at the workspace, and checks that the files that the inputs name exist.
 *
 * @param workspace GITHUB_WORKSPACE.
 * @param environment the job's; only ANSIBLE_CONFIG is read.
 * @throws DeployError for a missing file or project.
 */
export async function inspectProject(
  inputs: Inputs,
  workspace: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Project> {
  const folder = resolve(workspace, inputs.workingDirectory);
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new DeployError(`working-directory ${JSON.stringify(inputs.workingDirectory)} is no folder in ${workspace}.`);
  }
  const bundledRole = inputs.playbook === "" && inputs.mode === "role";
  const playbook = file("playbook", inputs.playbook, folder);
  const composeSources = inputs.composeSources.map((path) => source(path, folder));
  if (composeSources.length > 1 && composeSources.some((path) => statSync(path).isDirectory())) {
    throw new DeployError("compose-source names a folder and more besides: name one folder, or files.");
  }
  const set = (name: string) => setByUser(inputs, folder, name);
  const find = () =>
    findDjango(folder, {
      ...{ appPath: set("app_path"), settingsModule: set("django_settings_module") },
      ...{
        processes: set("django_app_processes") !== undefined,
        commands: set("django_app_commands") !== undefined,
      },
    });
  const fromWorkspace =
    bundledRole &&
    inputs.operation === "deploy" &&
    inputs.source !== "git" &&
    (inputs.source === "workspace" || set("django_app_source") === undefined);
  const revision = await headRevision(folder);
  if (fromWorkspace && revision === undefined) {
    throw new DeployError(
      `${folder} is no Git checkout, and with source: workspace the checked-out commit is what is deployed: run actions/checkout before this step.`,
    );
  }
  return {
    folder,
    playbook,
    composeSources,
    revision,
    django: fromWorkspace ? find() : bundledRole ? optional(find) : undefined,
    cfg: ansibleCfg(folder, environment.ANSIBLE_CONFIG),
  };
}

/** What a variable is set to: undefined when nobody sets it, "" when that cannot be told without Ansible. */
function setByUser(inputs: Inputs, folder: string, name: string): string | undefined {
  const value = inputs.vars[name];
  if (value === undefined) return plainVariable(folder, name);
  return typeof value === "string" ? value : "";
}

function file(input: "playbook", path: string, folder: string): string {
  if (path === "") return "";
  const full = existing(input, path, folder);
  if (!statSync(full).isFile()) throw new DeployError(`${input} ${JSON.stringify(path)} is no file.`);
  return full;
}

function source(path: string, folder: string): string {
  const full = existing("compose-source", path, folder);
  if (!statSync(full).isFile() && !statSync(full).isDirectory()) {
    throw new DeployError(`compose-source ${JSON.stringify(path)} is neither a file nor a folder.`);
  }
  return full;
}

function existing(input: "playbook" | "compose-source", path: string, folder: string): string {
  if (path.startsWith("-"))
    throw new DeployError(`${input} is ${JSON.stringify(path)}: a path cannot begin with a dash.`);
  const full = resolve(folder, path);
  if (!existsSync(full)) throw new DeployError(`${input} ${JSON.stringify(path)} does not exist in ${folder}.`);
  return full;
}

function ansibleCfg(folder: string, fromJob: string | undefined): Project["cfg"] {
  let path = fromJob ? (isAbsolute(fromJob) ? fromJob : resolve(folder, fromJob)) : join(folder, "ansible.cfg");
  // Ansible takes a folder in ANSIBLE_CONFIG as the place of an ansible.cfg.
  if (existsSync(path) && statSync(path).isDirectory()) path = join(path, "ansible.cfg");
  if (!existsSync(path)) return undefined;
  return { path, settings: parseAnsibleCfg(readFileSync(path, "utf8")) };
}

function optional<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch {
    return undefined;
  }
}

/** The absolute path of a file that an ansible.cfg names, relative to the cfg's own folder. */
export function besideCfg(cfgPath: string, named: string, home: string): string {
  const path = named.replaceAll("{{CWD}}", process.cwd()).replace(/^~(?=\/|$)/, home);
  return resolve(dirname(cfgPath), path);
}
