import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { isWhole, measuredTable, type Ran, withTable } from "../e2e/support/measured-table.js";

const ROOT = join(import.meta.dirname, "../..");
const TABLE = "| what | s |\n| --- | --- |\n| a | 1 |\n| b | 2 |\n";
const PAGE = `Before\n<!-- speed -->\n${TABLE}<!-- end of speed -->\nAfter\n`;
const NEW = "Before\n<!-- speed -->\n| what | s |\n| --- | --- |\n| b | 3 \\| 4 |\n<!-- end of speed -->\nAfter\n";

const folder = mkdtempSync(join(tmpdir(), "unit-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A page of that name in which a suite writes its table. */
function pageFor(name: string): string {
  writeFileSync(join(folder, name), PAGE);
  return join(folder, name);
}

test("a table takes the place of the one before, with none of its rows", () => {
  expect(
    withTable(PAGE, "speed", [
      ["what", "s"],
      ["b", "3 | 4"],
    ]),
  ).toBe(NEW);
  expect(
    withTable(NEW, "speed", [
      ["what", "s"],
      ["a", "1"],
      ["b", "2"],
    ]),
  ).toBe(PAGE);
  expect(() => withTable(PAGE, "size", [["what"]])).toThrow(
    "The page has no <!-- size --> before an <!-- end of size -->.",
  );
});

const passed: Ran = { result: { state: "pass" } };
test.each<[string, Ran, boolean]>([
  ["all passed", { tasks: [passed, { tasks: [passed] }] }, true],
  ["one failed", { tasks: [passed, { result: { state: "fail" } }] }, false],
  ["one was filtered away", { tasks: [passed, { result: { state: "skip" } }] }, false],
  ["one never came, within another suite", { tasks: [passed, { tasks: [{}] }] }, false],
])("of a suite in which %s it is known whether it is whole", (_what, suite, whole) => {
  expect(isWhole(suite)).toBe(whole);
});

const [whole, part] = [pageFor("whole"), pageFor("part")];

describe("a suite that has every row", () => {
  const row = measuredTable("speed", ["what", "s"], { whole: true, page: whole });
  test("measures", () => row("b", "3 | 4"));
});

describe("a suite that has some of its rows", () => {
  const row = measuredTable("speed", ["what", "s"], { whole: false, page: part });
  test("measures", () => row("b", "3 | 4"));
});

test("the page has the table of the first, and nothing of the second", () => {
  expect(readFileSync(whole, "utf8")).toBe(NEW);
  expect(readFileSync(part, "utf8")).toBe(PAGE);
});

test("each table of the page is measured by one test file, and none is written anywhere else", () => {
  const page = readFileSync(join(ROOT, "docs/reliability.md"), "utf8");
  const tests = globSync("__tests__/e2e/**/*.ts", { cwd: ROOT }).map((path) =>
    readFileSync(join(ROOT, String(path)), "utf8"),
  );
  const measured = tests.flatMap((text) => [...text.matchAll(/measuredTable\(\s*"([^"]+)"/g)].map(([, name]) => name));
  expect(measured.sort()).toEqual([...page.matchAll(/<!-- end of (.+) -->/g)].map(([, name]) => name).sort());
});
