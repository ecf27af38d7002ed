import { dirname, isAbsolute, join } from "node:path";
import { parseLoosely } from "../inputs/yaml.js";
import { entriesIn, kindOf, type Place, readTextIfThere } from "../read-file.js";
import { type Ground, placeInProject } from "./places.js";

type Mapping = Readonly<Record<string, unknown>>;

/**
 * The files that Ansible reads for a playbook, whatever hosts it is for: the playbook, its `vars_files`, and the variables of roles
 * that it names. Names with templates in them are left out, as nobody knows them before the run.
 *
 * @param roleFolders absolute paths of folders with roles, besides `roles` beside the playbook; the first one that has a role wins.
 */
export function filesOfPlaybook(playbook: Place, roleFolders: readonly string[], ground: Ground): Place[] {
  const at = (...parts: readonly [string, ...string[]]) => placeInProject(join(...parts), ground);
  const folder = dirname(playbook.path);
  const plays = listOf(parseLoosely(readTextIfThere(playbook) ?? "")).filter(isMapping);
  const named = plays.flatMap((play) => listOf(play.vars_files)).filter(isPlain);
  const variables = named.map((path) => at(isAbsolute(path) ? path : join(folder, path)));
  const roles = [...new Set(plays.flatMap(rolesOf))];
  const folders = [join(folder, "roles"), ...roleFolders];
  const ofRoles = roles.flatMap((role) => {
    const home = folders.map((place) => at(place, role)).find((place) => kindOf(place) === "folder");
    if (home === undefined) return [];
    return ["vars", "defaults"].flatMap((part) => mainFiles(at(home.path, part), at));
  });
  return [playbook, ...variables, ...ofRoles].filter((file) => kindOf(file) === "file");
}

/** The roles that a play lists, and those that its tasks import. */
function rolesOf(play: Mapping): string[] {
  const listed = listOf(play.roles).map((role) => (isMapping(role) ? (role.role ?? role.name) : role));
  const imported = ["pre_tasks", "tasks", "post_tasks"]
    .flatMap((part) => listOf(play[part]))
    .filter(isMapping)
    .map((task) => task["ansible.builtin.import_role"] ?? task.import_role)
    .map((role) => (isMapping(role) ? role.name : undefined));
  return [...listed, ...imported].filter(isPlain);
}

/** What a role's folder of variables is read from: `main`, with or without an ending, or the files of a folder of that name. */
function mainFiles(folder: Place, at: (...parts: readonly [string, ...string[]]) => Place): Place[] {
  const main = ["main", "main.yml", "main.yaml", "main.json"]
    .map((name) => at(folder.path, name))
    .find((place) => kindOf(place) !== undefined);
  if (main === undefined) return [];
  return kindOf(main) === "file" ? [main] : entriesIn(main).map(({ name }) => at(main.path, name));
}

const isPlain = (name: unknown): name is string => typeof name === "string" && !name.includes("{{");

const isMapping = (value: unknown): value is Mapping =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const listOf = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
