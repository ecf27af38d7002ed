import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { emptySecret, emptySecretsWarning, missing } from "../../src/inputs/missing.js";
import { createFolder } from "../support/folder.js";

const fork = JSON.stringify({ pull_request: { head: { repo: { fork: true } } } });
const own = JSON.stringify({ pull_request: { head: { repo: { fork: false } } } });

describe("an empty secret", () => {
  it.each([
    ["pull_request", fork, "octocat", "a workflow run for a pull request from a fork gets no secrets"],
    [
      "pull_request",
      own,
      "dependabot[bot]",
      "a workflow run that Dependabot starts gets Dependabot's own secrets only",
    ],
    ["pull_request", own, "octocat", "the secret is probably not configured for this repository or environment"],
    ["pull_request", "{}", "octocat", "the secret is probably not configured for this repository or environment"],
    [
      "pull_request",
      '{"pull_request": {"head": {"repo": null}}}',
      "octocat",
      "the secret is probably not configured for this repository or environment",
    ],
    ["push", fork, "octocat", "the secret is probably not configured for this repository or environment"],
    ["pull_request", "no JSON", "octocat", "the secret is probably not configured for this repository or environment"],
  ])("is explained in a run for %s (%j by %s)", (event, content, actor, cause) => {
    const file = join(createFolder({ "event.json": content }), "event.json");
    const environment = { GITHUB_EVENT_NAME: event, GITHUB_EVENT_PATH: file, GITHUB_ACTOR: actor };
    expect(emptySecret(environment)).toBe(cause);
  });

  it("is told from one that is not given", () => {
    expect(missing("vault-password", { emptySecrets: ["vault-password"] })).toMatch(
      /^vault-password is given but empty: the secret is probably not configured/,
    );
    expect(missing("vault-password", { emptySecrets: [] })).toBe("vault-password is not given");
  });

  it("is named in a warning", () => {
    expect(emptySecretsWarning({ emptySecrets: [] })).toBe("");
    expect(emptySecretsWarning({ emptySecrets: ["env"] })).toMatch(/^env is given but empty: /);
    expect(emptySecretsWarning({ emptySecrets: ["ssh-private-key", "env"] })).toMatch(
      /^ssh-private-key and env are given but empty: .*\. Leave out what is not needed\.$/,
    );
  });
});
