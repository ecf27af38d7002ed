/** A mistake or a failure that its message explains in one sentence; printed without a stack. */
export class DeployError extends Error {
  override readonly name = "DeployError";
}

/** The usual cause of an empty secret, said wherever one is missing. */
export const EMPTY_SECRET = "the secret is probably not configured for this repository or environment";

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
