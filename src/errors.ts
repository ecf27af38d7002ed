/** A mistake or a failure that its message explains in one sentence; printed without a stack. */
export class DeployError extends Error {
  override readonly name = "DeployError";
}

/** What Node's codes of the system's errors mean. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: "the runner's user may not do that there",
  EPERM: "the runner's user may not do that there",
  EROFS: "the file system there is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  ENOENT: "a file or folder of its path does not exist",
  ENOTDIR: "a part of its path is no folder",
  EISDIR: "a folder is in its place",
  EEXIST: "another file is in its place",
  EMFILE: "the runner has too many open files",
  ENOMEM: "the runner has no memory left",
};

/** The message of whatever was thrown, that of the system in words and without its paths. */
export function messageOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}

/** Characters of what a sentence repeats of a user's text. */
const LONGEST_ECHO = 200;

/** A user's text in a sentence: in quotes, on one line, and never longer than a reader can take. */
export function quoted(text: string): string {
  return JSON.stringify(shortened(text));
}

/** A text cut to what fits into a sentence. */
export function shortened(text: string, most: number = LONGEST_ECHO): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}
