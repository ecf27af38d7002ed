import type { Inputs } from "../inputs/inputs.js";

/** Absolute paths of the files of a run; "" where there is none. */
export interface RunFiles {
  /** Python of the environment that Ansible is installed in. */
  readonly python: string;
  readonly playbook: string;
  readonly inventories: readonly string[];
  readonly variables: string;
  readonly becomePassword: string;
  readonly vaultPassword: string;
  /** Files of further vault passwords, by id. */
  readonly vaultPasswords: Readonly<Record<string, string>>;
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
  return [files.python, "-P", "-m", "ansible", ...playbookWords(inputs, files)];
}

/** The same for an Ansible that has started. */
export function playbookWords(
  inputs: Pick<Inputs, "limit" | "tags" | "check" | "extraArgs">,
  files: RunFiles,
): string[] {
  return [
    ...["playbook", files.playbook],
    ...inventoryArguments(files),
    ...["--extra-vars", `@${files.variables}`],
    ...(inputs.limit === "" ? [] : ["--limit", inputs.limit]),
    ...(inputs.tags.length === 0 ? [] : ["--tags", inputs.tags.join(",")]),
    ...(inputs.check ? ["--check", "--diff"] : []),
    ...(files.becomePassword === "" ? [] : ["--become-password-file", files.becomePassword]),
    ...vaultArguments(files),
    ...inputs.extraArgs,
  ];
}

/** The argument list of `ansible-inventory` for the same hosts. */
export function inventoryCommand(files: RunFiles, ...more: readonly string[]): [string, ...string[]] {
  const program = ["-P", "-m", "ansible", "inventory"];
  return [files.python, ...program, ...inventoryArguments(files), ...vaultArguments(files), ...more];
}

function inventoryArguments({ inventories }: Pick<RunFiles, "inventories">): string[] {
  return inventories.flatMap((path) => ["--inventory", path]);
}

function vaultArguments(files: Pick<RunFiles, "vaultPassword" | "vaultPasswords">): string[] {
  return [
    ...(files.vaultPassword === "" ? [] : ["--vault-password-file", files.vaultPassword]),
    ...Object.entries(files.vaultPasswords).flatMap(([id, file]) => ["--vault-id", `${id}@${file}`]),
  ];
}
