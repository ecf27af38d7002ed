import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { isScalar, parseAllDocuments, visit } from "yaml";
import { VARIABLE_FOLDERS } from "../inventory/prepare.js";
import { isVault, opensVault, vaultIdOf } from "./decrypt.js";

const MOST_BYTES = 4 * 1024 * 1024;

/**
 * The variable files of a project that Ansible may read: those of groups and hosts.
 *
 * @param project working-directory as an absolute path.
 * @param inventories absolute paths; their folders' variables count too.
 */
export function variableFiles(project: string, inventories: readonly string[]): string[] {
  const bases = new Set([project, ...inventories.map((path) => (isFolder(path) ? path : dirname(path)))]);
  const files = [...bases].flatMap((base) =>
    VARIABLE_FOLDERS.flatMap((name) => entries(join(base, name)).flatMap((entry) => walk(join(base, name, entry), 4))),
  );
  return [...new Set(files)].sort();
}

/** A vaulted file, or a single vaulted value in a file, that none of the passwords opens. */
export interface Closed {
  readonly file: string;
  /** Name of the value; "" when the whole file is vaulted. */
  readonly value: string;
  /** "" for the default id. */
  readonly id: string;
}

/** What in the files none of the passwords opens; Ansible tries them all, whatever id a vault text names. */
export function closedIn(files: readonly string[], passwords: readonly string[]): Closed[] {
  const opens = (text: string) => passwords.some((password) => opensVault(text, password) !== false);
  return files.flatMap((file) => {
    const text = textOf(file);
    const vaults = isVault(text) ? [{ value: "", vault: text }] : text.includes("!vault") ? valuesOf(text) : [];
    return vaults
      .filter(({ vault }) => !opens(vault))
      .map(({ value, vault }) => ({ file, value, id: vaultIdOf(vault) }));
  });
}

/** The vaulted values of a YAML text with the keys that they stand at. */
function valuesOf(text: string): { value: string; vault: string }[] {
  const found: { value: string; vault: string }[] = [];
  for (const document of parseAllDocuments(text, { logLevel: "silent" })) {
    visit(document, {
      Pair: (_, { key, value }) => {
        if (!isScalar(value) || value.tag !== "!vault") return;
        found.push({ value: isScalar(key) ? String(key.value) : "", vault: String(value.value) });
      },
    });
  }
  return found;
}

function walk(path: string, depth: number): string[] {
  if (!isFolder(path)) return [path];
  return depth > 0 ? entries(path).flatMap((entry) => walk(join(path, entry), depth - 1)) : [];
}

/** The text of a file that may hold variables; "" of one that cannot be read or is too large for that. */
function textOf(file: string): string {
  try {
    return statSync(file).size > MOST_BYTES ? "" : readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function entries(path: string): string[] {
  return isFolder(path) ? readdirSync(path).filter((entry) => !entry.startsWith(".")) : [];
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}
