import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../../../scripts/lab/index.mjs";

const page = join(projectFolder, "docs/reliability.md");

/** Replaces the table between the marks of that name in docs/reliability.md. */
export function writeTable(name: string, headings: string[], rows: string[][]): void {
  const line = (cells: string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const table = [line(headings), line(headings.map(() => "---")), ...rows.map(line)].join("\n");
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const text = readFileSync(page, "utf8");
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/reliability.md has no ${begin} before an ${end}.`);
  writeFileSync(page, `${text.slice(0, from)}${begin}\n${table}\n${text.slice(to)}`);
}
