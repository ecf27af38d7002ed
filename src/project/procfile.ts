/** Lines of a Procfile as Heroku, honcho and foreman read it: process type and command, in the file's order. */
export function parseProcfile(text: string): Record<string, string> {
  const lines = text.split(/\r?\n/).flatMap((line) => {
    const found = /^([A-Za-z0-9_-]+):(.+)$/.exec(line);
    const command = found?.[2]?.trim() ?? "";
    return found?.[1] !== undefined && command !== "" ? [[found[1], command] as const] : [];
  });
  return Object.fromEntries(lines);
}

/** The application that a Procfile's web line serves, `module:name`, and whether it is an ASGI one. */
export function servedBy(command: string): { readonly entry: string; readonly asgi: boolean } | undefined {
  const entry = command.split(/\s+/).find((word) => /^[A-Za-z_][\w.]*:[A-Za-z_]\w*$/.test(word));
  if (entry !== undefined) {
    const granian = /\bgranian\b/i.test(command) && /--interface\s+asgi/i.test(command);
    return { entry, asgi: granian || /\b(uvicorn|daphne|hypercorn)/i.test(command) };
  }
  const bare = /\bgunicorn\b/.test(command)
    ? command.split(/\s+/).find((word) => /^[A-Za-z_]\w*(\.\w+)*\.wsgi$/.test(word))
    : undefined;
  return bare === undefined ? undefined : { entry: `${bare}:application`, asgi: false };
}
