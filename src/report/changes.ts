import type { ResultEvent, RunEvent } from "../ansible/events.js";
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
    // Whoever decides about a deploy looks for these first: that there are none is worth a line.
    ...(deploy.target_revision !== undefined && (deploy.migrations ?? []).length + (deploy.unknown ?? []).length === 0
      ? ["No migration would be applied.", ""]
      : []),
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
  const byHost = new Map<string, ResultEvent[]>();
  for (const event of events) {
    if (event.event !== "result" || event.status !== "changed") continue;
    byHost.set(event.host, [...(byHost.get(event.host) ?? []), event]);
  }
  const groups = new Map<string, { hosts: string[]; tasks: number }>();
  for (const [host, changed] of byHost) {
    const text = changesOf(changed);
    const group = groups.get(text) ?? { hosts: [], tasks: changed.length };
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

/** Tasks with their differences; those that show none by their names alone. */
function changesOf(changed: readonly ResultEvent[]): string {
  const names = changed.filter(({ diff }) => !diff).map(taskName);
  const silent = names.length === 0 ? [] : [`# ${names.join(", ")}: no difference to show`];
  return [...silent, ...changed.filter(({ diff }) => diff).map((event) => `# ${taskName(event)}\n${event.diff}`)].join(
    "\n\n",
  );
}

function cut(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}\n(and more)`;
}
