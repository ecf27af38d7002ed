import type { RunEvent } from "../ansible/events.js";
import { taskName } from "../ansible/task-name.js";
import { changeSection, predictionSection } from "./changes.js";
import { type Failure, failureSection } from "./failures.js";
import { deploys, type HostReport, hostReports } from "./host-report.js";
import { hostSection, rolledBackSection, serviceSection, statusSection } from "./host-tables.js";
import { code, count, details, enumeration, fenced, preformatted, safe, seconds, table } from "./markdown.js";
import type { Status } from "./outputs.js";
import { coursesOf, switches } from "./phases.js";
import { type Section, withinLimit } from "./size.js";
import { slowestTasks } from "./slowest.js";
import { hiddenHosts, timeline } from "./timeline.js";
import type { Totals } from "./totals.js";

/** What the summary tells. All texts may hold anything; none holds a secret. */
export interface SummaryParts {
  readonly verdict: string;
  readonly status: Status;
  readonly check: boolean;
  /** Error of the step; "" when it succeeded. */
  readonly error: string;
  readonly events: readonly RunEvent[];
  /** What the operation was asked to print. */
  readonly printed: string;
  readonly totals: Totals;
  readonly failures: readonly Failure[];
  readonly release: string;
  readonly previousRelease: string;
  readonly url: string;
  /** Where to look further, as Markdown. */
  readonly links: readonly string[];
  readonly ansibleVersion: string;
  readonly durationSeconds: number;
}

/** What is given up first when the summary is too long. */
const GIVEN_UP = ["slowest tasks", "timeline", "printed", "changes by host", "warnings", "hosts", "failures"];
const MOST_WARNINGS = 20;
const MOST_MIGRATIONS = 12;
/** Of what an operation printed. */
const MOST_LINES = 30;
const MOST_CHARACTERS = 6_000;

const ICONS = { succeeded: "✅", failed: "❌", "rolled-back": "↩️", cancelled: "⏹️" } as const;

/**
 * The job summary as Markdown.
 *
 * @param limit bytes. GitHub takes 1 MiB for the summary of a step, and 65,536 characters for a comment.
 */
export function summaryMarkdown(parts: SummaryParts, limit = 300_000): string {
  const { events, totals, status, check } = parts;
  const failed = status !== "succeeded";
  const hosts = hostReports(events, totals, { check, failed });
  const sections: readonly Section[] = [
    {
      name: "verdict",
      lines: [`### ${iconOf(parts)} ${safe(parts.verdict)}`, "", ...early(parts), ...untouched(parts, hosts)],
    },
    { name: "migrations that stay", lines: check ? [] : stayingMigrations(totals) },
    { name: "failures", lines: failureSection(parts.failures, { rolledBack: status === "rolled-back" }) },
    { name: "rolled back", lines: rolledBackSection(hosts) },
    { name: "facts", lines: facts(parts) },
    { name: "printed", lines: printedSection(parts.printed) },
    { name: "prediction", lines: check ? predictionSection(totals) : [] },
    { name: "status", lines: [...statusSection(totals), ...serviceSection(totals)] },
    // What was found of each host has a table of its own.
    { name: "hosts", lines: failed || Object.keys(totals.hostStatus).length === 0 ? hostSection(hosts, check) : [] },
    { name: "migrations", lines: check ? [] : migrations(totals) },
    { name: "warnings", lines: warnings(totals) },
    { name: "changes by host", lines: check ? changeSection(events) : [] },
    // A check is no deploy: how long it took says nothing of one.
    { name: "timeline", lines: check ? [] : timelineSection(events) },
    { name: "slowest tasks", lines: check ? [] : slowest(events) },
    { name: "foot", lines: foot(parts) },
  ];
  return withinLimit(sections, GIVEN_UP, limit);
}

/** A status that found problems did what it is for; a check mark would say that all is well. */
function iconOf({ status, totals }: SummaryParts): string {
  const problems = Object.values(totals.hostStatus).some((host) => (host.problems ?? []).length > 0);
  return status === "succeeded" && problems ? "⚠️" : ICONS[status];
}

/** What ended the run where no task of a host did. */
function early({ error, failures }: SummaryParts): string[] {
  return error === "" || failures.length > 0 ? [] : [safe(error), ""];
}

/** What matters most after a failure that moved no traffic. A rollback has its words in the headline. */
function untouched({ status, check, events, totals }: SummaryParts, hosts: readonly HostReport[]): string[] {
  if (status !== "failed" || check || !deploys(totals)) return [];
  if (events.some((event) => event.event === "result" && switches(event))) return [];
  return hosts.every(({ serves, before }) => before !== "" && serves === before)
    ? ["Traffic has not moved: every host runs the release that was live before.", ""]
    : [];
}

