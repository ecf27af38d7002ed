import { existsSync, statSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { DeployError } from "../errors.js";
import type { Inputs } from "../inputs/inputs.js";
import type { PrivateFolder } from "../secrets/private-folder.js";
import { hostsInventory, parseHosts } from "./hosts.js";
import { inlineName } from "./inline.js";

/** Folders of variables that Ansible reads beside an inventory and beside a playbook. */
export const VARIABLE_FOLDERS = ["group_vars", "host_vars"] as const;

/**
 * Absolute paths for `--inventory`: the repository's own, or a file in the private folder.
 *
 * @param project working-directory as an absolute path.
 * @throws DeployError when a file is missing or an inventory is malformed.
 */
export function prepareInventory(inputs: Inputs, project: string, folder: PrivateFolder): string[] {
  if (inputs.inventoryFiles.length > 0) return inputs.inventoryFiles.map((path) => existing(path, project));
  const [name, text] =
    inputs.hosts === ""
      ? [inlineName(inputs.inventory), inputs.inventory]
      : ["hosts.yml", hostsInventory(parseHosts(inputs.hosts))];
  const place = folder.folder("inventory");
  linkVariables(project, place);
  return [folder.file(join("inventory", name), text.endsWith("\n") ? text : `${text}\n`)];
}

function existing(path: string, project: string): string {
  if (path.startsWith("-"))
    throw new DeployError(`inventory-file is ${JSON.stringify(path)}: a path cannot begin with a dash.`);
  const full = resolve(project, path);
  if (full.includes(",")) {
    throw new DeployError(
      `inventory-file is ${JSON.stringify(path)}: Ansible reads a comma as a list of hosts, so rename the file.`,
    );
  }
  if (!existsSync(full)) throw new DeployError(`inventory-file ${JSON.stringify(path)} does not exist in ${project}.`);
  if (statSync(full).isFile() && statSync(full).size === 0) {
    throw new DeployError(`inventory-file ${JSON.stringify(path)} is empty.`);
  }
  return full;
}

/** Links the project's variable folders into a folder of generated files, so that Ansible finds them beside those. */
export function linkVariables(project: string, place: string): void {
  for (const name of VARIABLE_FOLDERS) {
    const source = join(project, name);
    if (existsSync(source)) symlinkSync(source, join(place, name));
  }
}
