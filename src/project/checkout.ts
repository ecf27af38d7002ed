import { join } from "node:path";
import { type Entry, entriesIn, type Place, readTextIfThere } from "../read-file.js";
import { type Ground, placeInProject } from "./places.js";

/** The files of a checkout, as far as finding out what it is needs them. */
export interface ProjectFiles {
  /** Paths relative to the checkout, `/` between their parts, sorted. */
  readonly paths: readonly string[];
  /** Text of a file; empty when there is none. */
  read(path: string): string;
}

const DEPTH = 6;
/** What holds other people's code, or nothing of the project's. */
const PASSED_BY = /^(\..*|node_modules|venv|env|site-packages|__pycache__|static|media|locale)$/;

/** Looks through a folder, without what Git, package managers and virtual environments put there. */
export function filesOf(ground: Ground): ProjectFiles {
  return {
    paths: below(ground, "", DEPTH).sort(),
    read: (path) => readTextIfThere(placeInProject(join(ground.folder, path), ground)) ?? "",
  };
}

function below(ground: Ground, prefix: string, depth: number): string[] {
  return entries(placeInProject(join(ground.folder, prefix), ground)).flatMap(({ name, isFolder }) => {
    const path = prefix === "" ? name : `${prefix}/${name}`;
    if (!isFolder) return [path];
    return depth > 0 && !PASSED_BY.test(name) ? below(ground, path, depth - 1) : [];
  });
}

/** Folders that others keep to themselves, such as a database's, hold nothing of the project. */
function entries(place: Place): readonly Entry[] {
  try {
    return entriesIn(place);
  } catch {
    return [];
  }
}

/** `folder/name`, where `.` is the checkout itself. */
export function within(folder: string, name: string): string {
  return folder === "." ? name : `${folder}/${name}`;
}
