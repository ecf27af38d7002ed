import { readText } from "../read-file.js";
import type { Ground } from "./places.js";
import { variableFiles } from "./variable-files.js";

/**
 * What the project's own variables, group_vars and host_vars, plainly set a variable to, as far as that can be told without
 * Ansible: a word on the variable's own line.
 *
 * @returns undefined when no file mentions the variable; "" when it is set to something that only Ansible can read.
 */
export function plainVariable(ground: Ground, name: string): string | undefined {
  const line = new RegExp(`^[ \\t]*["']?${name}["']?[ \\t]*:(.*)$`, "m");
  for (const file of variableFiles([ground.folder], ground)) {
    const found = line.exec(readText(file))?.[1]?.trim();
    if (found !== undefined) return /^["']?([\w./:-]+)["']?(?:[ \t]+#.*)?$/.exec(found)?.[1] ?? "";
  }
  return undefined;
}
