import { dirname, isAbsolute, join, resolve } from "node:path";
import { DeployError, quoted } from "../errors.js";
import type { Inputs, Value } from "../inputs/inputs.js";
import { parseLoosely, parseYaml } from "../inputs/yaml.js";
import { OPERATIONS } from "../operations.js";
import { entriesIn, kindOf, type Place, readText, readTextIfThere, requireFile } from "../read-file.js";
import { type AnsibleCfg, cfgProblem, parseAnsibleCfg } from "./ansible-cfg.js";
import { type DjangoProject, findDjango } from "./django.js";
import { headRevision } from "./git.js";
import { type Ground, placeInProject, placeOfInput } from "./places.js";
import { plainVariable } from "./plain-variable.js";

/** What the checked-out project is. */
export interface Project extends Ground {
  /** Absolute path of the application's checkout; `folder`, unless it was checked out apart. */
  readonly code: string;
  /** Absolute path of the user's own playbook; "" for the bundled one. */
  readonly playbook: string;
  /** Absolute paths of the compose files to upload, or of one folder that holds them. */
  readonly composeSources: readonly string[];
  readonly requirements: Requirements | undefined;
  /** Commit that is checked out; undefined outside a Git work tree. */
  readonly revision: string | undefined;
  /** undefined where no Django project is needed and none was found. */
  readonly django: DjangoProject | undefined;
  /** The project's ansible.cfg. */
  readonly cfg: { readonly path: string; readonly settings: AnsibleCfg } | undefined;
}

/** A Galaxy requirements file. */
export interface Requirements {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
  readonly content: Value;
}

/**
 * Looks at the workspace, and checks that the files that the inputs name exist.
 *
 * @param workspace GITHUB_WORKSPACE.
 * @param environment the job's.
 * @throws DeployError for a missing file or project.
 */
export async function inspectProject(
  inputs: Inputs,
  workspace: string,
  environment: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal,
): Promise<Project> {
  const folder = resolve(workspace, inputs.workingDirectory);
  const ground = { folder, workspace: resolve(workspace) };
  if (kindOf({ path: folder, name: workingDirectory(inputs), workspace: ground.workspace }) !== "folder") {
    throw new DeployError(noFolder(workingDirectory(inputs), workspace));
  }
  const code = inputs.codeDirectory === "" ? ground : { ...ground, folder: resolve(workspace, inputs.codeDirectory) };
  if (kindOf({ path: code.folder, name: codeDirectory(inputs), workspace: ground.workspace }) !== "folder") {
    throw new DeployError(noFolder(codeDirectory(inputs), workspace));
  }
  const bundledRole = inputs.playbook === "" && inputs.mode === "role";
  const playbook = file("playbook", inputs.playbook, ground);
  const composeSources = composeFiles(inputs.composeSources, ground);
  const set = (name: string) => setByUser(inputs, ground, name);
  const find = () =>
    findDjango(code, {
      ...{ appPath: set("app_path"), settingsModule: set("django_settings_module") },
      ...{
        processes: set("django_app_processes") !== undefined,
        commands: set("django_app_commands") !== undefined,
      },
    });
  const fromWorkspace =
    bundledRole &&
    OPERATIONS[inputs.operation].uploads &&
    inputs.source !== "git" &&
    (inputs.source === "workspace" || set("django_app_source") === undefined);
  const revision = await headRevision(code.folder, environment, signal);
  if (fromWorkspace && revision === undefined) {
    throw new DeployError(
      `${code.folder} is no Git checkout, and with source: workspace the checked-out commit is what is deployed: run actions/checkout before this step.`,
    );
  }
  return {
    ...ground,
    code: code.folder,
    playbook,
    composeSources,
    requirements: requirementsIn(inputs.requirements, ground),
    revision,
    django: fromWorkspace ? find() : bundledRole ? optional(find) : undefined,
    cfg: ansibleCfg(ground, environment.ANSIBLE_CONFIG),
  };
}

/** What a variable is set to: undefined when nobody sets it, "" when that cannot be told without Ansible. */
function setByUser(inputs: Inputs, ground: Ground, name: string): string | undefined {
  const value = inputs.vars[name];
  if (value === undefined) return plainVariable(ground, name);
  return typeof value === "string" ? value : "";
}

const workingDirectory = (inputs: Inputs) => `working-directory ${quoted(inputs.workingDirectory)}`;
const noFolder = (name: string, workspace: string) =>
  `${name} is no folder in ${workspace}: correct the path, and check that actions/checkout ran before this step.`;
const codeDirectory = (inputs: Inputs) => `code-directory ${quoted(inputs.codeDirectory)}`;

function file(input: "playbook", given: string, ground: Ground): string {
  if (given === "") return "";
  const place = placeOfInput(input, given, ground);
  const text = readText(place);
  if (text.trim() === "") throw new DeployError(`${place.name} is empty: a playbook is a list of plays.`);
  const plays = parseLoosely(text);
  if (plays !== undefined && !Array.isArray(plays) && !text.startsWith("$ANSIBLE_VAULT;")) {
    throw new DeployError(`${place.name} is no list of plays: each play begins with "- hosts:".`);
  }
  return place.path;
}

function requirementsIn(given: string, ground: Ground): Requirements | undefined {
  if (given === "") return undefined;
  const place = placeOfInput("requirements", given, ground);
  const text = readText(place);
  return { path: place.path, text, content: parseYaml("requirements", text) };
}

function composeFiles(given: readonly string[], ground: Ground): string[] {
  const places = given.map((path) => placeOfInput("compose-source", path, ground));
  if (places.length > 1 && places.some(({ kind }) => kind === "folder")) {
    throw new DeployError("compose-source names a folder and more besides: name one folder, or files.");
  }
  for (const place of places) requireUploadable(place, 6);
  return places.map(({ path }) => path);
}

/** What is uploaded is read by Ansible, which would wait for a named pipe and follow any link. */
function requireUploadable(source: Place, depth: number, below = ""): void {
  const place =
    below === ""
      ? source
      : { ...source, path: join(source.path, below), name: `${source.name}, ${quoted(below)} in it,` };
  if (kindOf(place) === "file") requireFile(place);
  else if (depth > 0) for (const { name } of entriesIn(place)) requireUploadable(source, depth - 1, join(below, name));
}

function ansibleCfg(ground: Ground, fromJob: string | undefined): Project["cfg"] {
  const { folder } = ground;
  let path = fromJob ? (isAbsolute(fromJob) ? fromJob : resolve(folder, fromJob)) : join(folder, "ansible.cfg");
  const place = () => (fromJob ? { path, name: `ANSIBLE_CONFIG ${quoted(fromJob)}` } : placeInProject(path, ground));
  // Ansible takes a folder in ANSIBLE_CONFIG as the place of an ansible.cfg.
  if (fromJob && kindOf(place()) === "folder") path = join(path, "ansible.cfg");
  const text = readTextIfThere(place());
  const problem = text === undefined ? undefined : cfgProblem(text);
  if (problem !== undefined) throw new DeployError(`${place().name} ${problem}.`);
  return text === undefined ? undefined : { path, settings: parseAnsibleCfg(text) };
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
