import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const COLLECTION = join(ROOT, "ansible_collections/django_ansible/deploy");
const PAGE = readFileSync(join(ROOT, "docs/threat-model.md"), "utf8");
/** Rows of the page's tables, as their cells. */
const ROWS = PAGE.split("\n")
  .filter((line) => line.startsWith("| ") && !line.startsWith("| ---"))
  .map((line) => line.slice(2, -2).split(" | "));
const TRIED = ROWS.filter((cells) => cells.length === 4 && cells[0] !== "who");

/** The one file of a test that the page names. */
function fileOf(name: string): string {
  const found = name.endsWith(".py")
    ? globSync("tests/unit/**/test_*.py", { cwd: COLLECTION }).filter((path) => basename(path) === name)
    : [name].filter((path) => existsSync(join(ROOT, "__tests__", path)));
  expect(found, name).toHaveLength(1);
  return name.endsWith(".py") ? join(COLLECTION, found[0] ?? "") : join(ROOT, "__tests__", found[0] ?? "");
}

/** Tests of a cell: each file with the names after it. */
const testsIn = (cell: string): { file: string; names: string[] }[] =>
  [...cell.matchAll(/`([\w/.-]+(?:\.test\.ts|\.py))`([^`]*)/g)].map(([, file = "", after = ""]) => ({
    file,
    names: [...after.matchAll(/“(.+?)”/g)].map(([, name = ""]) => name),
  }));

function expectTest(file: string, name: string): void {
  const text = readFileSync(fileOf(file), "utf8");
  const start = file.endsWith(".py") ? `\ndef test_${name.replaceAll(" ", "_")}(` : `"${name}",`;
  expect(text.includes(start), `${file}: ${name}`).toBe(true);
}

describe("the threat model", () => {
  it("has a row for each attack that was tried", () => {
    expect(TRIED.length).toBeGreaterThanOrEqual(24);
  });

  it.each(TRIED.map((cells) => [`${cells[0]} ${cells[1]}`, cells[3] ?? ""]))(
    "names the tests that try it: %s",
    (_, cell) => {
      const tests = testsIn(cell);
      expect(tests).not.toEqual([]);
      for (const { file, names } of tests) {
        expect(names, `${file} without the name of a test`).not.toEqual([]);
        for (const name of names) expectTest(file, name);
      }
    },
  );

  it("names files that are there", () => {
    for (const [, name = ""] of PAGE.matchAll(/`([\w/.-]+\.test\.ts|test_\w+\.py)`/g)) fileOf(name);
    for (const [, path = ""] of PAGE.matchAll(/`((?:host|build|django|slots|compose)\/\w+\.py)`/g))
      expect(existsSync(join(COLLECTION, "plugins/module_utils", path)), path).toBe(true);
  });
});
