import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { forbiddenIn } from "../support/words.js";

const ROOT = join(import.meta.dirname, "../..");

/** Pages for contributors may use the words that the code uses. */
const CONTRIBUTORS = ["docs/development.md"];

const TEXTS = [
  "README.md",
  "action.yml",
  ...globSync("docs/*.md", { cwd: ROOT }),
  ...globSync("ansible_collections/django_ansible/deploy/roles/*/meta/argument_specs.yml", { cwd: ROOT }),
]
  .map(String)
  .filter((path) => !CONTRIBUTORS.includes(path))
  .sort();

/** The texts in quotes of a module: what it can say. */
function textsOf(path: string): string {
  const code = readFileSync(join(ROOT, path), "utf8").replaceAll(/^\s*(\/\/|\/?\*).*$/gm, "");
  return [...code.matchAll(/"([^"\n]*)"|`([^`]*)`/g)].map(([, one, other]) => one ?? other).join("\n");
}

describe("what readers read", () => {
  it.each(TEXTS)("%s has no word of the house", (path) => {
    expect(forbiddenIn(readFileSync(join(ROOT, path), "utf8"))).toEqual([]);
  });

  it.each(globSync("src/**/*.ts", { cwd: ROOT }).map(String).sort())("%s says no word of the house", (path) => {
    expect(forbiddenIn(textsOf(path))).toEqual([]);
  });

  it("is looked through for words that are there", () => {
    expect(forbiddenIn("Every host that had switched goes back to what it served.")).toHaveLength(1);
    expect(forbiddenIn("The release is asked. What still serves is not touched. It is not fit.").length).toBe(3);
    expect(forbiddenIn("nginx serves static files from disk; `operation: probe`.")).toEqual([]);
  });
});
