import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { Ground } from "../../src/project/places.js";

/** A real folder with the given files, removed when the test ends. */
export function createFolder(files: Readonly<Record<string, string>> = {}): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "unit-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** Such a folder as a whole workspace. */
export function createGround(files: Readonly<Record<string, string>> = {}): Ground {
  const folder = createFolder(files);
  return { folder, workspace: folder };
}

/** Permission bits of a path, e.g. `600`. */
export function mode(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}
