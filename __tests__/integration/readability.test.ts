import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { gradeOf, sentencesOf } from "../support/prose.js";

const ROOT = join(import.meta.dirname, "../..");
const PAGES = globSync(
  ["*.md", "docs/*.md", "examples/*/README.md", "ansible_collections/django_ansible/deploy/*.md"],
  {
    cwd: ROOT,
  },
)
  .map(String)
  .sort();

/** Years at school that a page may ask of its readers, and words of a sentence. */
const GRADE = 9;
const WORDS = 40;

describe("readers who are in a hurry, and whose language is another one", () => {
  it.each(PAGES)("can read %s", (path) => {
    const sentences = sentencesOf(readFileSync(join(ROOT, path), "utf8"));
    expect(gradeOf(sentences)).toBeLessThanOrEqual(GRADE);
    // Cells of tables are short, and must not make up for what is between them.
    const prose = sentences.filter(({ inTable }) => !inTable);
    if (prose.length > 0) expect(gradeOf(prose)).toBeLessThanOrEqual(GRADE);
  });

  it.each(PAGES)("need not take more than 40 words at once in %s", (path) => {
    const sentences = sentencesOf(readFileSync(join(ROOT, path), "utf8"));
    expect(sentences.filter(({ words }) => words.length > WORDS).map(({ text }) => text)).toEqual([]);
  });

  it("are measured by what is there", () => {
    const plain = sentencesOf(
      "# A heading of considerable terminological sophistication\n\nRun `npm test`. It ends soon.\n",
    );
    expect(plain.map(({ words }) => words.length)).toEqual([2, 3]);
    expect(gradeOf(plain)).toBeLessThan(1);
    const hard = sentencesOf(
      "Notwithstanding administrative considerations, organizational prerequisites necessitate deliberation.",
    );
    expect(gradeOf(hard)).toBeGreaterThan(20);
    expect(sentencesOf("| a | b |\n|---|---|\n| one cell | `x` |\n").map(({ inTable }) => inTable)).toEqual([
      true,
      true,
      true,
    ]);
  });
});
