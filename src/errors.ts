import { readFileSync } from "node:fs";

/** A mistake or a failure that its message explains in one sentence; printed without a stack. */
export class DeployError extends Error {
  override readonly name = "DeployError";
}

/** The usual cause of an empty secret, said wherever one is missing. An input that is not given looks the same to an action. */
export function emptySecret(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  return isForkPullRequest(environment)
    ? "a workflow run for a pull request from a fork gets no secrets"
    : "the secret is probably not configured for this repository or environment";
}

function isForkPullRequest({
  GITHUB_EVENT_NAME: name,
  GITHUB_EVENT_PATH: path,
}: Readonly<Record<string, string | undefined>>): boolean {
  if (name !== "pull_request" || !path) return false;
  try {
    const event = JSON.parse(readFileSync(path, "utf8"));
    return event.pull_request?.head?.repo?.fork === true;
  } catch {
    return false;
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
