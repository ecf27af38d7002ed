/** A mistake or a failure that its message explains in one sentence; printed without a stack. */
export class DeployError extends Error {
  override readonly name = "DeployError";
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
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
