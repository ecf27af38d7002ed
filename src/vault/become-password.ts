import { resolve } from "node:path";
import { DeployError } from "../errors.js";
import type { Inputs } from "../inputs/inputs.js";
import { missing } from "../inputs/missing.js";
import type { Ground } from "../project/places.js";
import { readText } from "../read-file.js";
import { withoutLastLineEnds } from "../text.js";
import { passwordsOf } from "./check.js";
import { decryptVault, isVault, vaultIdOf } from "./decrypt.js";

/** Longer texts are no path. */
const LONGEST_PATH = 4096;

/**
 * The become password: the input as it is, or what the vault text holds that it is, or that the file holds that it names.
 *
 * @throws DeployError when no vault password opens the text.
 */
export async function becomePassword(
  inputs: Pick<Inputs, "becomePassword" | "vaultPassword" | "vaultPasswords" | "emptySecrets">,
  ground: Ground,
): Promise<string> {
  const given = inputs.becomePassword;
  const fromFile = vaultFileText(given, ground);
  const text = fromFile ?? given;
  if (!isVault(text.trimStart())) return given;
  const name = fromFile === undefined ? "become-password" : `The file ${given}, which become-password names,`;
  const passwords = passwordsOf(inputs);
  if (passwords.length === 0) {
    throw new DeployError(`${name} is encrypted with ansible-vault and ${missing("vault-password", inputs)}.`);
  }
  const plain = await decryptVault(text.trimStart(), passwords);
  if (plain !== undefined) {
    const held = withoutLastLineEnds(plain);
    if (held === "" || /[\r\n]/.test(held))
      throw new DeployError(`${name} holds no password of one line: encrypt the password alone.`);
    return held;
  }
  const id = vaultIdOf(text.trimStart());
  throw new DeployError(
    `${name} is encrypted with ansible-vault${id === "" ? "" : ` (vault id "${id}")`} and no given vault password opens it: check vault-password and vault-passwords.`,
  );
}

/** What the repository's file holds that the text names, when it is a vault; a text that names no such file is the password. */
function vaultFileText(text: string, { folder, workspace }: Ground): string | undefined {
  if (text === "" || text.length > LONGEST_PATH || /[\0\r\n]/.test(text)) return undefined;
  const path = resolve(folder, text);
  if (!path.startsWith(`${folder}/`)) return undefined;
  try {
    const held = readText({ path, name: "become-password", workspace });
    return isVault(held.trimStart()) ? held : undefined;
  } catch {
    return undefined;
  }
}
