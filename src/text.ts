/** A text without the line ends that shells and editors leave after it. Not by an expression: that looks at each line end anew. */
export function withoutLastLineEnds(text: string): string {
  return withoutLast(text, "\r\n");
}

/** A text without the characters at its end that are some of these. */
export function withoutLast(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

/** Texts in the order in which people count: app9 before app10. The same on every runner, whatever its language. */
export function naturally(one: string, other: string): number {
  return NATURAL.compare(one, other) || (one < other ? -1 : Number(one > other));
}

const NATURAL = new Intl.Collator("en", { numeric: true });

/** A line without its comment: a `#` at its start or after a blank, and what follows. */
export function withoutComment(line: string): string {
  const start = line.search(/(?:^|\s)#/);
  return start === -1 ? line : line.slice(0, start);
}
