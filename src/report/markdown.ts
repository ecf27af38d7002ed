/** Any text as part of a line of Markdown: nothing in it acts as HTML, markup, a link, a mention, a reference or math. */
export function safe(text: string): string {
  return (
    html(text.replace(/\s+/g, " ").trim())
      .replace(
        // Lists have numbers of nine digits at most.
        /[\\`*[\]|~]|^[#+>-]|^\d{1,9}(?=[.)]\s)|(?<!\w)_|_(?!\w)/g,
        (found) => `&#${found.charCodeAt(0)};${found.slice(1)}`,
      )
      // GitHub looks for names and numbers in the text that readers see, so that only something between keeps them apart.
      .replace(/@(?=\w)/g, "&#64;\u200b")
      .replace(/(?<!&)#(?=\d)/g, "&#35;\u200b")
      .replace(/:\/\//g, "&#58;//")
      .replace(/\bwww\./gi, (found) => `${found.slice(0, 3)}&#46;`)
  );
}

/** The same as code. */
export function code(text: string): string {
  return text === "" ? "" : `<code>${safe(text)}</code>`;
}

/** A text with its line ends and spaces. */
export function preformatted(text: string): string {
  return `<pre>${html(text)}</pre>`;
}

/** A part that opens by a click. `title` and `body` are Markdown. */
export function details(title: string, body: readonly string[]): string[] {
  return ["<details>", `<summary>${title}</summary>`, "", ...body, "", "</details>", ""];
}

/** A table; `rows` are Markdown. `align` has a letter for each column: `l` or `r`. */
export function table(heads: readonly string[], align: string, rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const marks = heads.map((_, index) => (align[index] === "r" ? "--:" : "---"));
  return [line(heads), `|${marks.join("|")}|`, ...rows.map(line), ""];
}

/** A block of code that its own text cannot end. */
export function fenced(language: string, text: string): string[] {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return [`${fence}${language}`, text, fence, ""];
}

/** `a, b and c`; of many the first ones and how many more. */
export function enumeration(items: readonly string[], most = 3): string {
  const shown = items.length > most + 1 ? [...items.slice(0, most), `${items.length - most} more`] : items;
  return shown.length < 2 ? (shown[0] ?? "") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

/** `1 host`, `2 hosts`. */
export function count(number: number, one: string): string {
  return `${number} ${one}${number === 1 ? "" : "s"}`;
}

/** `0.4 s`, `12 s`, `3 min 05 s`. */
export function seconds(number: number): string {
  if (number < 9.95) return `${Math.round(number * 10) / 10} s`;
  const whole = Math.round(number);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

function html(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("$", "&#36;")
    .replaceAll("\r", "");
}
