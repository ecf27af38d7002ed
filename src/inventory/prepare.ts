import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { DeployError, quoted } from "../errors.js";
import type { Inputs } from "../inputs/inputs.js";
import { type Ground, placeInProject, placeOfInput } from "../project/places.js";
import { VARIABLE_FOLDERS } from "../project/variable-files.js";
import { kindOf, readPiece } from "../read-file.js";
import type { PrivateFolder } from "../secrets/private-folder.js";
import { hostsInventory, parseHosts } from "./hosts.js";
import { inlineName } from "./inline.js";

/**
 * Absolute paths for `--inventory`: the repository's own, or a file in the private folder.
 *
 * @throws DeployError when a file is missing or an inventory is malformed.
 */
export function prepareInventory(inputs: Inputs, ground: Ground, folder: PrivateFolder): string[] {
  if (inputs.inventoryFiles.length > 0) return inputs.inventoryFiles.map((path) => existing(path, ground));
  const [name, text] =
    inputs.hosts === ""
      ? [inlineName(inputs.inventory), inputs.inventory]
      : ["hosts.yml", hostsInventory(parseHosts(inputs.hosts))];
  const place = folder.folder("inventory");
  linkVariables(ground, place);
  return [folder.file(join("inventory", name), text.endsWith("\n") ? text : `${text}\n`)];
}

function existing(given: string, ground: Ground): string {
  const place = placeOfInput("inventory-file", given, ground);
  if (place.path.includes(",")) {
    throw new DeployError(
      `inventory-file is ${quoted(given)}: Ansible reads a comma as a list of hosts, so rename the file.`,
    );
  }
  if (place.kind === "file" && readPiece(place, 0, 1).length === 0)
    throw new DeployError(`${place.name} is empty: name at least one host in it.`);
  return place.path;
}

/** Links the project's variable folders into a folder of generated files, so that Ansible finds them beside those. */
export function linkVariables(ground: Ground, folder: string): void {
  for (const name of VARIABLE_FOLDERS) {
    const place = placeInProject(join(ground.folder, name), ground);
    if (kindOf(place) === "folder") symlinkSync(place.path, join(folder, name));
  }
}
