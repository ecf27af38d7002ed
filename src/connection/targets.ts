import { splitArguments } from "../inputs/split-arguments.js";
import type { ProgramEnvironment } from "../process/program-environment.js";
import { run } from "../process/run.js";

/** How Ansible connects to a host by ssh, as its variables say. */
export interface SshTarget {
  /** Name in the inventory. */
  readonly name: string;
  readonly address: string;
  /** Options of ssh for this host, those of its variables among them. */
  readonly options: readonly string[];
}

type Variables = Readonly<Record<string, unknown>>;

/**
 * The ssh targets of hosts, from `ansible-inventory --list`. Variables that are templates are left to ssh's own defaults.
 *
 * @param inventory argument list of `ansible-inventory`.
 * @param wins variables that win over those of the inventory.
 * @returns none when the inventory cannot be read; hosts of another connection are left out.
 */
export async function sshTargets(
  names: readonly string[],
  inventory: readonly [string, ...string[]],
  wins: Variables,
  options: { readonly cwd: string; readonly env: ProgramEnvironment; readonly signal: AbortSignal },
): Promise<SshTarget[]> {
  const { code, stdout } = await run([...inventory, "--list"], { ...options, timeout: 15_000 });
  if (code !== 0) return [];
  const all = hostVariables(stdout);
  if (all === undefined) return [];
  return names.flatMap((name) => targetOf(name, { ...all[name], ...wins }));
}

/** The variables of all hosts; undefined when the output is not what it should be. */
function hostVariables(stdout: string): Record<string, Variables> | undefined {
  try {
    return JSON.parse(stdout)?._meta?.hostvars ?? {};
  } catch {
    return undefined;
  }
}

/** The target of one host, as a list of one or none. */
export function targetOf(name: string, variables: Variables): SshTarget[] {
  const text = (...keys: string[]): string => {
    const found = keys.map((key) => variables[key]).find((value) => value !== undefined && value !== null);
    return found === undefined || String(found).includes("{{") ? "" : String(found);
  };
  if (!/^(|ssh|smart|ansible\.builtin\.ssh)$/.test(text("ansible_connection"))) return [];
  const option = (flag: string, value: string): string[] => (value === "" ? [] : [flag, value]);
  const address = text("ansible_ssh_host", "ansible_host") || name;
  // An address is an argument of ssh; one that looks like an option is none.
  if (address.startsWith("-")) return [];
  const given = ["ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args"].flatMap((key) =>
    splitArguments(text(key)),
  );
  return [
    {
      name,
      address,
      options: [
        ...given,
        ...option("-p", text("ansible_ssh_port", "ansible_port")),
        ...option("-l", text("ansible_ssh_user", "ansible_user")),
        ...option("-i", text("ansible_ssh_private_key_file", "ansible_private_key_file")),
      ],
    },
  ];
}
