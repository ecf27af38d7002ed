import { describe, expect, it } from "vitest";
import { appNameOf, type Detected, extraVariables } from "../../src/ansible/variables.js";
import { createInputs } from "../support/inputs.js";

const DETECTED: Detected = {
  appName: "my-site",
  project: "/w",
  workspace: "/w",
  revision: "0123456789abcdef0123456789abcdef01234567",
  django: {
    ...{ manageDir: ".", settingsModule: undefined, wsgi: undefined, asgi: undefined },
    ...{ procfile: {}, told: [], questions: {} },
  },
  runId: "1-1",
  actor: "octocat",
};
const text = (value: string) => ({ __ansible_unsafe: value });

describe("extraVariables", () => {
  it("holds only what was detected when no input was given", () => {
    expect(extraVariables(createInputs(), DETECTED, [])).toEqual({
      django_app_detected: {
        app_name: text("my-site"),
        project: text("/w"),
        workspace: text("/w"),
        revision: text(DETECTED.revision ?? ""),
        manage_dir: text("."),
        run_id: text("1-1"),
        actor: text("octocat"),
      },
    });
  });

  it("has a variable for each typed input, and texts are no templates", () => {
    const inputs = createInputs({
      appName: "shop",
      serverName: "example.org",
      source: "git",
      revision: "v1",
      env: { A: "{{ b }}" },
      composeFiles: ["/srv/c.yml"],
      registry: "ghcr.io",
      registryUsername: "u",
      registryPassword: "p{%x",
    });
    const { django_app_detected: _, ...variables } = extraVariables(inputs, DETECTED, ["/w/compose.yml"]);
    expect(variables).toEqual({
      app_name: text("shop"),
      server_name: text("example.org"),
      django_app_source: text("git"),
      django_app_revision: text("v1"),
      django_app_env: { A: text("{{ b }}") },
      compose_app_file: [text("/srv/c.yml")],
      compose_app_source: [text("/w/compose.yml")],
      compose_app_registry: text("ghcr.io"),
      compose_app_registry_username: text("u"),
      compose_app_registry_password: text("p{%x"),
    });
  });

  it("lets vars win, and leaves them to Ansible as templates", () => {
    const inputs = createInputs({ appName: "shop", vars: { app_name: "{{ other }}", n: 1 } });
    expect(extraVariables(inputs, DETECTED, [])).toMatchObject({ app_name: "{{ other }}", n: 1 });
  });
});

describe("appNameOf", () => {
  it.each([
    ["acme/my-site", "my-site"],
    ["acme/My.Site_2", "my-site_2"],
    ["acme/2024-site", "site"],
    ["acme/...", "app"],
    [`acme/${"a".repeat(31)}-b`, "a".repeat(31)],
  ])("makes a name of %s", (repository, name) => {
    expect(appNameOf(repository)).toBe(name);
  });
});
