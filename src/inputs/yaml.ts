import { parseDocument, type ScalarTag } from "yaml";
import { DeployError } from "../errors.js";
import type { InputName, Value } from "./inputs.js";

/** Ansible's two tags, in the form in which its JSON reader takes them. */
const ANSIBLE_TAGS: ScalarTag[] = [
  { tag: "!vault", resolve: (text) => ({ __ansible_vault: text }) },
  { tag: "!unsafe", resolve: (text) => ({ __ansible_unsafe: text }) },
];

/**
 * Reads YAML (JSON is YAML) of the core schema. Messages carry a place, never a piece of the text: it may be a secret.
 *
 * @throws DeployError with line and column.
 */
export function parseYaml(name: InputName, text: string): Value {
  const document = parseDocument(text, { prettyErrors: true, customTags: ANSIBLE_TAGS, logLevel: "silent" });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem) {
    const place = problem.linePos?.[0];
    const where = place ? ` at line ${place.line}, column ${place.col}` : "";
    const what = problem.code.toLowerCase().replaceAll("_", " ");
    throw new DeployError(`${name} is not valid YAML${where} (${what}).`);
  }
  try {
    return document.toJS({ maxAliasCount: 100 }) as Value;
  } catch {
    throw new DeployError(`${name} is not valid YAML (an alias is unknown or used too often).`);
  }
}

/** Whether a YAML value is a mapping. */
export function isMapping(value: Value): value is { readonly [key: string]: Value } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Reads a mapping of Ansible variables; an empty text is an empty mapping.
 *
 * @throws DeployError when it is no mapping, or a key is no variable name.
 */
export function parseMapping(name: InputName, text: string): Record<string, Value> {
  if (text.trim() === "") return {};
  const value = parseYaml(name, text) ?? {};
  if (!isMapping(value)) throw new DeployError(`${name} must be a mapping of names to values, like "key: value".`);
  for (const key of Object.keys(value)) {
    if (!/^[A-Za-z_]\w*$/.test(key)) {
      throw new DeployError(
        `${name} has the key ${JSON.stringify(key.slice(0, 60))}: a variable's name is letters, digits and underscores.`,
      );
    }
  }
  return { ...value };
}
