import { type ProjectFiles, within } from "./checkout.js";

/** What was found, and where; or what has to be asked because the files do not say. */
export type Answer = { readonly value: string; readonly where: string } | { readonly question: string };

const PRODUCTION = /(^|_)(production|prod|live|deploy|deployment)(_|$)/;
const DEVELOPMENT = /(^|_)(dev|devel|develop|development|local|test|tests|testing|ci|debug)(_|$)/;

/**
 * The settings module that a manage.py, wsgi.py or asgi.py sets as default, as `django-admin startproject` writes it.
 *
 * @returns undefined when the text names none literally.
 */
export function settingsModule(python: string): string | undefined {
  const named = python.matchAll(
    /["']DJANGO_SETTINGS_MODULE["']\s{0,99}(?:,|\]\s{0,99}=)\s{0,99}["']([A-Za-z_][\w.]{0,199})["']/g,
  );
  for (const { 1: module, index } of named) {
    const line = python.slice(python.lastIndexOf("\n", index) + 1, index);
    if (!line.includes("#")) return module;
  }
  return undefined;
}

/**
 * The settings module for production: the one that says so by its name, else the one that the project's files agree on.
 *
 * @param manageDir folder of manage.py.
 */
export function chooseSettings(files: ProjectFiles, manageDir: string): Answer {
  const said = namedModules(files, manageDir);
  const named = said.size > 0 ? said : onlySettings(files, manageDir);
  const beside = unique([...named.keys()].flatMap((module) => siblings(files, manageDir, module)));
  const production = unique([...[...named.keys()].filter(isProduction), ...beside.filter(isProduction)]);
  const [first, second] = production;
  if (first !== undefined && second === undefined) return { value: first, where: whereOf(files, manageDir, first) };
  if (first !== undefined) return ask(`several look like production (${production.join(", ")})`, first);
  const serious = [...named.keys()].filter((module) => !DEVELOPMENT.test(lastPart(module)));
  const [only, other] = serious;
  if (only !== undefined && other === undefined) return { value: only, where: named.get(only) ?? "" };
  if (only !== undefined)
    return ask(serious.map((module) => `${named.get(module)} names ${module}`).join(" and "), only);
  const [development] = named.keys();
  if (development !== undefined)
    return ask(
      `${named.get(development)} names ${development}, which is for development`,
      "mysite.settings.production",
    );
  return ask(`${within(manageDir, "manage.py")} names none`, "mysite.settings");
}

function ask(why: string, example: string): Answer {
  return {
    question: `Which settings are for production is not clear, ${why}: add the line "django_settings_module: ${example}" to vars or group_vars, with the right module`,
  };
}

/** Modules that files beside or below manage.py name, each with the file that names it first. */
function namedModules(files: ProjectFiles, manageDir: string): Map<string, string> {
  const named = new Map<string, string>();
  for (const file of [within(manageDir, "manage.py"), ...entryFiles(files, manageDir)]) {
    const module = settingsModule(files.read(file));
    if (module !== undefined && !named.has(module)) named.set(module, file);
  }
  return named;
}

/** The only module that is a project's settings by its name and content, where no file names one: an old manage.py puts the name together. */
function onlySettings(files: ProjectFiles, manageDir: string): Map<string, string> {
  const found = files.paths.filter((path) => {
    const inside = manageDir === "." ? path : path.startsWith(`${manageDir}/`) ? path.slice(manageDir.length + 1) : "";
    return (
      /^(?:[A-Za-z_]\w*\/)?settings(?:\/__init__)?\.py$/.test(inside) &&
      /^[ \t]*ROOT_URLCONF[ \t]*=/m.test(files.read(path))
    );
  });
  const [only, other] = found;
  return only === undefined || other !== undefined ? new Map() : new Map([[dotted(only, manageDir), only]]);
}

/** A file's module, as it is imported from the folder of manage.py. */
export function dotted(path: string, manageDir: string): string {
  const inside = manageDir === "." ? path : path.slice(manageDir.length + 1);
  return inside.replace(/(\/__init__)?\.py$/, "").replaceAll("/", ".");
}

/** wsgi.py and asgi.py of the project, those near manage.py first. One of a test or an example counts only where there is no other. */
export function entryFiles(files: ProjectFiles, manageDir: string): string[] {
  const prefix = manageDir === "." ? "" : `${manageDir}/`;
  const all = files.paths
    .filter((path) => path.startsWith(prefix) && /(^|\/)(wsgi|asgi)\.py$/.test(path))
    .sort((a, b) => a.split("/").length - b.split("/").length);
  const own = all.filter((path) => !/(^|\/)(tests?|docs|examples?)\//.test(path.slice(prefix.length)));
  return own.length > 0 ? own : all;
}

/** Modules in the same settings folder as *module*, itself one of them or the folder. */
function siblings(files: ProjectFiles, manageDir: string, module: string): string[] {
  const path = within(manageDir, module.replaceAll(".", "/"));
  const isFolder = files.paths.includes(`${path}/__init__.py`);
  const folder = isFolder ? path : path.slice(0, Math.max(path.lastIndexOf("/"), 0));
  const dotted = isFolder ? module : module.slice(0, Math.max(module.lastIndexOf("."), 0));
  return files.paths.flatMap((file) => {
    const name = /^([A-Za-z_]\w*)\.py$/.exec(file.slice(folder.length + 1))?.[1];
    const fits = name !== undefined && file.startsWith(`${folder}/`) && name !== "__init__";
    const isSettings = isFolder || /settings|conf/.test(lastPart(dotted)) || /settings/.test(name ?? "");
    return fits && isSettings ? [dotted === "" ? name : `${dotted}.${name}`] : [];
  });
}

/** Files in which a settings module and those that it may build upon are written. */
export function settingsTexts(files: ProjectFiles, manageDir: string, module: string): string[] {
  const modules = [module, ...siblings(files, manageDir, module)];
  return unique(modules).flatMap((name) => {
    const path = within(manageDir, name.replaceAll(".", "/"));
    return [files.read(`${path}.py`), files.read(`${path}/__init__.py`)].filter((text) => text !== "");
  });
}

function whereOf(files: ProjectFiles, manageDir: string, module: string): string {
  const path = within(manageDir, module.replaceAll(".", "/"));
  return [`${path}.py`, `${path}/__init__.py`].find((file) => files.paths.includes(file)) ?? path;
}

const isProduction = (module: string): boolean => PRODUCTION.test(lastPart(module));
const lastPart = (module: string): string => module.slice(module.lastIndexOf(".") + 1);
const unique = <T>(items: readonly T[]): T[] => [...new Set(items)];
