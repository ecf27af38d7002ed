import type { Inputs } from "../inputs.js";

/** Absolute paths of the files of a run; "" where there is none. */
export interface RunFiles {
  /** Python of the environment that Ansible is installed in. */
  readonly python: string;
  readonly playbook: string;
  readonly inventories: readonly string[];
  readonly variables: string;
  readonly becomePassword: string;
  readonly vaultPassword: string;
}

/**
 * The argument list of a run. Secrets are in the files alone.
 *
 * `-P` keeps the working directory out of Python's search path: a project's own folder called `yaml` or `ansible` would
 * be imported instead of the real one.
 */
export function ansibleArguments(
  inputs: Pick<Inputs, "limit" | "tags" | "check" | "extraArgs">,
  files: RunFiles,
): [string, ...string[]] {
  return [
    files.python,
    ...["-P", "-m", "ansible", "playbook", files.playbook],
    ...files.inventories.flatMap((path) => ["--inventory", path]),
    ...["--extra-vars", `@${files.variables}`],
    ...(inputs.limit === "" ? [] : ["--limit", inputs.limit]),
    ...(inputs.tags.length === 0 ? [] : ["--tags", inputs.tags.join(",")]),
    ...(inputs.check ? ["--check", "--diff"] : []),
    ...(files.becomePassword === "" ? [] : ["--become-password-file", files.becomePassword]),
    ...(files.vaultPassword === "" ? [] : ["--vault-password-file", files.vaultPassword]),
    ...inputs.extraArgs,
  ];
}
