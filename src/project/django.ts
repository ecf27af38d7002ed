import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DeployError } from "../errors.js";
import { settingsModule } from "./settings-module.js";

/** Where the Django project in the workspace is. */
export interface DjangoProject {
  /** Folder of manage.py relative to working-directory: `.` or one folder name. */
  readonly manageDir: string;
  /** From manage.py; undefined when it names none. */
  readonly settingsModule: string | undefined;
}

/**
 * Finds manage.py in working-directory, else in exactly one folder directly below.
 *
 * @throws DeployError that says what was looked for.
 */
export function findDjango(project: string): DjangoProject {
  const places = existsSync(join(project, "manage.py"))
    ? ["."]
    : readdirSync(project, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && entry.name !== "node_modules")
        .map((entry) => entry.name)
        .filter((name) => existsSync(join(project, name, "manage.py")))
        .sort();
  const [first, second] = places;
  if (first === undefined) {
    throw new DeployError(
      `There is no Django project in ${project}: neither it nor a folder directly below has a manage.py, so check working-directory and that actions/checkout ran.`,
    );
  }
  if (second !== undefined) {
    throw new DeployError(
      `${project} has manage.py in ${places.join(" and ")}: set working-directory to the one to deploy.`,
    );
  }
  return { manageDir: first, settingsModule: settingsModule(readFileSync(join(project, first, "manage.py"), "utf8")) };
}

/**
 * Whether the project's own variables say where the code comes from (`django_app_source`); then the workspace may hold
 * no Django project at all.
 */
export function variablesNameSource(project: string): boolean {
  return ["group_vars", "host_vars"].some((name) => mentions(join(project, name), 3));
}

function mentions(path: string, depth: number): boolean {
  if (!existsSync(path)) return false;
  if (statSync(path).isFile()) return /^\s*["']?django_app_source["']?\s*:/m.test(readFileSync(path, "utf8"));
  return depth > 0 && readdirSync(path).some((entry) => mentions(join(path, entry), depth - 1));
}
