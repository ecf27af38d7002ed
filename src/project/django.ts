import { DeployError } from "../errors.js";
import { filesOf, type ProjectFiles, within } from "./checkout.js";
import { findEntry } from "./entry.js";
import type { Ground } from "./places.js";
import { parseProcfile } from "./procfile.js";
import { type Answer, chooseSettings } from "./settings-module.js";

/** What was found out about the Django project in the workspace; undefined or absent where the files do not say. */
export interface DjangoProject {
  /** Folder of manage.py relative to working-directory: `.` or a path. */
  readonly manageDir: string | undefined;
  readonly settingsModule: string | undefined;
  /** `module:name`. */
  readonly wsgi: string | undefined;
  /** `module:name`, where the project asks for ASGI. */
  readonly asgi: string | undefined;
  /** Commands of the Procfile by process type. */
  readonly procfile: Readonly<Record<string, string>>;
  /** A sentence for each thing that was found: what, where, and the variable that overrides it. */
  readonly told: readonly string[];
  /** By variable: what to ask when nobody sets it. */
  readonly questions: Readonly<Record<string, string>>;
}

/** What the user's variables say already: undefined when they do not, "" when only Ansible can read it. */
export interface Chosen {
  readonly appPath: string | undefined;
  readonly settingsModule: string | undefined;
  /** Whether django_app_processes and django_app_commands say what runs besides the web part. */
  readonly processes?: boolean;
  readonly commands?: boolean;
}

/**
 * Finds out what a checkout deploys.
 *
 * @throws DeployError when there is no Django project at all.
 */
export function findDjango(
  ground: Ground,
  chosen: Chosen = { appPath: undefined, settingsModule: undefined },
): DjangoProject {
  if (chosen.appPath === "") return NOTHING;
  const files = filesOf(ground);
  const place =
    chosen.appPath === undefined ? findManage(files, ground.folder) : { value: chosen.appPath, where: "app_path" };
  if ("question" in place) {
    return { ...NOTHING, questions: { app_path: place.question } };
  }
  const manageDir = place.value;
  const settings: Answer =
    chosen.settingsModule === undefined
      ? chooseSettings(files, manageDir)
      : { value: chosen.settingsModule, where: "django_settings_module" };
  const module = "value" in settings ? settings.value || undefined : undefined;
  const procfiles = [within(manageDir, "Procfile"), "Procfile"].filter((path) => files.paths.includes(path));
  const procfile = parseProcfile(procfiles[0] === undefined ? "" : files.read(procfiles[0]));
  const entry = findEntry(files, manageDir, module, procfile.web);
  return {
    manageDir,
    settingsModule: module,
    wsgi: entry?.kind === "wsgi" ? entry.value : undefined,
    asgi: entry?.kind === "asgi" ? entry.value : undefined,
    procfile,
    told: [
      told("manage.py", `in ${manageDir}`, place.where, "app_path"),
      ...(module === undefined || !("value" in settings)
        ? []
        : [told("settings", module, settings.where, "django_settings_module")]),
      ...(entry === undefined
        ? []
        : [told(`${entry.kind.toUpperCase()} application`, entry.value, entry.where, `django_app_${entry.kind}`)]),
      ...leftOut(procfile, chosen),
    ],
    questions: "question" in settings ? { django_settings_module: settings.question } : {},
  };
}

/** What a Procfile names besides the web part, and the line that has it run: nothing of it runs by itself. */
function leftOut(procfile: DjangoProject["procfile"], chosen: Chosen): string[] {
  return Object.entries(procfile).flatMap(([name, command]) => {
    if (name === "web") return [];
    const line = JSON.stringify(command.replace(/^python3? (?=\S*manage\.py\b)/, ""));
    if (name !== "release") {
      return chosen.processes
        ? []
        : [`${name} of the Procfile is not started (django_app_processes: {${name}: {command: ${line}}} does)`];
    }
    // A deploy migrates and collects static files without being told.
    const known = /manage\.py (migrate|collectstatic)(\s+--?\w[\w-]*)*\s*$/.test(command);
    return chosen.commands || known
      ? []
      : [`release of the Procfile is not run (django_app_commands: [{command: ${line}}] does)`];
  });
}

const NOTHING: DjangoProject = {
  ...{ manageDir: undefined, settingsModule: undefined, wsgi: undefined, asgi: undefined },
  ...{ procfile: {}, told: [], questions: {} },
};

function told(what: string, value: string, where: string, variable: string): string {
  const from = where === variable ? "as set" : `found by ${where}`;
  return `${what}: ${value} (${from}${where === variable ? "" : `; ${variable} overrides`})`;
}

/** manage.py that is nearest to the top. */
function findManage(files: ProjectFiles, project: string): Answer {
  const places = files.paths
    .filter((path) => path === "manage.py" || path.endsWith("/manage.py"))
    .map((path) => path.slice(0, -"/manage.py".length) || ".");
  const depth = (place: string) => (place === "." ? 0 : place.split("/").length);
  const least = Math.min(...places.map(depth));
  const nearest = places.filter((place) => depth(place) === least);
  const [first, second] = nearest;
  if (first === undefined) {
    throw new DeployError(
      `There is no Django project in ${project}: neither it nor a folder below has a manage.py, so check working-directory and that actions/checkout ran, or set source: git where the code has a repository of its own (app_repo).`,
    );
  }
  if (second !== undefined) {
    return {
      question: `manage.py is in ${nearest.join(" and ")}: add the line "app_path: ${first}" to vars or group_vars, with the folder to deploy`,
    };
  }
  return { value: first, where: within(first, "manage.py") };
}
