import { readText } from "../read-file.js";
import type { Inputs, SecretInput } from "./inputs.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** Says of a secret that is missing whether it was given at all, and if so why it is empty: `env is not given`. */
export function missing(name: SecretInput, { emptySecrets }: Pick<Inputs, "emptySecrets">): string {
  return emptySecrets.includes(name) ? `${name} is given but empty: ${emptySecret()}` : `${name} is not given`;
}

/** The usual cause of a secret that is given but empty. */
export function emptySecret(environment: Environment = process.env): string {
  if (isForkPullRequest(environment)) return "a workflow run for a pull request from a fork gets no secrets";
  if (environment.GITHUB_ACTOR === "dependabot[bot]") {
    return "a workflow run that Dependabot starts gets Dependabot's own secrets only";
  }
  return "the secret is probably not configured for this repository or environment";
}

/** A warning for secrets that were given but are empty; "" when there are none. */
export function emptySecretsWarning({ emptySecrets }: Pick<Inputs, "emptySecrets">): string {
  if (emptySecrets.length === 0) return "";
  const are = emptySecrets.length === 1 ? "is" : "are";
  return `${emptySecrets.join(" and ")} ${are} given but empty: ${emptySecret()}. Leave out what is not needed.`;
}

/** GitHub cuts events at 25 MB. */
const MOST_EVENT_BYTES = 25 * 1024 * 1024;

function isForkPullRequest({ GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: path }: Environment): boolean {
  if (name !== "pull_request" || !path) return false;
  try {
    const event = JSON.parse(readText({ path, name: "GITHUB_EVENT_PATH" }, MOST_EVENT_BYTES));
    return event.pull_request?.head?.repo?.fork === true;
  } catch {
    return false;
  }
}
