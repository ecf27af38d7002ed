import { splitArguments } from "../inputs/split-arguments.js";
import { leavesOf } from "../inputs/yaml.js";
import { isTooCommon } from "./common.js";
import { passwordsInUrls } from "./url-passwords.js";

/** Keys of variables whose value is a secret, or all values below it. */
export const SECRET_KEY = /pass(wd|words?|phrases?)?$|secret|token|credential|private_?key|api_?key/i;

/** Keys below which each text is a secret, whatever it is called: environments, headers of requests, logins of registries. */
const SECRET_PLACE = /^(django_app_env|django_app_install_env|headers|auths?)$/i;

const isSecret = (key: string): boolean => SECRET_KEY.test(key) || SECRET_PLACE.test(key);

/**
 * The secrets in variables or an inventory, YAML, JSON or INI: what stands at a key or at a place of secrets, and the
 * passwords of URLs. A text that is broken still yields what it may hold.
 */
export function secretsOfText(text: string): string[] {
  const { leaves, valid } = leavesOf(text);
  const found = [
    ...leaves.filter(({ tag, keys }) => tag !== "!vault" && keys.some(isSecret)).flatMap((leaf) => readings(leaf.text)),
    ...leaves.flatMap((leaf) => passwordsInUrls(leaf.text)),
    ...text.split(/\r?\n/).flatMap(secretsOfIniLine),
    ...(valid ? [] : secretsOfBroken(text.split(/\r?\n/))),
  ];
  return [...new Set(found)].filter((value) => !isTooCommon(value) && !isReference(value));
}

/** A template or an encrypted text is no secret itself. */
const isReference = (value: string): boolean => /^(\{\{.*\}\}|\$ANSIBLE_VAULT;.*)$/s.test(value.trim());

/** A number in YAML is written anew by who reads it: `0123` becomes 83 or 123. */
function readings(text: string): string[] {
  const number = Number(text);
  return Number.isFinite(number) ? [text, String(number)] : [text];
}

/** A line of INI: a host with words `key=value`, or in a section of variables one `key = value` up to the line's end. */
function secretsOfIniLine(line: string): string[] {
  return [...wordsOf(line), line].flatMap((pair) => {
    const equals = pair.indexOf("=");
    const value = pair.slice(equals + 1).trim();
    const key = pair.slice(0, equals).trim();
    if (equals === -1 || /\s/.test(key)) return [];
    return [...(isSecret(key) ? [value, unquoted(value)] : []), ...passwordsInUrls(value)];
  });
}

function wordsOf(line: string): string[] {
  try {
    return splitArguments(line);
  } catch {
    return line.split(/\s/);
  }
}

const unquoted = (value: string): string => value.replace(/^(["'])(.*)\1$/s, "$2");

/** Characters of a line that may be the value of one of its keys. */
const LONGEST_VALUE = 4_096;

/** What may be a secret in a text that is neither: all readings of the rest of a line, and the lines of a block below it. */
function secretsOfBroken(lines: readonly string[]): string[] {
  const found: string[] = [];
  let block = -1;
  for (const line of lines) {
    const indent = line.search(/\S/);
    if (block !== -1 && (indent === -1 || indent > block)) {
      found.push(line.trim());
      continue;
    }
    block = -1;
    for (const { 0: match, 1: key = "", index } of line.matchAll(/(?<![\w-])([A-Za-z_][\w-]{0,99})["']?\s{0,9}[:=]/g)) {
      if (!isSecret(key)) continue;
      const rest = line
        .slice(index + match.length)
        .trim()
        .slice(0, LONGEST_VALUE);
      if (/^([|>!&].*)?$/.test(rest)) block = indent;
      // A plain value ends at the line's end, at a comma or brace, or at a blank.
      found.push(unquoted(rest), unquoted(rest.split(/[,}]/)[0] ?? ""), unquoted(rest.split(/\s+/)[0] ?? ""));
    }
    found.push(...passwordsInUrls(line));
  }
  return found;
}
