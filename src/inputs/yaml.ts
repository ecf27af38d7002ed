import {
  Composer,
  type Document,
  isPair,
  isScalar,
  Lexer,
  type Node,
  Parser,
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

/** What is wrong, for a sentence, by the code of the library. Another one is told in its own words. */
const PROBLEMS: Readonly<Record<string, string>> = {
  BAD_ALIAS: "an alias (*name) cannot stand here",
  BAD_DQ_ESCAPE: "a backslash in double quotes begins no escape, so double it or use single quotes",
  BAD_INDENT: "a line is indented wrongly, or a bracket before it stays open",
  BAD_SCALAR_START: "a text begins with a sign that YAML keeps for itself, so put it in quotes",
  BLOCK_AS_IMPLICIT_KEY: "a text holds a colon, so put it in quotes",
  BLOCK_IN_FLOW: "a block stands inside of brackets",
  DUPLICATE_KEY: "a mapping has this key twice, so keep one of them",
  KEY_OVER_1024_CHARS: "a key is longer than 1024 characters",
  MISSING_CHAR: "a quote or a bracket stays open, or a blank is missing",
  MULTIPLE_ANCHORS: "a value has two anchors (&name)",
  MULTIPLE_DOCS: 'a second document begins, so keep one "---" at most',
  MULTIPLE_TAGS: "a value has two tags (!name)",
  MULTILINE_IMPLICIT_KEY: "a key goes over several lines",
  TAB_AS_INDENT: "a tab indents a line, so use spaces",
  TAG_RESOLVE_FAILED: "a tag (!name) is none that Ansible has",
  UNEXPECTED_TOKEN: "a sign stands where YAML expects none",
};

const TOO_DEEP = "TOO_DEEP";
/** Of the lexer: a document, an error in brackets, a plain text. */
const OWN_SIGNS: ReadonlySet<string> = new Set(["\x02", "\x18", "\x1f"]);

/** How many errors a text may have until it is not read on: each costs time, and the first one is told. */
const MOST_ERRORS = 50;

interface Problem {
  readonly code: string;
  readonly offset: number;
}

/** The documents of a text, and what is wrong with it, up to a number of errors. */
function compose(
  text: string,
  most: number,
  options: { readonly customTags?: ScalarTag[] } = {},
): {
  readonly documents: readonly Document.Parsed[];
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const composer = new Composer({ ...OPTIONS, ...options });
  const documents: Document.Parsed[] = [];
  const note = (source: number | [number, number] | { offset: number }, code: string, _: string, warning?: boolean) => {
    // A tag that is not known is a problem only where nobody else reads the text.
    if (warning && options.customTags === undefined) return;
    problems.push({
      code,
      offset: typeof source === "number" ? source : Array.isArray(source) ? source[0] : source.offset,
    });
    if (problems.length >= most) throw new TooMany();
  };
  // The library keeps all errors of a text; this is where it reports each of them.
  Object.assign(composer, { onError: note });
  try {
    for (const document of composer.compose(new Parser().parse(text), true, text.length)) documents.push(document);
  } catch (error) {
    if (problems.length === 0) throw error;
  }
  for (const { errors } of documents) problems.push(...errors.map(({ code, pos }) => ({ code, offset: pos[0] })));
  return { documents, problems };
}

class TooMany extends Error {}

/**
 * Reads YAML (JSON is YAML) of the core schema. Messages carry a place, never a piece of the text: it may be a secret.
 *
 * @throws DeployError with line and column.
 */
export function parseYaml(name: InputName, text: string): Value {
  const stop = obstacle(text);
  if (stop?.code === TOO_DEEP) throw tooDeep(name);
  const { documents, problems } =
    stop === undefined ? compose(text, 1, { customTags: ANSIBLE_TAGS }) : { documents: [], problems: [stop] };
  const [document, second] = documents;
  const problem =
    problems[0] ?? (second === undefined ? duplicateKey(document) : { code: "MULTIPLE_DOCS", offset: second.range[0] });
  if (problem !== undefined) {
    const before = text.slice(0, problem.offset).split("\n");
    const [line, col] = [before.length, (before.at(-1)?.length ?? 0) + 1];
    const what = PROBLEMS[problem.code] ?? problem.code.toLowerCase().replaceAll("_", " ");
    throw new DeployError(`${name} is not valid YAML at line ${line}, column ${col}: ${what}.`);
  }
  let value: Value;
  try {
    value = (document?.toJS({ maxAliasCount: MOST_ALIASES }) ?? null) as Value;
  } catch {
    throw new DeployError(`${name} has an alias (*name) that is unknown or used too often: write the value out.`);
  }
  refuseCircle(name, value, new Set());
  return value;
}

/** What a YAML text of the project holds, its first document; undefined where it is not valid, which Ansible says. */
export function parseLoosely(text: string): unknown {
  try {
    if (obstacle(text) !== undefined) return undefined;
    return compose(text, MOST_ERRORS).documents[0]?.toJS({ maxAliasCount: MOST_ALIASES });
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
  if (obstacle(text) !== undefined) return { leaves, valid: false };
  const { documents, problems } = compose(text, MOST_ERRORS);
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
  return { leaves, valid: problems.length === 0 };
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

/**
 * What forbids to read a text, told by its tokens, since this alone does not call itself: it nests too deep, or it closes a
 * bracket that none opened, where the library goes on for long. undefined when nothing does.
 */
function obstacle(text: string): Problem | undefined {
  const indents: number[] = [];
  let offset = 0;
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
    else if (token === "]" || token === "}") flow--;
    else if (flow === 0 && (token === "-" || token === "?" || token === ":")) compact++;
    if (flow < 0) return { code: "UNEXPECTED_TOKEN", offset };
    if (indents.length + flow + compact > DEEPEST) return { code: TOO_DEEP, offset };
    // Signs of the lexer's own are no part of the text.
    if (!OWN_SIGNS.has(token)) offset += token.length;
  }
  return undefined;
}

/** A key that its mapping has already. */
function duplicateKey(document: Document.Parsed | undefined): Problem | undefined {
  let found: Problem | undefined;
  if (document === undefined) return found;
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) {
          found = { code: "DUPLICATE_KEY", offset: key.range?.[0] ?? 0 };
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
