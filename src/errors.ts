/** A mistake or a failure that its message explains in one sentence; printed without a stack. */
export class DeployError extends Error {
  override readonly name = "DeployError";
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
