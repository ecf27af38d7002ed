import { type Dirent, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The files of a checkout, as far as finding out what it is needs them. */
export interface ProjectFiles {
  /** Paths relative to the checkout, `/` between their parts, sorted. */
  readonly paths: readonly string[];
  /** Text of a file; empty when it cannot be read. */
  read(path: string): string;
}

const DEPTH = 6;
/** What holds other people's code, or nothing of the project's. */
const PASSED_BY = /^(\..*|node_modules|venv|env|site-packages|__pycache__|static|media|locale)$/;

/** Looks through a folder, without what Git, package managers and virtual environments put there. */
export function filesOf(folder: string): ProjectFiles {
  return {
    paths: below(folder, "", DEPTH).sort(),
    read: (path) => {
      try {
        return readFileSync(join(folder, path), "utf8");
      } catch {
        return "";
      }
    },
  };
}

function below(folder: string, prefix: string, depth: number): string[] {
  return entries(join(folder, prefix)).flatMap((entry) => {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (!entry.isDirectory()) return [path];
    return depth > 0 && !PASSED_BY.test(entry.name) ? below(folder, path, depth - 1) : [];
  });
}

function entries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** `folder/name`, where `.` is the checkout itself. */
export function within(folder: string, name: string): string {
  return folder === "." ? name : `${folder}/${name}`;
}
