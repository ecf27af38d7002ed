import { parseDotenv } from "../inputs/dotenv.js";
import type { Inputs, RawInputs } from "../inputs/inputs.js";
import { splitArguments } from "../inputs/split-arguments.js";
import { leavesOf } from "../inputs/yaml.js";
import { withoutLastLineEnds } from "../text.js";
import { isTooCommon } from "./common.js";
import { SECRET_KEY, secretsOfText } from "./in-text.js";
import { passwordsIn } from "./passwords.js";
import { repairKeys } from "./private-key.js";
import { passwordsInUrls } from "./url-passwords.js";

/**
 * Warnings for secrets that are not hidden, since hiding them would blank the log.
 *
 * @param becomePassword in plain text.
 */
export function weakSecrets(
  inputs: Pick<Inputs, "vaultPassword" | "vaultPasswords" | "sshPrivateKeyPassphrase" | "registryPassword" | "env">,
  becomePassword: string,
): string[] {
  const secrets: readonly (readonly [name: string, text: string])[] = [
    ["become-password", becomePassword],
    ["vault-password", inputs.vaultPassword],
    ["ssh-private-key-passphrase", inputs.sshPrivateKeyPassphrase],
    ["registry-password", inputs.registryPassword],
    ...Object.entries(inputs.vaultPasswords).map(([id, text]) => [`vault-passwords ${id}`, text] as const),
    // Not each value of env: most of those that are short are no secrets.
    ...Object.entries(inputs.env)
      .filter(([name]) => SECRET_KEY.test(name))
      .map(([name, text]) => [`env ${name}`, text] as const),
  ];
  return secrets
    .filter(([, text]) => text !== "" && isTooCommon(text))
    .map(([name]) => `${name} is so short or common that it is not hidden in the log: use eight or more characters.`);
}

/** Every secret text in the inputs, as given and as it is used. Never fails: it runs before the inputs are checked. */
export function secretsIn(raw: RawInputs): string[] {
  return [
    ...passwordsIn(raw),
    ...repaired(raw["ssh-private-key"]),
    ...secretsOfMapping(raw["vault-passwords"]),
    ...secretsOfEnv(raw.env),
    ...[raw.inventory, raw.vars].flatMap(secretsOfText),
    ...secretsOfArguments(raw["extra-args"]),
    ...passwordsInUrls(raw["python-packages"]),
  ].filter((text) => text.trim() !== "");
}

/** Keys in the form in which ssh and the log would show them. */
function repaired(key: string): readonly string[] {
  try {
    return repairKeys(key).keys;
  } catch {
    return [];
  }
}

/** Every value of a mapping of passwords. */
function secretsOfMapping(text: string): string[] {
  const { leaves, valid } = leavesOf(text);
  // Where it is not valid, which is said later, all is hidden that could be a value.
  const lines = valid ? [] : text.split(/\r?\n/).map((line) => line.slice(line.indexOf(":") + 1).trim());
  return [...leaves.map((leaf) => withoutLastLineEnds(leaf.text)), ...lines];
}

function secretsOfEnv(text: string): string[] {
  let values: string[];
  try {
    values = Object.values(parseDotenv(text).values);
  } catch {
    // Likewise.
    values = text.split(/\r?\n/).map((line) => line.slice(line.indexOf("=") + 1).trim());
  }
  return [...values, ...values.flatMap(passwordsInUrls)].filter((value) => !isTooCommon(value));
}

function secretsOfArguments(text: string): string[] {
  try {
    return splitArguments(text).flatMap(secretsOfText);
  } catch {
    return secretsOfText(text);
  }
}
