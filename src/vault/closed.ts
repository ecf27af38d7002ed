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
export async function closedIn(
  sources: readonly Source[],
  passwords: readonly string[],
  signal?: AbortSignal,
): Promise<Closed[]> {
  const known = new Map<string, boolean>();
  const closed: Closed[] = [];
  for (const {
    place: { path: file },
    text,
  } of sources) {
    const vaults = isVault(text) ? [{ value: "", vault: text }] : text.includes("!vault") ? valuesOf(text) : [];
    for (const { value, vault } of vaults) {
      signal?.throwIfAborted();
      const opens = known.get(vault) ?? (passwords.length > 0 && (await opensVault(vault, passwords)) !== false);
      known.set(vault, opens);
      if (!opens) closed.push({ file, value, id: vaultIdOf(vault) });
    }
  }
  return closed;
}

/** The vaulted values of a YAML text with the keys that they stand at. */
function valuesOf(text: string): { value: string; vault: string }[] {
  return leavesOf(text)
    .leaves.filter(({ tag }) => tag === "!vault")
    .map(({ keys, text: vault }) => ({ value: keys.at(-1) ?? "", vault }));
}
