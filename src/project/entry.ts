import { type ProjectFiles, within } from "./checkout.js";
import { servedBy } from "./procfile.js";
import { dotted, entryFiles, settingsTexts } from "./settings-module.js";

/** A WSGI or ASGI application, `module:name`, and where the project says so. */
export interface Entry {
  readonly kind: "wsgi" | "asgi";
  readonly value: string;
  readonly where: string;
}

/**
 * What a server loads. ASGI only where the project asks for it, by its Procfile or by ASGI_APPLICATION: every project has
 * an asgi.py, and few are written for it.
 *
 * @param web the Procfile's web line.
 */
export function findEntry(
  files: ProjectFiles,
  manageDir: string,
  settings: string | undefined,
  web: string | undefined,
): Entry | undefined {
  const served = servedBy(web ?? "");
  if (served !== undefined) return { kind: served.asgi ? "asgi" : "wsgi", value: served.entry, where: "Procfile" };
  const texts = settings === undefined ? [] : settingsTexts(files, manageDir, settings);
  for (const kind of ["asgi", "wsgi"] as const) {
    const named = texts
      .map((text) => setting(text, `${kind.toUpperCase()}_APPLICATION`))
      .find((value) => value !== undefined);
    if (named !== undefined) return { kind, value: named, where: `${kind.toUpperCase()}_APPLICATION of ${settings}` };
  }
  for (const kind of ["wsgi", "asgi"] as const) {
    const found = entryFiles(files, manageDir).filter((path) => path.endsWith(`${kind}.py`));
    const near = found.find((path) => path === within(manageDir, `${settings?.split(".")[0]}/${kind}.py`)) ?? found[0];
    if (near !== undefined && /^[ \t]*application[ \t]*=/m.test(files.read(near)))
      return { kind, value: `${dotted(near, manageDir)}:application`, where: near };
  }
  return undefined;
}

function setting(text: string, name: string): string | undefined {
  const named = new RegExp(`^[ \\t]*${name}[ \\t]*=[ \\t]*["']([A-Za-z_][\\w.]*)\\.([A-Za-z_]\\w*)["']`, "m").exec(
    text,
  );
  return named === null ? undefined : `${named[1]}:${named[2]}`;
}
