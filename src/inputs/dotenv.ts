import { DeployError } from "../errors.js";
import { withoutComment } from "../text.js";

/** What dotenv lines hold. */
export interface Dotenv {
  readonly values: Record<string, string>;
  /** Names of the values that end at a comment which could be a part of them. */
  readonly cut: readonly string[];
}

/**
 * Reads dotenv lines: `NAME=value`, optionally after `export `, with `#` comments, 'literal' and "escaped" values (both
 * may span lines). Nothing is expanded. A later line wins.
 *
 * @throws DeployError with the line's number and never its text, since that is a secret.
 */
export function parseDotenv(text: string): Dotenv {
  const values: Record<string, string> = {};
  const cut = new Set<string>();
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  for (let index = 0; index < lines.length; index++) {
    const number = index + 1;
    const line = (lines[index] ?? "").trim();
    if (line === "" || line.startsWith("#")) continue;
    const match = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)$/s.exec(line);
    const [, name, rest] = match ?? [];
    if (name === undefined || rest === undefined) {
      throw new DeployError(
        `env has no NAME=value in line ${number}: give each variable a line, its name of letters, digits and underscores.`,
      );
    }
    cut.delete(name);
    const quote = rest.charAt(0);
    if (quote !== "'" && quote !== '"') {
      const value = withoutComment(rest).trimEnd();
      if (value !== "" && value !== rest) cut.add(name);
      values[name] = value;
      continue;
    }
    // Only the newest line is searched: a quote that is not closed would have each one looked at as often as lines follow.
    let body = "";
    let added = rest.slice(1);
    let end = closingQuote(added, quote);
    while (end === -1 && index + 1 < lines.length) {
      body += added;
      added = `\n${lines[++index]}`;
      end = closingQuote(added, quote);
    }
    end = end === -1 ? -1 : body.length + end;
    body += added;
    if (end === -1)
      throw new DeployError(`env has a quote in line ${number} that is not closed: close it, or leave quotes out.`);
    if (!/^\s*(#.*)?$/.test(body.slice(end + 1))) {
      throw new DeployError(
        `env has text after the closing quote of the value in line ${number}: put all of the value inside of the quotes.`,
      );
    }
    values[name] = quote === "'" ? body.slice(0, end) : expandEscapes(body.slice(0, end));
  }
  return { values, cut: [...cut] };
}

/** A warning for values that end at a comment; "" when there are none. Docker compose and django-environ end them there too. */
export function cutWarning(names: readonly string[]): string {
  if (names.length === 0) return "";
  const [what, ends, them] = names.length === 1 ? ["value of", "ends", "it"] : ["values of", "end", "them"];
  return `The ${what} ${names.join(", ")} in env ${ends} before " #", which begins a comment: put ${them} in single quotes if that is part of the value.`;
}

function closingQuote(body: string, quote: string): number {
  for (let index = 0; index < body.length; index++) {
    if (quote === '"' && body.charAt(index) === "\\") index++;
    else if (body.charAt(index) === quote) return index;
  }
  return -1;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

function expandEscapes(body: string): string {
  return body.replace(/\\([nrt"\\$`])/g, (_, char: string) => ESCAPES[char] ?? char);
}
