import { leavesOf } from "../inputs/yaml.js";
import type { Source } from "../project/sources.js";
import { isVault, opensVault, vaultIdOf } from "./decrypt.js";

/** A vaulted file, or a single vaulted value in a file, that none of the passwords opens. */
export interface Closed {
  /** Absolute path. */
  readonly file: string;
  /** Name of the value; "" when the whole file is vaulted. */
  readonly value: string;
  /** "" for the default id. */
  readonly id: string;
}

/** What in the files none of the passwords opens; Ansible tries them all, whatever id a vault text names. */
export function closedIn(sources: readonly Source[], passwords: readonly string[]): Closed[] {
  const opens = (text: string) => passwords.some((password) => opensVault(text, password) !== false);
  return sources.flatMap(({ place: { path: file }, text }) => {
    const vaults = isVault(text) ? [{ value: "", vault: text }] : text.includes("!vault") ? valuesOf(text) : [];
    return vaults
      .filter(({ vault }) => !opens(vault))
      .map(({ value, vault }) => ({ file, value, id: vaultIdOf(vault) }));
  });
}

/** The vaulted values of a YAML text with the keys that they stand at. */
function valuesOf(text: string): { value: string; vault: string }[] {
  return leavesOf(text)
    .leaves.filter(({ tag }) => tag === "!vault")
    .map(({ keys, text: vault }) => ({ value: keys.at(-1) ?? "", vault }));
}
