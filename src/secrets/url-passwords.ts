/** The passwords of all URLs in a text: as they are written, decoded, and, where one holds a raw `@` or `/`, up to the last `@`. */
export function passwordsInUrls(text: string): string[] {
  const words = text.split(/[\s"'<>]/).flatMap((word) => {
    const start = word.indexOf("://");
    return start === -1 ? [] : [word.slice(start + 3)];
  });
  return [...new Set(words.flatMap(passwordsAfterScheme).flatMap((password) => [password, decoded(password)]))];
}

/** Of `user:password@host/path`: the password as the standard has it, and as it was perhaps meant. */
function passwordsAfterScheme(rest: string): string[] {
  const colon = rest.search(/[:@/?#]/);
  if (rest.charAt(colon) !== ":") return [];
  const after = rest.slice(colon + 1);
  const end = after.search(/[@/?#]/);
  const last = after.lastIndexOf("@");
  // A port is no password, whatever follows it.
  if (last === -1 || /^\d{1,5}[/?#]/.test(after)) return [];
  return [after.slice(0, last), ...(after.charAt(end) === "@" ? [after.slice(0, end)] : [])];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
