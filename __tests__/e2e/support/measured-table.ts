import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll } from "vitest";
import { full } from "./full.js";

const reliability = join(import.meta.dirname, "../../../docs/reliability.md");

/** What is looked at of a suite of tests, and of a test. */
export interface Ran {
  tasks?: readonly Ran[];
  result?: { state: string };
}

/** Whether every test of a suite ran and passed: none was filtered away, none failed, none never came. */
export const isWhole = ({ tasks, result }: Ran): boolean => tasks?.every(isWhole) ?? result?.state === "pass";

/** A page with another table between the marks of that name. */
export function withTable(text: string, name: string, table: string[][]): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`The page has no ${begin} before an ${end}.`);
  const [headings = [], ...rows] = table;
  const lines = [headings, headings.map(() => "---"), ...rows].map(
    (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`,
  );
  return `${text.slice(0, from)}${begin}\n${lines.join("")}${text.slice(to)}`;
}

interface Measured {
  /** Whether this run has every row; the suite's own tests are looked at besides. */
  whole?: boolean;
  page?: string;
}

/**
 * A table of what the tests of the suite around it measure; what it returns takes a row, and prints it. At the end of
 * the suite the page gets the table of a whole run. Any other leaves the page alone, so that its rows are of one run.
 */
export function measuredTable(
  name: string,
  headings: string[],
  { whole = full, page = reliability }: Measured = {},
): (...cells: string[]) => void {
  const rows: string[][] = [];
  // biome-ignore lint/correctness/noEmptyPattern: Vitest reads there which fixtures a hook needs
  afterAll(({}, suite) => {
    if (rows.length === 0) return;
    console.log([headings, ...rows].map((row) => row.join(" | ")).join("\n"));
    if (whole && isWhole(suite)) writeFileSync(page, withTable(readFileSync(page, "utf8"), name, [headings, ...rows]));
    else console.log(`The table “${name}” of the docs was left alone: these rows are not of a whole run that passed.`);
  });
  return (...cells) => {
    rows.push(cells);
    console.log(cells.join(" | "));
  };
}
