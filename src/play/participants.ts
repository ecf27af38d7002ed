import { ansibleArguments, inventoryCommand } from "../ansible/arguments.js";
import { capture } from "../process/capture.js";
import type { Participants } from "../vault/check.js";
import type { Play } from "./prepare.js";

/**
 * Asks Ansible which hosts a run is for, and which groups these belong to. It reads no variable files for that.
 *
 * @returns undefined when Ansible cannot tell; the run will say why.
 */
export async function participantsOf({ inputs, files, project, env, signal }: Play): Promise<Participants | undefined> {
  const options = { cwd: project.folder, env: { ...env, ...QUIET }, signal };
  const [list, graph] = await Promise.all([
    capture([...ansibleArguments(inputs, files), "--list-hosts"], options),
    capture(inventoryCommand(files, "--graph"), options),
  ]);
  if (list.code !== 0 || graph.code !== 0) return undefined;
  const hosts = new Set([...list.stdout.matchAll(/^ {6}(\S+)$/gm)].map(([, name = ""]) => name));
  return { hosts, groups: groupsOf(graph.stdout, hosts) };
}

/** For output that is read. */
const QUIET = { ANSIBLE_FORCE_COLOR: "false", ANSIBLE_NOCOLOR: "true" };

/** The groups of the hosts, from the drawing that `ansible-inventory --graph` makes of `@group:` and host lines. */
export function groupsOf(graph: string, hosts: ReadonlySet<string>): Set<string> {
  const groups = new Set<string>();
  const open: string[] = [];
  for (const line of graph.split("\n")) {
    const [, indent = "", name = ""] = /^([ |]*)(?:--)?(.*)$/s.exec(line) ?? [];
    const level = indent.split("|").length - 1;
    const group = /^@(.+):$/.exec(name)?.[1];
    open.length = Math.min(open.length, level);
    if (group !== undefined) open[level] = group;
    else if (hosts.has(name)) for (const one of open) groups.add(one);
  }
  return groups;
}
