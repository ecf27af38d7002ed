import { join } from "node:path";
import type { Inputs } from "../inputs/inputs.js";
import { linkVariables } from "../inventory/prepare.js";
import { OPERATIONS } from "../operations.js";
import type { Ground } from "../project/places.js";
import { readText } from "../read-file.js";
import type { PrivateFolder } from "../secrets/private-folder.js";

/** Gives back what a run held that was ended early. */
const CANCEL = { role: "cancel", container: "container_cancel" } as const;

/** Absolute paths of the playbooks of a run. */
export interface Playbooks {
  readonly playbook: string;
  /** Runs when the run is cancelled: gives the deploy lock back, and goes back where it had switched. "" where there is none. */
  readonly cancelPlaybook: string;
}

/**
 * Writes copies of the bundled playbooks that a run needs, with the project's variables linked beside them: Ansible gives
 * variables beside a playbook their precedence by its place. Importing the collection's playbook would not do (tried):
 * Ansible then looks beside the imported file, which is in the action's folder.
 *
 * @param actionRoot folder that holds `ansible_collections`.
 */
export function bundledPlaybooks(
  { mode, operation, check }: Pick<Inputs, "mode" | "operation" | "check">,
  actionRoot: string,
  ground: Ground,
  folder: PrivateFolder,
): Playbooks {
  const place = folder.folder("play");
  linkVariables(ground, place);
  const copy = (name: string) => {
    const bundled = join(actionRoot, "ansible_collections", "django_ansible", "deploy", "playbooks", `${name}.yml`);
    return folder.file(
      join("play", `${name}.yml`),
      readText({ path: bundled, name: `The action's playbook ${name}.yml` }),
    );
  };
  return {
    playbook: copy(OPERATIONS[operation].playbooks[mode]),
    cancelPlaybook: OPERATIONS[operation].changesHosts && !check ? copy(CANCEL[mode]) : "",
  };
}
