import type { DeployFacts, ResultEvent, RunEvent } from "../ansible/events.js";
import { activates, switches } from "./phases.js";
import type { Totals } from "./totals.js";

/** How a run ended for a host, worst first. */
export const HOST_STATES = [
  "unreachable",
  "failed",
  "rolled back",
  "held back",
  "would change",
  "changed",
  "unchanged",
] as const;

export type HostState = (typeof HOST_STATES)[number];

/** What a run did to one host. */
export interface HostReport {
  readonly name: string;
  readonly state: HostState;
  /** Release or images that it serves after the run; "" when unknown. */
  readonly serves: string;
  /** The same before the run. */
  readonly before: string;
  /** Task results. */
  readonly changed: number;
  readonly ok: number;
  readonly failed: number;
}

/** A report of each host, those that need attention first. */
export function hostReports(
  events: readonly RunEvent[],
  totals: Totals,
  run: { readonly check: boolean; readonly failed: boolean },
): HostReport[] {
  const results = new Map<string, ResultEvent[]>(totals.hosts.map((name) => [name, []]));
  for (const event of events) if (event.event === "result") results.get(event.host)?.push(event);
  return totals.hosts
    .map((name) => {
      const own = results.get(name) ?? [];
      const switched = own.some(switches);
      const wentBack = own.some(({ deploy }) => deploy?.rolled_back === true);
      const state = stateOf(name, totals, { ...run, wentBack, heldBack: run.failed && deploys(totals) && !switched });
      const live = served(own, switched && !wentBack, run.check);
      // A check that failed there has not come to say what would be live.
      const known = run.check && state === "failed" ? { ...live, serves: "" } : live;
      return { name, state, ...known, ...counts(totals, name) };
    })
    .sort((one, other) => HOST_STATES.indexOf(one.state) - HOST_STATES.indexOf(other.state));
}

/** Whether the run brings a release to hosts. */
export function deploys({ deploy }: Totals): boolean {
  return deploy.target_revision !== undefined || deploy.images !== undefined;
}

function stateOf(
  name: string,
  totals: Totals,
  run: { readonly check: boolean; readonly wentBack: boolean; readonly heldBack: boolean },
): HostState {
  if (totals.unreachable.includes(name)) return "unreachable";
  if (totals.failed.includes(name)) return "failed";
  if (run.wentBack) return "rolled back";
  if (run.heldBack) return "held back";
  if (!totals.changed.includes(name)) return "unchanged";
  return run.check ? "would change" : "changed";
}

/** What a host serves: the last word of its results, or what it served before where it was not switched. Nobody knows where it was lost at that moment. */
function served(own: readonly ResultEvent[], switched: boolean, check: boolean): Pick<HostReport, "serves" | "before"> {
  const facts = own.flatMap(({ deploy }) => deploy ?? []);
  const before =
    facts.map((one) => one.previous_release ?? images(one.previous_images)).find((one) => one !== "") ?? "";
  const after = facts.map((one) => one.release ?? images(one.images)).findLast((one) => one !== "") ?? "";
  if (own.some((event) => event.status === "unreachable" && activates(event))) return { serves: "", before };
  // A module that found nothing to switch names the release all the same.
  return { serves: (switched || !check) && after !== "" ? after : before, before };
}

function images(given: DeployFacts["images"]): string {
  return Object.entries(given ?? {})
    .map(([service, digest]) => `${service} ${digest.replace(/^.*sha256:/, "").slice(0, 12)}`)
    .join(", ");
}

function counts({ stats, failures }: Totals, name: string): Pick<HostReport, "changed" | "ok" | "failed"> {
  const { changed = 0, ok = 0, failures: failed = 0 } = stats[name] ?? {};
  return { changed: changed + failures.filter((one) => one.host === name && one.changed).length, ok, failed };
}
