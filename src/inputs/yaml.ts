import {
  type Document,
  isPair,
  isScalar,
  Lexer,
  LineCounter,
  type Node,
  parseAllDocuments,
  parseDocument,
  type Scalar,
  type ScalarTag,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { DeployError, quoted } from "../errors.js";
import type { InputName, Value } from "./inputs.js";

/** Nesting of lists and mappings: what reads them calls itself, and a stack that overflows can end the process. */
const DEEPEST = 100;
/** How often aliases may repeat what they stand for. */
const MOST_ALIASES = 100;

/** Ansible's two tags, in the form in which its JSON reader takes them. */
const ANSIBLE_TAGS: ScalarTag[] = [
  { tag: "!vault", resolve: (text) => ({ __ansible_vault: text }) },
  { tag: "!unsafe", resolve: (text) => ({ __ansible_unsafe: text }) },
];

/** What takes time by the square of a text's length is off: places of all errors, comparing each key with each. */
const OPTIONS = { prettyErrors: false, uniqueKeys: false, logLevel: "silent" } as const;

/**
 * Reads YAML (JSON is YAML) of the core schema. Messages carry a place, never a piece of the text: it may be a secret.
 *
 * @throws DeployError with line and column.
 */
export function parseYaml(name: InputName, text: string): Value {
  if (isTooDeep(text)) throw tooDeep(name);
  const lineCounter = new LineCounter();
  const where = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset);
    return `at line ${line}, column ${col}`;
  };
  const document = parseDocument(text, { ...OPTIONS, customTags: ANSIBLE_TAGS, lineCounter });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem) {
    const what = problem.code.toLowerCase().replaceAll("_", " ");
    throw new DeployError(`${name} is not valid YAML ${where(problem.pos[0])} (${what}).`);
  }
  const twice = duplicateKey(document);
  if (twice !== undefined) throw new DeployError(`${name} is not valid YAML ${where(twice)} (duplicate key).`);
  let value: Value;
  try {
    value = document.toJS({ maxAliasCount: MOST_ALIASES }) as Value;
  } catch {
    throw new DeployError(`${name} has an alias (*name) that is unknown or used too often: write the value out.`);
  }
  refuseCircle(name, value, new Set());
  return value;
}

/** What a YAML text of the project holds, its first document; undefined where it is not valid, which Ansible says. */
export function parseLoosely(text: string): unknown {
  try {
    return isTooDeep(text) ? undefined : parseDocument(text, OPTIONS).toJS({ maxAliasCount: MOST_ALIASES });
  } catch {
    return undefined;
  }
}

/** A text in YAML. */
export interface Leaf {
  /** Keys that lead to it, the outermost first. */
  readonly keys: readonly string[];
  readonly tag: string;
  readonly text: string;
}

/**
 * Every text in all documents of a YAML text, whatever its style. Never fails.
 *
 * @returns besides what was found, whether that is all, since the text is valid.
 */
export function leavesOf(text: string): { readonly leaves: readonly Leaf[]; readonly valid: boolean } {
  const leaves: Leaf[] = [];
  if (isTooDeep(text)) return { leaves, valid: false };
  const documents = [parseAllDocuments(text, OPTIONS)].flat();
  for (const document of documents) {
    const anchors = new Map<string, Node>();
    let aliases = 0;
    const note = (node: Scalar | YAMLMap | YAMLSeq) => {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    };
    const collect = (root: Node | Document, outer: readonly string[]): void =>
      visit(root, {
        Collection: (_, node) => note(node),
        Scalar: (role, node, path) => {
          note(node);
          if (role === "key") return;
          const text = node.source ?? String(node.value ?? "");
          leaves.push({ keys: [...outer, ...keysIn(path)], tag: node.tag ?? "", text });
        },
        // What an alias repeats stands at the alias's keys too.
        Alias: (_, { source }, path) => {
          const node = anchors.get(source);
          if (node !== undefined && aliases++ < MOST_ALIASES) collect(node, [...outer, ...keysIn(path)]);
        },
      });
    collect(document, []);
  }
  return { leaves, valid: documents.every(({ errors }) => errors.length === 0) };
}

function keysIn(path: readonly unknown[]): string[] {
  return path.flatMap((parent) => (isPair(parent) && isScalar(parent.key) ? [String(parent.key.value)] : []));
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
        `${name} has the key ${quoted(key)}: a variable's name is letters, digits and underscores.`,
      );
    }
  }
  return { ...value };
}

function tooDeep(name: InputName): DeployError {
  return new DeployError(`${name} has lists or mappings nested more than ${DEEPEST} deep: make it flatter.`);
}

/** Whether a text nests deeper than may be read, told by its tokens: this alone does not call itself. */
function isTooDeep(text: string): boolean {
  const indents: number[] = [];
  let flow = 0;
  let compact = 0;
  let blank: number | undefined = 0;
  let scalar = false;
  for (const token of new Lexer().lex(text)) {
    if (token.endsWith("\n")) {
      blank = 0;
      compact = 0;
    } else if (blank !== undefined && token.startsWith(" ")) {
      blank = token.length;
    } else if (blank !== undefined && !token.startsWith("#") && flow === 0) {
      while ((indents.at(-1) ?? -1) >= blank) indents.pop();
      indents.push(blank);
      blank = undefined;
    }
    if (scalar) scalar = false;
    else if (token === "\x1f") scalar = true;
    else if (token === "[" || token === "{") flow++;
    else if (token === "]" || token === "}") flow = Math.max(0, flow - 1);
    else if (flow === 0 && (token === "-" || token === "?" || token === ":")) compact++;
    if (indents.length + flow + compact > DEEPEST) return true;
  }
  return false;
}

/** Offset of a key that its mapping has already. */
function duplicateKey(document: Document.Parsed): number | undefined {
  let found: number | undefined;
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) {
          found = key.range?.[0] ?? 0;
          return visit.BREAK;
        }
        seen.add(key.value);
      }
      return undefined;
    },
  });
  return found;
}

/** Refuses an alias inside of what it stands for, and what aliases nest too deep. */
function refuseCircle(name: InputName, value: Value, around: Set<Value>): void {
  if (typeof value !== "object" || value === null) return;
  if (around.has(value))
    throw new DeployError(`${name} has an alias (*name) inside of what it stands for: write the value out.`);
  if (around.size > DEEPEST) throw tooDeep(name);
  around.add(value);
  for (const part of Object.values(value)) refuseCircle(name, part, around);
  around.delete(value);
}
