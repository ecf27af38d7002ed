import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Inputs } from "../inputs.js";
import { linkVariables } from "../inventory/prepare.js";
import type { PrivateFolder } from "../secrets/private-folder.js";

/**
 * Writes a copy of a bundled playbook with the project's variables linked beside it: Ansible gives variables beside a
 * playbook their precedence by its place. Importing the collection's playbook would not do (tried): Ansible then looks beside
 * the imported file, which is in the action's folder.
 *
 * @param actionRoot folder that holds `ansible_collections`.
 * @returns its absolute path.
 */
export function bundledPlaybook(
  mode: Inputs["mode"],
  actionRoot: string,
  project: string,
  folder: PrivateFolder,
): string {
  const place = folder.folder("play");
  linkVariables(project, place);
  const bundled = join(actionRoot, "ansible_collections", "django_ansible", "deploy", "playbooks", `${mode}.yml`);
  return folder.file(join("play", "deploy.yml"), readFileSync(bundled, "utf8"));
}
