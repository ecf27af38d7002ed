import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import MarkdownIt from "markdown-it";
import { describe, expect, it } from "vitest";
import { parse, parseDocument } from "yaml";
import { INPUT_NAMES } from "../../src/inputs/inputs.js";
import { OUTPUT_NAMES } from "../../src/report/outputs.js";
import { blocksOf } from "../support/blocks.js";

const ROOT = join(import.meta.dirname, "../..");

const PAGES = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", ...globSync("docs/*.md", { cwd: ROOT })]
  .map(String)
  .sort();
const ACTION = parse(readFileSync(join(ROOT, "action.yml"), "utf8")) as { inputs: object };
const CALLED = parse(readFileSync(join(ROOT, ".github/workflows/deploy.yml"), "utf8")) as Workflow;

/** Every variable of a role. */
const VARIABLES = globSync("ansible_collections/django_ansible/deploy/roles/*/meta/argument_specs.yml", { cwd: ROOT })
  .map((path) => parse(readFileSync(join(ROOT, String(path)), "utf8")) as Specs)
  .flatMap(({ argument_specs: specs }) => Object.values(specs).flatMap(({ options }) => Object.keys(options ?? {})));

/** Pages whose blocks first-page.test.ts runs in their order. */
const FOLLOWED = ["README.md", "docs/getting-started.md", "docs/leaving.md"];

interface Specs {
  argument_specs: Record<string, { options?: object }>;
}

interface Workflow {
  on: { workflow_call: { inputs: object; outputs: object; secrets: Record<string, { required?: boolean }> } };
}

interface Page {
  path: string;
  links: string[];
  anchors: Set<string>;
  blocks: { language: string; text: string }[];
}

function pageOf(path: string): Page {
  const page: Page = { path, links: [], anchors: new Set(), blocks: [] };
  let heading = false;
  for (const token of new MarkdownIt({ html: true }).parse(readFileSync(join(ROOT, path), "utf8"), {})) {
    if (token.type === "fence") page.blocks.push({ language: token.info.trim(), text: token.content });
    if (token.type === "inline" && heading) page.anchors.add(anchorOf(token.content));
    heading = token.type === "heading_open";
    for (const child of token.children ?? []) {
      const [, id] = (child.type === "html_inline" && /^<a id="([^"]+)">/.exec(child.content)) || [];
      if (id !== undefined) page.anchors.add(id);
      if (child.type === "image") page.links.push(String(child.attrGet("src") ?? ""));
      if (child.type === "link_open") page.links.push(String(child.attrGet("href") ?? ""));
    }
  }
  return page;
}

/** The anchor that GitHub gives a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

const pages = new Map(PAGES.map((path) => [path, pageOf(path)]));

/** Every step or job that uses the action or its workflow, wherever it is in a YAML text. */
function usesIn(value: unknown): { uses: string; with: Record<string, unknown>; secrets?: unknown }[] {
  if (Array.isArray(value)) return value.flatMap(usesIn);
  if (typeof value !== "object" || value === null) return [];
  const { uses, with: given, secrets } = value as { uses?: unknown; with?: Record<string, unknown>; secrets?: unknown };
  const own = typeof uses === "string" ? [{ uses, with: given ?? {}, secrets }] : [];
  return [...own, ...Object.values(value).flatMap(usesIn)];
}

function expectKnownInputs(yaml: unknown): void {
  for (const { uses, with: given, secrets } of usesIn(yaml)) {
    if (uses === "org/django-ansible-deploy@v1")
      expect(Object.keys(ACTION.inputs)).toEqual(expect.arrayContaining(Object.keys(given)));
    if (!uses.includes("/.github/workflows/deploy.yml@")) continue;
    expect(Object.keys(CALLED.on.workflow_call.inputs)).toEqual(expect.arrayContaining(Object.keys(given)));
    // Another organization's caller cannot say `inherit`: it names each secret, and must not forget one that is required.
    const declared = CALLED.on.workflow_call.secrets;
    expect(secrets).toBeTypeOf("object");
    const named = Object.keys(secrets as object);
    expect(Object.keys(declared)).toEqual(expect.arrayContaining(named));
    expect(named).toEqual(
      expect.arrayContaining(Object.keys(declared).filter((name) => declared[name]?.required === true)),
    );
  }
}

