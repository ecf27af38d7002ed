import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { removeFolder } from "../remove.js";
import { saveWorkFolder } from "../state.js";

/** Inside the folder, so that the rename brings folder and marker in one step. */
const MARKER = ".complete";

type Environment = Readonly<Record<string, string | undefined>>;

/** Root of the runner's tool cache; without one, a folder that lasts as long as the system keeps temporary files. */
export function toolCacheRoot(environment: Environment): string {
  return environment.RUNNER_TOOL_CACHE ? resolve(environment.RUNNER_TOOL_CACHE) : temporaryTools(environment);
}

/** What stands in for the tool cache. */
export function temporaryTools({ RUNNER_TEMP }: Environment): string {
  return resolve(RUNNER_TEMP || tmpdir(), "django-ansible-deploy-tools");
}

/** Whether this user may write into a folder, or make it. */
export function isWritable(folder: string): boolean {
  let place = resolve(folder);
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  try {
    accessSync(place, constants.W_OK | constants.X_OK);
    return statSync(place).isDirectory();
  } catch {
    return false;
  }
}

/** Whether a path is one in which {@link createToolFolder} works: post removes nothing else. */
export function isWorkFolder(path: string): boolean {
  const isOurs = dirname(path)
    .split("/")
    .some((name) => /^django-ansible-deploy-[\w-]+$/.test(name));
  return isOurs && /^\..+-[A-Za-z0-9]{6}$/.test(basename(path)) && path === resolve(path);
}

/** Whether a folder of the tool cache was finished and not withdrawn since. */
export function isComplete(folder: string): boolean {
  return existsSync(join(folder, MARKER));
}

/**
 * Fills a folder of the tool cache: in a sibling first, then by one rename, so that jobs that run at once never see a
 * half-filled one. Whoever comes second keeps what the first one made.
 *
 * @param fill gets the folder to work in and returns the path inside it that becomes `folder`.
 */
export async function createToolFolder(folder: string, fill: (work: string) => Promise<string>): Promise<void> {
  mkdirSync(dirname(folder), { recursive: true });
  const work = mkdtempSync(join(dirname(folder), `.${basename(folder)}-`));
  saveWorkFolder(work);
  try {
    const made = await fill(work);
    writeFileSync(join(made, MARKER), "");
    try {
      renameSync(made, folder);
    } catch (error) {
      if (isComplete(folder)) return;
      // Withdrawn because it does not work any more.
      if (!existsSync(folder)) throw error;
      renameSync(folder, join(work, "old"));
      renameSync(made, folder);
    }
  } finally {
    removeFolder(work);
  }
}

/** Withdraws a folder that turned out not to work; the next {@link createToolFolder} replaces it. */
export function discardToolFolder(folder: string): void {
  rmSync(join(folder, MARKER), { force: true });
}
