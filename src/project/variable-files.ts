import { extname, join } from "node:path";
import { entriesIn, kindOf, type Place } from "../read-file.js";
import { type Ground, placeInProject } from "./places.js";

/** Folders of variables that Ansible reads beside an inventory and beside a playbook. */
export const VARIABLE_FOLDERS = ["group_vars", "host_vars"] as const;

/** How deep Ansible's users nest such a folder. */
const DEPTH = 4;

/**
 * The files of variables of groups and hosts that Ansible may read: hidden ones and those with another ending are none.
 *
 * @param bases absolute paths of the folders that the variable folders are in.
 * @throws DeployError for what Ansible would wait for or stumble over: a named pipe, a device, a link out of the workspace.
 */
export function variableFiles(bases: readonly string[], ground: Ground): Place[] {
  const found = bases.flatMap((base) =>
    VARIABLE_FOLDERS.flatMap((name) => walk(placeInProject(join(base, name), ground), ground, DEPTH)),
  );
  return [...new Map(found.map((place) => [place.path, place])).values()].sort((one, other) =>
    one.path < other.path ? -1 : 1,
  );
}

function walk(place: Place, ground: Ground, depth: number): Place[] {
  if (depth < DEPTH && kindOf(place) === "file") return [place];
  if (depth === 0) return [];
  return entriesIn(place)
    .filter(({ name }) => !name.startsWith(".") && !name.endsWith("~"))
    .filter(({ name, isFolder }) => isFolder || ["", ".yml", ".yaml", ".json"].includes(extname(name)))
    .flatMap(({ name }) => walk(placeInProject(join(place.path, name), ground), ground, depth - 1));
}
