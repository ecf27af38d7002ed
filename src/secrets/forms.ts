import { withoutLast } from "../text.js";

/** Forms shorter than this turn up in ordinary text by chance. */
const SHORTEST = 4;
/** Likewise, of the letters and digits that base64 is made of. */
const SHORTEST_BASE64 = 6;

/**
 * What must be hidden for a secret: itself, each of its lines, and the forms in which it usually turns up in text.
 * A key's BEGIN and END lines are no secret.
 */
export function hiddenForms(secret: string): string[] {
  const lines = secret
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line.length >= SHORTEST && !/^-----(BEGIN|END) /.test(line));
  const derived = secret.length < SHORTEST ? [] : [...quotedForms(secret), ...base64Forms(secret)];
  return [...new Set([secret, ...lines, ...derived])];
}

/** As JSON, Python, YAML, a shell, a URL and HTML write it. */
function quotedForms(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const url = encodeURIComponent(secret);
  const strictUrl = url.replace(/[!'()*]/g, percent);
  const html = secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return [
    json,
    // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON writers that keep to ASCII escape the others
    json.replace(/[^\x00-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`),
    json.replaceAll('\\"', '"').replaceAll("'", "\\'"),
    secret.replaceAll("'", "''"),
    secret.replaceAll("'", `'"'"'`),
    secret.replaceAll("'", `'\\''`),
    url,
    strictUrl,
    strictUrl.replaceAll("%20", "+"),
    strictUrl.replaceAll("%2F", "/"),
    html,
    html.replaceAll('"', "&quot;").replaceAll("'", "&#39;"),
    html.replaceAll('"', "&quot;").replaceAll("'", "&#x27;"),
  ];
}

const percent = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;

/**
 * What base64 makes of a secret wherever it stands in a longer text, such as `user:password`: at each of the three offsets
 * the characters that come from the secret alone.
 */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const cores = [0, 1, 2].map((offset) => {
    const text = withoutLast(Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64"), "=");
    const mixedEnd = (offset + bytes.length) % 3 === 0 ? 0 : 1;
    return text.slice(offset === 0 ? 0 : offset + 1, text.length - mixedEnd);
  });
  return cores
    .filter((core) => core.length >= SHORTEST_BASE64)
    .flatMap((core) => [core, core.replaceAll("+", "-").replaceAll("/", "_")]);
}
