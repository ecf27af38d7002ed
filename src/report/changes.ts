import type { RunEvent } from "../ansible/events.js";
import { taskName } from "../ansible/task-name.js";
import { code, count, details, enumeration, fenced, safe } from "./markdown.js";
import type { Totals } from "./totals.js";

const MOST_HOSTS = 25;
const MOST_CHARACTERS = 12_000;

/** What a check found: packages, requirements, migrations, what stays unknown, and the changes of each host. */
export function predictionSection({ deploy }: Totals): string[] {
  const lists: readonly (readonly [string, readonly string[]])[] = [
    ["System packages that would be installed", deploy.packages ?? []],
    ["Migrations that would be applied", deploy.migrations ?? []],
  ];
  const requirements = deploy.requirements ?? [];
  return [
    ...lists.flatMap(([title, items]) =>
      items.length === 0 ? [] : [`**${title}:** ${items.map(code).join(", ")}`, ""],
    ),
    ...(requirements.length === 0 ? [] : ["**Requirements:**", "", ...fenced("diff", requirements.join("\n"))]),
    ...(deploy.unknown ?? []).map((text) => `- ❔ ${safe(text)}`),
    ...((deploy.unknown ?? []).length === 0 ? [] : [""]),
  ];
}

/** The changed tasks of each host with their differences; hosts with the same ones together. */
export function changeSection(events: readonly RunEvent[]): string[] {
  const byHost = new Map<string, string[]>();
  for (const event of events) {
    if (event.event !== "result" || event.status !== "changed") continue;
    const lines = byHost.get(event.host) ?? [];
    byHost.set(event.host, lines);
    lines.push(event.diff ? `# ${taskName(event)}\n${event.diff}` : `# ${taskName(event)}`);
  }
  const groups = new Map<string, { hosts: string[]; tasks: number }>();
  for (const [host, lines] of byHost) {
    const text = lines.join("\n\n");
    const group = groups.get(text) ?? { hosts: [], tasks: lines.length };
    groups.set(text, group);
    group.hosts.push(host);
  }
  const shown = [...groups].slice(0, MOST_HOSTS);
  const more = groups.size - shown.length;
  return [
    ...shown.flatMap(([text, { hosts, tasks }]) =>
      details(
        `What would change on ${enumeration(hosts.map(code))}: ${count(tasks, "task")}`,
        fenced("diff", cut(text)),
      ),
    ),
    ...(more > 0 ? [`… and ${count(more, "host")} with other changes.`, ""] : []),
  ];
}

function cut(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}\n(and more)`;
}
