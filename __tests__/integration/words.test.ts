import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { forbiddenIn } from "../support/words.js";

const ROOT = join(import.meta.dirname, "../..");

/** Pages for contributors may use the words that the code uses. */
const CONTRIBUTORS = ["docs/development.md"];

const COLLECTION = "ansible_collections/django_ansible/deploy";

const TEXTS = filesAt(
  "README.md",
  "CHANGELOG.md",
  "SECURITY.md",
  "action.yml",
  ".github/workflows/deploy.yml",
  "docs/*.md",
  "examples/**/*.{md,yml}",
  `${COLLECTION}/*.md`,
  `${COLLECTION}/roles/*/meta/argument_specs.yml`,
).filter((path) => !CONTRIBUTORS.includes(path));

function filesAt(...patterns: string[]): string[] {
  return globSync(patterns, { cwd: ROOT }).map(String).sort();
}

/** The texts in quotes of a module: what it can say. */
function textsOf(path: string): string {
  const code = readFileSync(join(ROOT, path), "utf8").replaceAll(/^\s*(\/\/|\/?\*).*$/gm, "");
  return [...code.matchAll(/"([^"\n]*)"|`([^`]*)`/g)].map(([, one, other]) => one ?? other).join("\n");
}

/** What a plugin or module says and documents: its texts of more than one word, but no docstring or comment. */
function textsOfPython(code: string): string {
  const bare = code.replaceAll(/^(?:[ \t]+[rf]?"""|"""(?=\S))[\s\S]*?"""$|^\s*#.*$/gm, "");
  const texts = [...bare.matchAll(/"""([\s\S]*?)"""|"((?:[^"\\\n]|\\.)*)"/g)].map(
    ([, long, short]) => long ?? short ?? "",
  );
  // What stands in braces of an f-string is an expression.
  return texts
    .filter((text) => text.includes(" "))
    .join("\n")
    .replaceAll(/\{[^{}\n]*\}/g, "…");
}

/** What the log shows of tasks: their names and messages, without expressions. */
function textsOfTasks(text: string): string {
  const shown = /^ *(?:- )?(?:name|msg|fail_msg|success_msg): *([>|]-?(?:\n {6,}.*)*|.*)/gm;
  return [...text.matchAll(shown)].map(([, words = ""]) => words.replaceAll(/\{\{[\s\S]*?\}\}/g, "…")).join("\n");
}

describe("what readers read", () => {
  it.each(TEXTS)("%s has no word of the house", (path) => {
    expect(forbiddenIn(readFileSync(join(ROOT, path), "utf8"))).toEqual([]);
  });

  it.each(filesAt("src/**/*.ts"))("%s says no word of the house", (path) => {
    expect(forbiddenIn(textsOf(path))).toEqual([]);
  });

  it.each(filesAt(`${COLLECTION}/plugins/**/*.py`))("%s says no word of the house", (path) => {
    expect(forbiddenIn(textsOfPython(readFileSync(join(ROOT, path), "utf8")))).toEqual([]);
  });

  it.each(filesAt(`${COLLECTION}/{roles/*/tasks,playbooks}/**/*.yml`))("%s shows no word of the house", (path) => {
    expect(forbiddenIn(textsOfTasks(readFileSync(join(ROOT, path), "utf8")))).toEqual([]);
  });

  it("is found in Python and in tasks", () => {
    const code =
      'def f():\n    """It is asked."""\n    # It is asked.\n    raise Failed("%s is asked" % name, "gates")\n';
    expect(textsOfPython(code)).toBe("%s is asked");
    expect(textsOfPython('DOCUMENTATION = r"""\noptions:\n  path: Path that is asked.\n"""\n')).toContain("is asked");
    expect(
      textsOfTasks("# asked\n- name: Ask it\n  fail:\n    msg: >-\n        It {{ gate }} is\n        asked.\n"),
    ).toBe("Ask it\n>-\n        It … is\n        asked.");
  });

  it("is looked through for words that are there", () => {
    expect(forbiddenIn("Every host that had switched goes back to what it served.")).toHaveLength(1);
    expect(forbiddenIn("The release is asked. What still serves is not touched. It is not fit.").length).toBe(3);
    expect(forbiddenIn("nginx serves static files from disk; `operation: probe`.")).toEqual([]);
  });
});
