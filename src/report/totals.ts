import type { DeployFacts, HostStats, HostStatus, ResultEvent, RunEvent } from "../ansible/events.js";
import { naturally } from "../text.js";
import { withMixed } from "./mixed.js";
import { switches } from "./phases.js";

/** What happened in a run, all hosts together. */
export interface Totals {
  readonly stats: Readonly<Record<string, HostStats>>;
  readonly hosts: readonly string[];
  readonly ok: readonly string[];
  readonly changed: readonly string[];
  readonly failed: readonly string[];
  readonly unreachable: readonly string[];
  readonly changedTasks: number;
  /** Results that made a host fail, in their order. */
  readonly failures: readonly ResultEvent[];
  readonly deploy: DeployFacts;
  /** Whether the deploy failed while it activated, and every host serves what it served before. */
  readonly wentBack: boolean;
  /** Hosts that were switched and stay so, while others failed or not. */
  readonly wentOn: readonly string[];
  /** Whether a host kept or went back to what it served before, which a first deploy has none of. */
  readonly keptOld: boolean;
  readonly hostStatus: Readonly<Record<string, HostStatus>>;
}

const NOTHING: HostStats = { ok: 0, changed: 0, unreachable: 0, failures: 0, skipped: 0, rescued: 0, ignored: 0 };

/** Counts a run's events. Without Ansible's recap (a run that was killed) the results are counted instead. */
export function totalsOf(events: readonly RunEvent[]): Totals {
  const results = events.filter((event) => event.event === "result");
  const recap = events.findLast((event) => event.event === "stats");
  const stats = sorted(recap?.hosts ?? countResults(results));
  const names = Object.keys(stats);
  const having = (key: keyof HostStats) => names.filter((name) => (stats[name]?.[key] ?? 0) > 0);
  // Ansible's recap does not count them.
  const failedChanges = results.filter(({ status, changed }) => status === "failed" && changed);
  const changedResults = new Set(
    [...results.filter(({ status }) => status === "changed"), ...failedChanges].map(({ host }) => host),
  );
  return {
    stats,
    hosts: names.toSorted(naturally),
    ok: names.filter((name) => (stats[name]?.failures ?? 0) === 0 && (stats[name]?.unreachable ?? 0) === 0),
    changed: names.filter((name) => (stats[name]?.changed ?? 0) > 0 || changedResults.has(name)),
    failed: having("failures"),
    unreachable: having("unreachable"),
    changedTasks: names.reduce((sum, name) => sum + (stats[name]?.changed ?? 0), failedChanges.length),
    failures: failuresOf(results, stats),
    deploy: deployOf(results),
    wentBack: having("unreachable").length === 0 && haveGoneBack(results, having("failures")),
    wentOn: wentOn(results).filter((host) => !having("failures").includes(host)),
    keptOld: results.some(({ deploy }) => (deploy?.kept || deploy?.rolled_back) && serves(deploy)),
    hostStatus: withMixed(
      Object.fromEntries(results.flatMap(({ host, deploy }) => (deploy?.status ? [[host, deploy.status]] : []))),
    ),
  };
}

const hostsOf = (results: readonly ResultEvent[], holds: (result: ResultEvent) => boolean): Set<string> =>
  new Set(results.filter(holds).map(({ host }) => host));

function wentOn(results: readonly ResultEvent[]): string[] {
  const back = hostsOf(results, ({ deploy }) => deploy?.rolled_back === true);
  return [...hostsOf(results, switches)].filter((host) => !back.has(host)).sort(naturally);
}

/**
 * Each host that failed says that it kept what it served, or that it went back, as one whose step was killed does later. Of
 * the others each that had switched says that it went back. After a first deploy there is nothing that any of them serves,
 * and so nothing that they went back to.
 */
function haveGoneBack(results: readonly ResultEvent[], failed: readonly string[]): boolean {
  const kept = hostsOf(results, ({ deploy }) => deploy?.kept === true || deploy?.rolled_back === true);
  return (
    failed.length > 0 &&
    failed.every((host) => kept.has(host)) &&
    wentOn(results).length === 0 &&
    results.some(({ deploy }) => (deploy?.kept || deploy?.rolled_back) && serves(deploy))
  );
}

