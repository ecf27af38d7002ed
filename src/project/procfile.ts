/** Lines of a Procfile as Heroku, honcho and foreman read it: process type and command, in the file's order. */
export function parseProcfile(text: string): Record<string, string> {
  const lines = text.split(/\r?\n/).flatMap((line) => {
    const found = /^([A-Za-z0-9_-]+):\s*(.+)$/.exec(line);
    return found?.[1] !== undefined && found[2] !== undefined ? [[found[1], found[2].trim()] as const] : [];
  });
  return Object.fromEntries(lines);
}

/** The application that a Procfile's web line serves, `module:name`, and whether it is an ASGI one. */
export function servedBy(command: string): { readonly entry: string; readonly asgi: boolean } | undefined {
  const entry = command.split(/\s+/).find((word) => /^[A-Za-z_][\w.]*:[A-Za-z_]\w*$/.test(word));
  if (entry !== undefined) {
    return { entry, asgi: /\b(uvicorn|daphne|hypercorn|granian\b.*--interface\s+asgi)/i.test(command) };
  }
  const bare = /\bgunicorn\b/.test(command)
    ? command.split(/\s+/).find((word) => /^[A-Za-z_]\w*(\.\w+)*\.wsgi$/.test(word))
    : undefined;
  return bare === undefined ? undefined : { entry: `${bare}:application`, asgi: false };
}
