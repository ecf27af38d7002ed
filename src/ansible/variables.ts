import type { Inputs, Value } from "../inputs/inputs.js";
import type { DjangoProject } from "../project/django.js";
import { withoutLast } from "../text.js";

/** What the action finds out on its own; the bundled roles take it as defaults, so that group_vars still win. */
export interface Detected {
  readonly appName: string;
  /** working-directory as an absolute path. */
  readonly project: string;
  /** The application's checkout as an absolute path. */
  readonly workspace: string;
  readonly revision: string | undefined;
  readonly django: DjangoProject | undefined;
  /** Names this run to the deploy lock: GITHUB_RUN_ID, attempt and a part that is this step's alone, joined by dashes. */
  readonly runId: string;
  readonly actor: string;
}

/** A text that Ansible must not read as a template: `{{` in a secret is a part of it. Both cores' JSON readers know this form. */
function literal(text: string): Value {
  return { __ansible_unsafe: text };
}

/**
 * The extra variables of a run. Precedence: `vars` over typed inputs; inputs that were not given are absent, so that
 * the project's own variables hold.
 *
 * @param composeSources absolute paths.
 */
export function extraVariables(
  inputs: Inputs,
  detected: Detected,
  composeSources: readonly string[],
): Record<string, Value> {
  const texts: readonly (readonly [variable: string, value: string])[] = [
    ["app_name", inputs.appName],
    ["server_name", inputs.serverName],
    ["django_app_source", inputs.source],
    ["django_app_revision", inputs.revision],
    ["django_app_confirm", inputs.confirm],
    ["compose_app_registry", inputs.registry],
    ["compose_app_registry_username", inputs.registryUsername],
    ["compose_app_registry_password", inputs.registryPassword],
  ];
  const lists: readonly (readonly [variable: string, values: readonly string[]])[] = [
    ["django_app_command", inputs.command],
    ["compose_app_file", inputs.composeFiles],
    ["compose_app_source", composeSources],
  ];
  const env = Object.entries(inputs.env).map(([name, value]) => [name, literal(value)] as const);
  return {
    django_app_detected: detectedVariables(detected),
    ...Object.fromEntries(texts.filter(([, text]) => text !== "").map(([name, text]) => [name, literal(text)])),
    ...Object.fromEntries(
      lists.filter(([, values]) => values.length > 0).map(([name, values]) => [name, values.map(literal)]),
    ),
    ...(env.length > 0 ? { django_app_env: Object.fromEntries(env) } : {}),
    ...inputs.vars,
  };
}

function detectedVariables(detected: Detected): Value {
  const texts: readonly (readonly [key: string, value: string | undefined])[] = [
    ["app_name", detected.appName],
    ["project", detected.project],
    ["workspace", detected.workspace],
    ["revision", detected.revision],
    ["settings_module", detected.django?.settingsModule],
    ["manage_dir", detected.django?.manageDir],
    ["wsgi", detected.django?.wsgi],
    ["asgi", detected.django?.asgi],
    ["run_id", detected.runId],
    ["actor", detected.actor],
  ];
  const mappings = [
    ["procfile", detected.django?.procfile],
    ["questions", detected.django?.questions],
  ] as const;
  return {
    ...Object.fromEntries(texts.flatMap(([key, text]) => (text === undefined ? [] : [[key, literal(text)]]))),
    ...Object.fromEntries(
      mappings.flatMap(([key, mapping]) => {
        const entries = Object.entries(mapping ?? {}).map(([name, text]) => [name, literal(text)]);
        return entries.length > 0 ? [[key, Object.fromEntries(entries)]] : [];
      }),
    ),
  };
}

/** An app name made of a repository's name: what an app name may not hold becomes a dash. */
export function appNameOf(repository: string): string {
  const name = withoutLast(
    (repository.split("/").at(-1) ?? "")
      .toLowerCase()
      .replace(/[^a-z0-9_-]+/g, "-")
      .replace(/^[^a-z]+/, "")
      .slice(0, 32),
    "-_",
  );
  return name === "" ? "app" : name;
}
