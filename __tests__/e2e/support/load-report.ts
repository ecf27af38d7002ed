import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../../../scripts/lab/index.mjs";

/**
 * Writes the table between the marks of that name in a page. Rows that begin with the same `keys` cells are
 * replaced where they are, so that some can be measured again.
 */
export function writeTable(
  name: string,
  headings: string[],
  rows: string[][],
  keys = 1,
  at = "docs/reliability.md",
): void {
  const page = join(projectFolder, at);
  const line = (cells: string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const text = readFileSync(page, "utf8");
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${at} has no ${begin} before an ${end}.`);
  const old = text
    .slice(from + begin.length, to)
    .trim()
    .split("\n")
    .slice(2);
  const replacements = new Map(rows.map((row) => [line(row.slice(0, keys)), line(row)]));
  const kept = old.map((found) => {
    const begins = [...replacements.keys()].find((key) => found.startsWith(key)) ?? "";
    const replacement = replacements.get(begins) ?? found;
    replacements.delete(begins);
    return replacement;
  });
  const table = [line(headings), line(headings.map(() => "---")), ...kept, ...replacements.values()].join("\n");
  writeFileSync(page, `${text.slice(0, from)}${begin}\n${table}\n${text.slice(to)}`);
}
