/** A part of a report. */
export interface Section {
  /** What is left out is told by this name. */
  readonly name: string;
  /** Lines of Markdown. */
  readonly lines: readonly string[];
}

/**
 * Joins sections to one text of a limited size. The last ones are left out first, with a line that says so; the first one
 * is always there.
 *
 * @param order names of sections in the order in which they are given up; others never are.
 * @param limit bytes of UTF-8.
 */
export function withinLimit(sections: readonly Section[], order: readonly string[], limit: number): string {
  const whole = (left: readonly string[]) => {
    const kept = sections.filter(({ name }) => !left.includes(name)).flatMap(({ lines }) => lines);
    const note = `<sub>Left out, since a page like this one has a limit: ${left.join(", ")}.</sub>`;
    return `${[...kept, ...(left.length === 0 ? [] : [note])].join("\n")}\n`;
  };
  const present = order.filter((name) => sections.some((section) => section.name === name && section.lines.length > 0));
  for (let many = 0; many <= present.length; many++) {
    const text = whole(present.slice(0, many));
    if (Buffer.byteLength(text) <= limit || many === present.length) return text;
  }
  return whole(present);
}
