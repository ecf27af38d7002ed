import { accessSync, constants } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, extname, join, resolve } from "node:path";
import { DeployError, quoted } from "../errors.js";
import { filesInArguments } from "../inputs/playbook-options.js";
import { entriesIn, kindOf, type Place, readText, requireFile } from "../read-file.js";
import { besideCfg, type Project } from "./inspect.js";
import { placeInProject } from "./places.js";
import { filesOfPlaybook } from "./playbook-sources.js";
import { variableFiles } from "./variable-files.js";

/** A file that Ansible reads, and what it holds. */
export interface Source {
  readonly place: Place;
  readonly text: string;
  /** Whether it is an inventory. */
  readonly isInventory: boolean;
}

/** Bytes of an inventory or of variables; a large fleet's are made by a program. */
const MOST = 16 * 1024 * 1024;

/** What Ansible passes over in a folder of inventories (INVENTORY_IGNORE_EXTS in its base.yml). */
const PASSED_OVER = [".pyc", ".pyo", ".swp", ".bak", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry", ".ini"];

/**
 * What Ansible reads before it asks any host: inventories, the playbook with its variables, those of groups and hosts. A
 * program that prints an inventory is none.
 *
 * @param paths absolute paths of what is given to Ansible.
 * @param extraArgs may name further files.
 * @param own the private folder: what is in it was given as an input's text.
 * @throws DeployError for a file that is none, cannot be read or is too large.
 */
export function sourcesOf(
  project: Project,
  paths: { readonly inventories: readonly string[]; readonly playbook: string },
  extraArgs: readonly string[],
  own: string,
  job: Readonly<Record<string, string | undefined>>,
): Source[] {
  const place = (path: string): Place =>
    path.startsWith(`${own}/`) ? { path, name: "inventory" } : placeInProject(path, project);
  const inventories = paths.inventories.flatMap((path) => inventoryFiles(place(path), project));
  const roles = [join(project.folder, "roles"), ...roleFolders(project, job)];
  const plays = paths.playbook.startsWith(`${own}/`) ? [] : filesOfPlaybook(place(paths.playbook), roles, project);
  const homes = paths.inventories.map((path) => (kindOf(place(path)) === "folder" ? path : dirname(path)));
  const bases = [project.folder, ...homes, dirname(paths.playbook)].filter((base) => !`${base}/`.startsWith(`${own}/`));
  const named = filesInArguments(extraArgs).map((path) => {
    const file = { ...placeInProject(resolve(project.folder, path), project), name: `extra-args ${quoted(path)}` };
    if (kindOf(file) === undefined)
      throw new DeployError(
        `${file.name} names a file that does not exist in ${project.folder}: correct the path, and check that it is committed.`,
      );
    return file;
  });
  const sources = [
    ...named.flatMap((file) => inventoryFiles(file, project)).map((file) => ({ place: file, isInventory: true })),
    ...inventories.map((file) => ({ place: file, isInventory: true })),
    ...[...plays, ...variableFiles([...new Set(bases)], project)].map((file) => ({ place: file, isInventory: false })),
  ];
  const distinct = new Map(sources.map((source) => [source.place.path, source]));
  return [...distinct.values()].map((source) => ({ ...source, text: readText(source.place, MOST) }));
}

function inventoryFiles(place: Place, project: Project): Place[] {
  if (kindOf(place) === "file") return isProgram(place) ? [] : [place];
  return entriesIn(place)
    .filter(({ name, isFolder }) => !isFolder && !name.startsWith(".") && !name.endsWith("~"))
    .filter(({ name }) => !PASSED_OVER.includes(extname(name)))
    .map(({ name }) => placeInProject(join(place.path, name), project))
    .filter((file) => kindOf(file) === "file" && !isProgram(file));
}

/** Ansible runs an inventory that may be executed. */
function isProgram(place: Place): boolean {
  requireFile(place);
  try {
    accessSync(place.path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function roleFolders({ folder, cfg }: Project, job: Readonly<Record<string, string | undefined>>): string[] {
  if (job.ANSIBLE_ROLES_PATH) return job.ANSIBLE_ROLES_PATH.split(delimiter).map((path) => resolve(folder, path));
  return cfg === undefined ? [] : cfg.settings.rolesPath.map((path) => besideCfg(cfg.path, path, homedir()));
}
