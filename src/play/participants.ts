import { ansibleArguments, inventoryCommand } from "../ansible/arguments.js";
import { quiet } from "../ansible/environment.js";
import { run } from "../process/run.js";
import type { Participants } from "../vault/check.js";
import type { Play } from "./play-parts.js";

/**
 * Asks Ansible which hosts a run is for, and which groups these belong to. It reads no variable files for that.
 *
 * @returns undefined when Ansible cannot tell; the run will say why.
 */
export async function participantsOf({ inputs, files, project, env, signal }: Play): Promise<Participants | undefined> {
  const options = { cwd: project.folder, env: quiet(env), signal };
  const [list, graph] = await Promise.all([
    run([...ansibleArguments(inputs, files), "--list-hosts"], options),
    run(inventoryCommand(files, "--graph"), options),
  ]);
  if (list.code !== 0 || graph.code !== 0) return undefined;
  const hosts = new Set([...list.stdout.matchAll(/^ {6}(\S+)$/gm)].map(([, name = ""]) => name));
  return { hosts, groups: groupsOf(graph.stdout, hosts) };
}

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
