import { existsSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { DeployError } from "../errors.js";
import type { Inputs } from "../inputs/inputs.js";
import { missing } from "../inputs/missing.js";
import { passwordsOf } from "./check.js";
import { decryptVault, isVault, vaultIdOf } from "./decrypt.js";

/** Longer texts are no path. */
const LONGEST_PATH = 4096;

/**
 * The become password: the input as it is, or what the vault text holds that it is, or that the file holds that it names.
 *
 * @param project working-directory as an absolute path.
 * @throws DeployError when no vault password opens the text.
 */
export function becomePassword(
  inputs: Pick<Inputs, "becomePassword" | "vaultPassword" | "vaultPasswords" | "emptySecrets">,
  project: string,
): string {
  const given = inputs.becomePassword;
  const file = vaultFile(given, project);
  const text = file === undefined ? given : readFileSync(file, "utf8");
  if (!isVault(text.trimStart())) return given;
  const name = file === undefined ? "become-password" : `The file ${given}, which become-password names,`;
  const passwords = passwordsOf(inputs);
  if (passwords.length === 0) {
    throw new DeployError(`${name} is encrypted with ansible-vault and ${missing("vault-password", inputs)}.`);
  }
  for (const password of passwords) {
    const held = decryptVault(text.trimStart(), password)?.replace(/[\r\n]+$/, "");
    if (held === undefined) continue;
    if (held === "" || /[\r\n]/.test(held)) throw new DeployError(`${name} holds no password of one line.`);
    return held;
  }
  const id = vaultIdOf(text.trimStart());
  throw new DeployError(
    `${name} is encrypted with ansible-vault${id === "" ? "" : ` (vault id "${id}")`} and no given vault password opens it: check vault-password and vault-passwords.`,
  );
}

/** The repository's file that the text names, when it is a vault. */
function vaultFile(text: string, project: string): string | undefined {
  if (text === "" || text.length > LONGEST_PATH || /[\0\r\n]/.test(text)) return undefined;
  const path = resolve(project, text);
  if (!path.startsWith(`${project}/`) || !existsSync(path) || !statSync(path).isFile()) return undefined;
  return isVault(readFileSync(path, "utf8").trimStart()) ? path : undefined;
}