/** The end of what a command or the logs printed; the rest is in the log and in the output. */
function printedSection(printed: string): string[] {
  const lines = printed.trimEnd().split("\n");
  const end = lines.slice(-MOST_LINES).join("\n").slice(-MOST_CHARACTERS);
  if (end === "") return [];
  const title = lines.length > MOST_LINES ? `What was printed, the last ${MOST_LINES} lines` : "What was printed";
  return details(title, [preformatted(end)]);
}

function facts({ status, release, previousRelease, url, check, links, totals }: SummaryParts): string[] {
  // After a failure the hosts may differ: their table tells.
  const whole = status === "succeeded";
  const rows: readonly (readonly [string, string])[] = [
    [check ? "Would be live" : "Live release", whole ? release : ""],
    [check ? "Live now" : "Before", whole && previousRelease !== release ? previousRelease : ""],
    ["Dump", totals.deploy.dump ?? ""],
    ["Address", url],
  ];
  const given = rows.filter(([, value]) => value !== "");
  const facts = given.map(
    ([name, value]) => `${name} ${/^https?:\/\/[\w.:-]+\/?$/.test(value) ? `<${value}>` : code(value)}`,
  );
  return [facts, links].flatMap((some) => (some.length === 0 ? [] : [some.join(" · "), ""]));
}

/** What a rollback leaves in the database comes before all else: the next decision depends on it. */
function stayingMigrations({ deploy, keptOld }: Totals): string[] {
  const names = (deploy.migrations ?? []).map(code);
  if (!keptOld || names.length === 0) return [];
  const what = `⚠️ **${count(names.length, "migration")} of the failed release ${names.length === 1 ? "stays" : "stay"} applied**`;
  return [`${what}, and the older code runs on the newer schema: ${enumeration(names, MOST_MIGRATIONS)}.`, ""];
}

function migrations({ deploy, keptOld }: Totals): string[] {
  const names = (deploy.migrations ?? []).map(code);
  if (names.length === 0 || (keptOld && names.length <= MOST_MIGRATIONS)) return [];
  if (names.length <= MOST_MIGRATIONS) return [`**Migrations applied:** ${names.join(", ")}`, ""];
  return details(`${names.length} migrations applied`, [names.join(", ")]);
}

function warnings({ deploy }: Totals): string[] {
  const list = deploy.warnings ?? [];
  const more = list.length - MOST_WARNINGS;
  const lines = list.slice(0, MOST_WARNINGS).map((text) => `- ⚠️ ${safe(shortened(text))}`);
  if (list.length === 0) return [];
  return [
    "#### Warnings",
    "",
    ...lines,
    ...(more > 0 ? [`- … and ${count(more, "warning")} more, in the log`] : []),
    "",
  ];
}

function shortened(text: string): string {
  return text.length > 500 ? `${text.slice(0, 500)} …` : text;
}

function timelineSection(events: readonly RunEvent[]): string[] {
  const courses = coursesOf(events);
  const chart = timeline(courses);
  const hidden = hiddenHosts(courses);
  if (chart === "") return [];
  const notes = [
    ...(courses.some(({ switched }) => switched !== undefined)
      ? ["◆ is the moment at which traffic moved to the new release."]
      : []),
    ...(courses.some(({ returned }) => returned !== undefined) ? ["A red ◆ is its rollback."] : []),
    ...(hidden > 0 ? [`The timeline leaves ${count(hidden, "host")} out.`] : []),
  ];
  // Not in a part that opens by a click: a chart that is drawn while hidden has no width.
  return [
    "#### Timeline",
    "",
    ...fenced("mermaid", chart),
    ...(notes.length > 0 ? [`<sub>${notes.join(" ")}</sub>`, ""] : []),
  ];
}

function slowest(events: readonly RunEvent[]): string[] {
  const rows = slowestTasks(events).map((task) => [
    safe(taskName(task)),
    seconds(task.seconds),
    code(task.host),
    String(task.hosts),
  ]);
  // One alone is no comparison.
  return rows.length < 2
    ? []
    : details("Slowest tasks", table(["task", "took", "slowest host", "hosts that ran it"], "lrlr", rows));
}

function foot({ ansibleVersion, durationSeconds }: SummaryParts): string[] {
  const version = ansibleVersion === "" ? [] : [`ansible-core ${safe(ansibleVersion)}`];
  return [`<sub>${[...version, seconds(durationSeconds)].join(", ")}</sub>`];
}
