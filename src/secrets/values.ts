import { parse } from "yaml";
import type { RawInputs } from "../inputs.js";
import { parseDotenv } from "./dotenv.js";

/** Keys of variables whose value is a secret. */
const SECRET_KEY = /pass(wd|word|phrase)?$|secret|token|private_?key|api_?key/i;

/** Texts that are no secret wherever they stand; hiding them would only make the log unreadable. */
const COMMON = /^(true|false|yes|no|on|off|none|null|localhost|\d{1,5})$/i;

/** Lines shorter than this are too common to hide. */
const SHORTEST = 4;

/** Whether hiding a text would blank the log rather than a secret. */
export function isTooCommon(text: string): boolean {
  return text.trim().length < SHORTEST || COMMON.test(text.trim());
}

/**
 * Warnings for passwords that are not hidden, since hiding them would blank the log.
 *
 * @param passwords by the name of their input.
 */
export function weakPasswords(passwords: Readonly<Record<string, string>>): string[] {
  return Object.entries(passwords)
    .filter(([, text]) => text !== "" && isTooCommon(text))
    .map(
      ([name]) =>
        `${name} is so short or common that it is not hidden in the log: use a password of eight or more characters.`,
    );
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
  return values.filter((value) => !isTooCommon(value));
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

/**
 * What must be hidden for a secret: itself, each of its lines, and the forms in which it usually turns up in text.
 * A key's BEGIN and END lines are no secret.
 */
export function hiddenForms(secret: string): string[] {
  const lines = secret
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line.length >= SHORTEST && !/^-----(BEGIN|END) /.test(line));
  const forms = new Set([secret, ...(lines.length > 0 ? lines : [])]);
  if (secret.length >= SHORTEST) {
    forms.add(JSON.stringify(secret).slice(1, -1));
    forms.add(encodeURIComponent(secret));
    forms.add(secret.replaceAll("'", "''"));
    forms.add(Buffer.from(secret).toString("base64"));
    forms.add(Buffer.from(`${secret}\n`).toString("base64"));
  }
  return [...forms];
}
