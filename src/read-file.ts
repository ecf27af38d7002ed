import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { isAbsolute, relative } from "node:path";
import { DeployError } from "./errors.js";

/** A path that is read, and how a sentence about it begins. */
export interface Place {
  /** Absolute. */
  readonly path: string;
  /** The input or the file's part, and the path as the user knows it: `inventory-file "hosts.yml"`. */
  readonly name: string;
  /** A folder, absolute: a link in it that leads out of it is refused. Without it, links may lead anywhere. */
  readonly workspace?: string;
}

/** Bytes of the longest text that people write or that is made of what they write. */
export const MOST_BYTES = 4 * 1024 * 1024;

/**
 * The text of a file, and the one way to get it: opened once, without waiting for a writer, only as a regular file, and
 * never more than its limit.
 *
 * @throws DeployError that names the place and what to do.
 */
export function readText(place: Place, most: number = MOST_BYTES): string {
  const bytes = readBytes(place, most);
  if (bytes.includes(0)) throw new DeployError(`${place.name} holds a NUL byte, so it is no text: store it as UTF-8.`);
  return bytes.toString("utf8");
}

/** Likewise, undefined where there is no file. */
export function readTextIfThere(place: Place, most?: number): string | undefined {
  return isThere(place.path) ? readText(place, most) : undefined;
}

/** The content of a file that need not be text. */
export function readBytes(place: Place, most: number = MOST_BYTES): Buffer {
  return opened(place, (descriptor, { size }) => {
    const limit = `${place.name} is larger than ${megabytes(most)}, the most that is read of such a file: make it smaller.`;
    if (size > most) throw new DeployError(limit);
    // What the system makes up as it is read (/proc) has no size, and what is written to meanwhile has another one.
    const bytes = piece(descriptor, 0, most + 1, Math.max(size + 1, 4_096));
    if (bytes.length > most) throw new DeployError(limit);
    return bytes;
  });
}

/** What a file holds from a position on, as far as a limit. */
export function readPiece(place: Place, from: number, most: number): Buffer {
  return opened(place, (descriptor) => piece(descriptor, from, most, 65_536));
}

/** Refuses a path that {@link readText} would not open, without reading it. */
export function requireFile(place: Place): void {
  opened(place, () => undefined);
}

/** What is in a folder; a link is no folder here. */
export interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** What is in a folder, sorted; nothing where there is no folder. */
export function entriesIn(place: Place): Entry[] {
  if (!isThere(place.path)) return [];
  try {
    return readdirSync(real(place), { withFileTypes: true })
      .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  } catch (error) {
    throw refusal(place, error);
  }
}

/** What is at a path, links followed; undefined where nothing is. */
export function kindOf(place: Place): "file" | "folder" | undefined {
  if (!isThere(place.path)) return undefined;
  try {
    const stats = statSync(real(place));
    if (stats.isDirectory()) return "folder";
    requireRegular(place, stats);
    return "file";
  } catch (error) {
    throw refusal(place, error);
  }
}

/** Whether something is at a path; what cannot be looked at is, so that whoever opens it says why. */
function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return codeOf(error) !== "ENOTDIR";
  }
}

function opened<T>(place: Place, use: (descriptor: number, stats: Stats) => T): T {
  let descriptor: number | undefined;
  try {
    // A FIFO is opened without a writer, a terminal never becomes the process's own, and the way there has no link left.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY | constants.O_NOFOLLOW;
    descriptor = openSync(real(place), flags);
    const stats = fstatSync(descriptor);
    requireRegular(place, stats);
    return use(descriptor, stats);
  } catch (error) {
    throw refusal(place, error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** The path without links, refused where these lead from the workspace to what is not in it. */
function real({ path, name, workspace }: Place): string {
  const found = realpathSync(path);
  if (workspace === undefined) return found;
  if (isInside(path, workspace) && !isInside(found, realpathSync(workspace))) {
    throw new DeployError(`${name} is a link that leads out of the workspace: put the file itself there.`);
  }
  return found;
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return !(way === ".." || way.startsWith("../") || isAbsolute(way));
}

function requireRegular({ name }: Place, stats: Stats): void {
  if (stats.isFile()) return;
  const what = stats.isDirectory()
    ? "a folder"
    : stats.isFIFO()
      ? "a named pipe"
      : stats.isSocket()
        ? "a socket"
        : "a device";
  throw new DeployError(`${name} is ${what}: a regular file is needed.`);
}

function piece(descriptor: number, from: number, most: number, step: number): Buffer {
  const pieces: Buffer[] = [];
  for (let length = 0; length < most; ) {
    const buffer = Buffer.allocUnsafe(Math.min(step, most - length));
    const count = readSync(descriptor, buffer, 0, buffer.length, from + length);
    if (count === 0) break;
    pieces.push(buffer.subarray(0, count));
    length += count;
  }
  return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  ENOTDIR: "does not exist, since a part of its path is no folder",
  EACCES: "may not be read by the runner's user: give it the permission",
  EPERM: "may not be read by the runner's user: give it the permission",
  ELOOP: "is a link that leads back to itself: put the file itself there",
  ENAMETOOLONG: "has a path that is too long for this system: shorten it",
  ERR_INVALID_ARG_VALUE: "has a NUL character in its path: remove it",
  ENXIO: "is a socket or a device: a regular file is needed",
  EMFILE: "cannot be opened, since the runner has too many open files",
};

function refusal(place: Place, error: unknown): DeployError {
  if (error instanceof DeployError) return error;
  const code = codeOf(error);
  return new DeployError(`${place.name} ${REASONS[code] ?? `cannot be read (${code || "for no reason given"})`}.`);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 1_048_576)} MB`;
}
