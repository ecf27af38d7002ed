import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { parse } from "yaml";
import { isVault } from "./decrypt.js";

type Mapping = Readonly<Record<string, unknown>>;

/**
 * The files that Ansible reads for a playbook, whatever hosts it is for: the playbook, its `vars_files`, and the variables of roles
 * that it names. Names with templates in them are left out, as nobody knows them before the run.
 *
 * @param playbook absolute path.
 * @param roleFolders absolute paths of folders with roles, besides `roles` beside the playbook; the first one that has a role wins.
 */
export function filesOfPlaybook(playbook: string, roleFolders: readonly string[]): string[] {
  const folder = dirname(playbook);
  const plays = playsOf(playbook);
  const named = plays.flatMap((play) => listOf(play.vars_files)).filter(isPlain);
  const variables = named.map((path) => (isAbsolute(path) ? path : join(folder, path)));
  const roles = [...new Set(plays.flatMap(rolesOf))];
  const folders = [join(folder, "roles"), ...roleFolders];
  const ofRoles = roles.flatMap((role) => {
    const home = folders.map((place) => join(place, role)).find((path) => existsSync(path));
    return home === undefined ? [] : ["vars", "defaults"].flatMap((part) => mainFiles(join(home, part)));
  });
  return [playbook, ...variables, ...ofRoles].filter((file) => existsSync(file) && statSync(file).isFile());
}

function playsOf(playbook: string): Mapping[] {
  try {
    const text = readFileSync(playbook, "utf8");
    return isVault(text) ? [] : listOf(parse(text, { logLevel: "silent" })).filter(isMapping);
  } catch {
    return []; // Ansible tells what is wrong with it.
  }
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
function mainFiles(folder: string): string[] {
  const main = ["main", "main.yml", "main.yaml", "main.json"]
    .map((name) => join(folder, name))
    .find((path) => existsSync(path));
  if (main === undefined) return [];
  return statSync(main).isFile() ? [main] : readdirSync(main).map((name) => join(main, name));
}

const isPlain = (name: unknown): name is string => typeof name === "string" && !name.includes("{{");

const isMapping = (value: unknown): value is Mapping =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const listOf = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
