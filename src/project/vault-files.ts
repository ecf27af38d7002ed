import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { VARIABLE_FOLDERS } from "../inventory/prepare.js";
import { isVault, opensVault, vaultIdOf } from "./vault.js";

/**
 * Encrypted variable files of the project.
 *
 * @param project working-directory as an absolute path.
 * @param inventories absolute paths; their folders' variables count too.
 * @param group only files of this group, such as `all`, which every host reads; default every group and host.
 */
export function vaultedFiles(project: string, inventories: readonly string[], group?: string): string[] {
  const bases = new Set([project, ...inventories.map((path) => (isFolder(path) ? path : dirname(path)))]);
  const files = [...bases].flatMap((base) =>
    VARIABLE_FOLDERS.flatMap((name) =>
      entries(join(base, name))
        .filter(
          (entry) =>
            group === undefined || (name === "group_vars" && new RegExp(`^${group}(\\.ya?ml|\\.json)?$`).test(entry)),
        )
        .flatMap((entry) => walk(join(base, name, entry), 4)),
    ),
  );
  return [...new Set(files)].filter(startsAsVault).sort();
}

/** A vaulted file that none of the passwords opens. */
export interface ClosedFile {
  readonly file: string;
  /** "" for the default id. */
  readonly id: string;
}

/** Those of the files that none of the passwords opens; Ansible tries them all, whatever id a file names. */
export function closedFiles(files: readonly string[], passwords: readonly string[]): ClosedFile[] {
  return files.flatMap((file) => {
    const text = readFileSync(file, "utf8");
    const open = passwords.some((password) => opensVault(text, password) !== false);
    return open ? [] : [{ file, id: vaultIdOf(text) }];
  });
}

function walk(path: string, depth: number): string[] {
  if (!isFolder(path)) return [path];
  return depth > 0 ? entries(path).flatMap((entry) => walk(join(path, entry), depth - 1)) : [];
}

function startsAsVault(file: string): boolean {
  try {
    const descriptor = openSync(file, "r");
    const start = Buffer.alloc(16);
    readSync(descriptor, start, 0, start.length, 0);
    closeSync(descriptor);
    return isVault(start.toString("latin1"));
  } catch {
    return false;
  }
}

function entries(path: string): string[] {
  return isFolder(path) ? readdirSync(path).filter((entry) => !entry.startsWith(".")) : [];
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}
