import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * What the project's own variables, group_vars and host_vars, plainly set a variable to, as far as that can be told without
 * Ansible: a word on the variable's own line.
 *
 * @returns undefined when no file mentions the variable; "" when it is set to something that only Ansible can read.
 */
export function plainVariable(project: string, name: string): string | undefined {
  const line = new RegExp(`^\\s*["']?${name}["']?\\s*:[ \\t]*(.*)$`, "m");
  for (const folder of ["group_vars", "host_vars"]) {
    for (const text of texts(join(project, folder), 3)) {
      const found = line.exec(text);
      if (found) return /^["']?([\w./:-]+)["']?\s*(?:#.*)?$/.exec(found[1] ?? "")?.[1] ?? "";
    }
  }
  return undefined;
}

function texts(path: string, depth: number): string[] {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [readFileSync(path, "utf8")];
  return depth > 0 ? readdirSync(path).flatMap((entry) => texts(join(path, entry), depth - 1)) : [];
}
