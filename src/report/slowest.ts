import type { ResultEvent, RunEvent } from "../ansible/events.js";

/** A task and the host that took longest for it. */
export interface SlowTask {
  readonly name: string;
  readonly host: string;
  /** Of that host. */
  readonly seconds: number;
  /** How many hosts ran it. */
  readonly hosts: number;
}

const MOST = 8;
/** Seconds from which a task is worth naming. */
const WORTH = 1;

/** The tasks that took longest, slowest first. */
export function slowestTasks(events: readonly RunEvent[]): SlowTask[] {
  const tasks = new Map<string, { slowest: ResultEvent; hosts: Set<string> }>();
  for (const event of events) {
    if (event.event !== "result" || event.status === "skipped") continue;
    const known = tasks.get(event.task);
    if (known === undefined) {
      tasks.set(event.task, { slowest: event, hosts: new Set([event.host]) });
      continue;
    }
    known.hosts.add(event.host);
    if ((event.duration ?? 0) > (known.slowest.duration ?? 0)) known.slowest = event;
  }
  return [...tasks.values()]
    .map(({ slowest, hosts }) => ({
      ...{ name: slowest.name, host: slowest.host },
      ...{ seconds: slowest.duration ?? 0, hosts: hosts.size },
    }))
    .filter(({ seconds }) => seconds >= WORTH)
    .sort((one, other) => other.seconds - one.seconds)
    .slice(0, MOST);
}