/** Whether a host says what it serves. */
const serves = ({ release, images = {} }: DeployFacts): boolean =>
  release !== undefined || Object.keys(images).length > 0;

function sorted(stats: Readonly<Record<string, HostStats>>): Record<string, HostStats> {
  return Object.fromEntries(
    Object.keys(stats)
      .sort()
      .map((name) => [name, { ...NOTHING, ...stats[name] }]),
  );
}

function countResults(results: readonly ResultEvent[]): Record<string, HostStats> {
  const stats: Record<string, Record<keyof HostStats, number>> = {};
  for (const { host, status, ignored, rescued } of results) {
    stats[host] ??= { ...NOTHING };
    const counts = stats[host];
    if (status === "ok" || status === "changed" || (status === "failed" && ignored)) counts.ok++;
    if (status === "changed") counts.changed++;
    if (status === "skipped") counts.skipped++;
    if (status === "failed" && !ignored) counts[rescued ? "rescued" : "failures"]++;
    if (status === "unreachable" && !ignored) counts.unreachable++;
    if (ignored && (status === "failed" || status === "unreachable")) counts.ignored++;
  }
  return stats;
}

/** A failed result that a `rescue` caught is no failure: Ansible's recap counts it elsewhere, so the last ones count. */
function failuresOf(results: readonly ResultEvent[], stats: Readonly<Record<string, HostStats>>): ResultEvent[] {
  const left = new Map(
    Object.entries(stats).map(([name, { failures, unreachable }]) => [name, failures + unreachable]),
  );
  const failures: ResultEvent[] = [];
  for (const result of results.toReversed()) {
    if ((result.status !== "failed" && result.status !== "unreachable") || result.ignored || result.rescued) continue;
    const count = left.get(result.host) ?? 0;
    if (count === 0) continue;
    left.set(result.host, count - 1);
    failures.unshift(result);
  }
  return failures;
}

/** How a host begins a warning that its live release did not have. */
const NEW = "new: ";

/** What every host may add to. */
const JOINED = ["migrations", "warnings", "packages", "requirements", "unknown"] as const;

/** What Django's checks say of every deploy comes behind what is new with this one. The rest stays as it came. */
const ownFirst = (one: string, other: string): number =>
  Number(/^\w+\.[A-Z]\d{3}: /.test(one)) - Number(/^\w+\.[A-Z]\d{3}: /.test(other));

/** What the hosts report of the deploy, all together; of what is one for all of them the last word counts. */
function deployOf(results: readonly ResultEvent[]): DeployFacts {
  let all: DeployFacts = {};
  const urls = new Set(results.flatMap(({ deploy }) => deploy?.url ?? []));
  const lists = Object.fromEntries(JOINED.map((key) => [key, new Set<string>()]));
  for (const { deploy } of results) {
    if (!deploy) continue;
    const { migrations: _, ...one } = deploy;
    all = { ...all, ...one };
    for (const key of JOINED) for (const text of deploy[key] ?? []) lists[key]?.add(text);
    for (const migration of deploy.taken_back ?? []) lists.migrations?.delete(migration);
  }
  // One host alone cannot choose where people are sent.
  if (urls.size > 1) {
    const { url: _, ...rest } = all;
    all = rest;
    lists.warnings?.add("The hosts give different addresses of the site, so the output url is empty.");
  }
  // What is new on one host and known on another is said once, as new.
  for (const text of [...(lists.warnings ?? [])]) {
    if (text.startsWith(NEW)) lists.warnings?.delete(text.slice(NEW.length));
  }
  const joined = JOINED.map((key) => [key, [...(lists[key] ?? [])].sort(ownFirst)] as const).filter(
    ([, texts]) => texts.length > 0,
  );
  return { ...all, ...Object.fromEntries(joined) };
}
