import { parse } from "yaml";
import { parseDotenv } from "../inputs/dotenv.js";
import type { Inputs, RawInputs } from "../inputs/inputs.js";

/** Keys of variables whose value is a secret. */
const SECRET_KEY = /pass(wd|word|phrase)?$|secret|token|private_?key|api_?key/i;

/** Texts that are no secret wherever they stand; hiding them would only make the log unreadable. */
const COMMON =
  /^(true|false|yes|no|on|off|none|null|localhost|\d{1,5}|admin|deploy|development|django|example|password|postgres|production|root|secret|staging|test|user)$/i;

/** Lines shorter than this are too common to hide. */
const SHORTEST = 4;

/** Whether hiding a text would blank the log rather than a secret. */
export function isTooCommon(text: string): boolean {
  return text.trim().length < SHORTEST || COMMON.test(text.trim());
}

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

/** Every secret text in the inputs, as given. Never fails: it runs before the inputs are checked. */
export function secretsIn(raw: RawInputs): string[] {
  const passwords = [
    raw["become-password"],
    raw["vault-password"],
    raw["registry-password"],
    raw["ssh-private-key"],
    raw["ssh-private-key-passphrase"],
  ];
  return [
    ...passwords.map((text) => text.replace(/[\r\n]+$/, "")),
    ...secretsOfMapping(raw["vault-passwords"]),
    ...secretsOfEnv(raw.env),
    ...secretsOfText(raw.inventory),
    ...secretsOfText(raw.vars),
  ].filter((text) => text.trim() !== "");
}

/** Every value of a mapping of passwords. */
function secretsOfMapping(text: string): string[] {
  let values: unknown[];
  try {
    values = Object.values(parse(text, { logLevel: "silent" }) ?? {});
  } catch {
    // Not valid, which is said later; hide all that could be a value.
    values = text.split(/\r?\n/).map((line) => line.replace(/^[^:]*:\s*/, ""));
  }
  return values.map((value) => (typeof value === "object" ? JSON.stringify(value) : String(value)));
}

function secretsOfEnv(text: string): string[] {
  let values: string[];
  try {
    values = Object.values(parseDotenv(text));
  } catch {
    // Not valid, which is said later; hide all that could be a value.
    values = text.split(/\r?\n/).map((line) => line.replace(/^[^=]*=\s*/, ""));
  }
  return [...values, ...values.flatMap(passwordsInUrl)].filter((value) => !isTooCommon(value));
}

/** Programs name the password of a DATABASE_URL alone, as it is written there or decoded. */
function passwordsInUrl(value: string): string[] {
  const [, password = ""] = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s:@]*:([^/?#\s@]+)@/i.exec(value) ?? [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}

/** Values of secret-like keys in YAML, JSON or INI text, found without parsing so that a broken text still yields them. */
function secretsOfText(text: string): string[] {
  const found: string[] = [];
  for (const match of text.matchAll(/([A-Za-z_][\w-]*)["']?[ \t]*[:=][ \t]*/g)) {
    if (!SECRET_KEY.test(match[1] ?? "")) continue;
    const rest = text.slice(match.index + match[0].length);
    const quoted = /^"((?:[^"\\\n]|\\.)*)"|^'([^'\n]*)'/.exec(rest);
    const line = (/^[^\r\n]*/.exec(rest)?.[0] ?? "").trim();
    // A plain value ends at the line's end in YAML, at a comma or brace in its short form, and at a blank in INI; hide all readings.
    const readings = quoted
      ? [quoted[1] ?? quoted[2] ?? ""]
      : [line, line.split(/[,}]/)[0] ?? "", line.split(/\s+/)[0] ?? ""];
    for (const value of new Set(readings)) {
      if (!isTooCommon(value) && !/^(\{\{|[!|>#]|\$ANSIBLE_VAULT)/.test(value)) found.push(value);
    }
  }
  return found;
}
