import { fleschKincaid } from "flesch-kincaid";
import MarkdownIt from "markdown-it";
import { toString as textOf } from "nlcst-to-string";
import { ParseEnglish } from "parse-english";
import { syllable } from "syllable";

/** A sentence of a page, with the words in it. Code counts as one word, which may begin a sentence. */
export interface Sentence {
  readonly text: string;
  readonly words: readonly string[];
  readonly inTable: boolean;
}

interface Node {
  readonly type: string;
  readonly children?: readonly Node[];
}

const markdown = new MarkdownIt({ html: true });
const english = new ParseEnglish();

/** What readers read as sentences: paragraphs, items of lists and cells of tables. Headings and blocks of code are none. */
export function sentencesOf(page: string): Sentence[] {
  const found: Sentence[] = [];
  let heading = false;
  let inTable = false;
  for (const { type, children } of markdown.parse(page, {})) {
    if (type === "heading_open" || type === "heading_close") heading = type === "heading_open";
    if (type === "table_open" || type === "table_close") inTable = type === "table_open";
    if (type !== "inline" || heading) continue;
    // A title in quotes is taken as one word, too: it is somebody else's.
    const text = (children ?? [])
      .map(plainOf)
      .join("")
      .replaceAll(/“[^”]*”/g, "Code");
    for (const sentence of nodesOf(english.parse(text) as Node, "SentenceNode")) {
      const words = nodesOf(sentence, "WordNode").map((word) => textOf(word as never));
      if (words.some((word) => word !== "Code")) found.push({ text: textOf(sentence as never), words, inTable });
    }
  }
  return found;
}

function plainOf({ type, content }: { type: string; content: string }): string {
  if (type === "text") return content;
  if (type === "softbreak") return " ";
  return type === "code_inline" ? "Code" : "";
}

function nodesOf(node: Node, type: string): Node[] {
  return node.type === type ? [node] : (node.children ?? []).flatMap((child) => nodesOf(child, type));
}

/** The grade of Flesch and Kincaid: years at school that a reader needs. */
export function gradeOf(sentences: readonly Sentence[]): number {
  const words = sentences.flatMap((sentence) => sentence.words);
  return fleschKincaid({
    sentence: sentences.length,
    word: words.length,
    syllable: words.reduce((sum, word) => sum + Math.max(1, syllable(word)), 0),
  });
}