describe("the pages of the documentation", () => {
  it.each(PAGES)("%s links to files and headings that are there", (path) => {
    for (const link of pages.get(path)?.links ?? []) {
      if (/^https?:/.test(link)) continue;
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? path : relative(ROOT, join(ROOT, dirname(path), file));
      expect(existsSync(join(ROOT, target)), `${path}: ${link}`).toBe(true);
      if (anchor === undefined || statSync(join(ROOT, target)).isDirectory()) continue;
      expect((pages.get(target) ?? pageOf(target)).anchors, `${path}: ${link}`).toContain(anchor);
    }
  });

  it.each(PAGES)("%s has YAML that is valid, with inputs that exist", (path) => {
    for (const { language, text } of pages.get(path)?.blocks ?? []) {
      if (language !== "yaml") continue;
      const document = parseDocument(text);
      expect(document.errors, text).toEqual([]);
      expectKnownInputs(document.toJS());
    }
  });

  it.each(PAGES)("%s has commands that a shell can read, of scripts that are there", (path) => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: object };
    for (const { language, text } of pages.get(path)?.blocks ?? []) {
      if (language !== "bash") continue;
      execFileSync("bash", ["-n"], { input: text, stdio: ["pipe", "ignore", "pipe"] });
      for (const [, name = ""] of text.matchAll(/npm run ([\w:]+)/g)) expect(Object.keys(scripts)).toContain(name);
      for (const [, file = ""] of text.matchAll(/node (scripts\/\S+)/g))
        expect(existsSync(join(ROOT, file))).toBe(true);
    }
  });

  it.each(PAGES.filter((path) => path !== "README.md"))("%s begins with what readers can do after it", (path) => {
    expect(readFileSync(join(ROOT, path), "utf8")).toMatch(/^# .+\n\nAfter this page /);
  });

  it("fits the README into 250 lines, and the first deploy into a screen and eight lines", () => {
    const text = readFileSync(join(ROOT, "README.md"), "utf8");
    expect(text.split("\n").length).toBeLessThanOrEqual(250);
    const [first] = pages.get("README.md")?.blocks ?? [];
    expect(first?.text.split("\n").length).toBeLessThan(40);
    const [deploy] = usesIn(parse(first?.text ?? "")).filter(({ uses }) => uses.startsWith("org/"));
    const lines = /\n {8}with:\n((?: {10}.*\n)+)$/
      .exec(first?.text ?? "")?.[1]
      ?.trimEnd()
      .split("\n");
    expect(lines?.length).toBeLessThanOrEqual(8);
    expect(Object.keys(deploy?.with ?? {})).toContain("known-hosts");
  });

  it("are all found from the README", () => {
    const index = readFileSync(join(ROOT, "README.md"), "utf8").split("## Documentation")[1] ?? "";
    const missing = PAGES.filter((page) => page.startsWith("docs/") && !index.includes(`(${page})`));
    expect(missing).toEqual([]);
  });

  it.each(PAGES)("%s has no block of which nothing says where it runs, or why not", (page) => {
    const blocks = blocksOf(page);
    expect(blocks.filter(({ kind }) => kind === "lost")).toEqual([]);
    expect(blocks.length).toBe(
      pages.get(page)?.blocks.filter(({ language }) => ["bash", "yaml", "sql"].includes(language)).length,
    );
    // What runs as it stands: first-page.test.ts follows these pages.
    const run = blocks.filter(({ kind }) => kind === "shell" || kind === "server" || kind === "file");
    expect(run.length === 0 || FOLLOWED.includes(page), page).toBe(true);
  });

  it.each(PAGES)("%s has parts whose operations and variables its tests give", (page) => {
    for (const block of blocksOf(page)) {
      if (block.kind !== "tried") continue;
      const tests = block.tests.map((path) => readFileSync(join(ROOT, "__tests__", path), "utf8")).join("\n");
      // A test that takes the blocks from the page gives what they say.
      if (tests.includes(`"${page}"`) && tests.includes("blocksOf(")) continue;
      const [...names] = block.text.matchAll(
        /\b(?:operation: )?(\w+_app_\w+|\w+_server_\w+|host_baseline_\w+|tls)\b|operation: ([\w-]+)/g,
      );
      for (const [, variable, operation] of names) {
        expect(tests, `${page}:\n${block.text}`).toMatch(new RegExp(`\\b${variable ?? operation}\\b`));
      }
    }
  });

  // What a role makes of its variables for others to use has no __ before its name.
  const made = globSync("ansible_collections/django_ansible/deploy/roles/*/vars/main/*.yml", { cwd: ROOT }).flatMap(
    (file) => readFileSync(join(ROOT, String(file)), "utf8").match(/^(?!__)\w+(?=:)/gm) ?? [],
  );

  it.each(PAGES)("%s has no variable that no role has", (page) => {
    for (const { text } of pages.get(page)?.blocks ?? []) {
      for (const [name] of text.matchAll(
        /\b(?:(?:django|compose)_app|(?:postgresql|redis)_server|host_baseline)_\w+/g,
      )) {
        expect([...VARIABLES, ...made], `${page}:\n${text}`).toContain(name);
      }
    }
  });

  it("knows every error that troubleshooting explains", () => {
    const files = globSync(["src/**/*.ts", "ansible_collections/django_ansible/deploy/**/*.{py,yml}"], { cwd: ROOT });
    const source = files.map((file) => readFileSync(join(ROOT, String(file)), "utf8")).join("\n");
    const joined = source.replaceAll(/"\s*\n\s*"/g, "");
    const headings = [...readFileSync(join(ROOT, "docs/troubleshooting.md"), "utf8").matchAll(/^### `(.+)`$/gm)];
    expect(headings.length).toBeGreaterThan(20);
    const parts = headings.flatMap(([, sentence = ""]) => sentence.split("…").map((text) => text.trim()));
    // When this fails, the words of an error changed: bring its heading in docs/troubleshooting.md up to date.
    expect(parts.filter((part) => part.length > 3 && !joined.includes(part))).toEqual([]);
  });
});

describe("the changelog", () => {
  it("says each change once", () => {
    // Branches are merged by keeping both sides' lines, so an entry that one of them mended would stay beside itself.
    const entries = [...readFileSync(join(ROOT, "CHANGELOG.md"), "utf8").matchAll(/^- (.{30})/gm)].map(
      ([, begin]) => begin,
    );
    expect(entries.length).toBeGreaterThan(50);
    expect(entries.filter((begin, index) => entries.indexOf(begin) !== index)).toEqual([]);
  });
});

describe("the example workflows", () => {
  const examples = globSync("examples/workflows/*.yml", { cwd: ROOT }).map(String).sort();

  it.each(examples)("%s has inputs that exist, and pins other people's actions by commit", (path) => {
    const text = readFileSync(join(ROOT, path), "utf8");
    expectKnownInputs(parse(text));
    for (const { uses } of usesIn(parse(text))) {
      if (!uses.startsWith("org/")) expect(uses).toMatch(/@[0-9a-f]{40}$/);
    }
  });

  it("are all in the recipes", () => {
    const links = pages.get("docs/recipes.md")?.links ?? [];
    expect(links.filter((link) => link.includes("examples/workflows/")).sort()).toEqual(
      examples.map((path) => `../${path}`),
    );
  });

  it("have a workflow to call whose inputs and outputs are the action's", () => {
    const own = ["environment", "runs-on"];
    const { inputs, outputs } = CALLED.on.workflow_call;
    const names = Object.keys(inputs).filter((name) => !own.includes(name));
    expect(Object.keys(ACTION.inputs)).toEqual(expect.arrayContaining(names));
    expect([...OUTPUT_NAMES]).toEqual(expect.arrayContaining(Object.keys(outputs)));
  });
});

describe("action-types.yml", () => {
  const types = parse(readFileSync(join(ROOT, "action-types.yml"), "utf8")) as Record<"inputs" | "outputs", object>;

  it("has a type for each input and output", () => {
    expect(Object.keys(types.inputs)).toEqual(Object.keys(ACTION.inputs));
    expect(Object.keys(types.outputs)).toEqual([...OUTPUT_NAMES]);
  });
});

describe("the documentation", () => {
  it("has the tables that action.yml and the roles' argument_specs make", () => {
    // Ends with an error, and names the file, when a table is not up to date.
    execFileSync(process.execPath, [join(ROOT, "scripts/docs.mjs"), "--check"], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  });

  it("has a row for each input and output that the code knows", () => {
    const readme = readFileSync(join(ROOT, "README.md"), "utf8");
    for (const name of [...INPUT_NAMES, ...OUTPUT_NAMES]) expect(readme).toContain(`\n| \`${name}\` |`);
  });
});
