import type { ResultEvent } from "../ansible/events.js";
import type { Totals } from "./totals.js";

/** What the summary tells. All texts may hold anything; none holds a secret. */
export interface SummaryParts {
  readonly verdict: string;
  readonly ok: boolean;
  /** Error of the step; "" when it succeeded. */
  readonly error: string;
  readonly totals: Totals;
  /** Sentence and result of each failure. */
  readonly failures: readonly (readonly [sentence: string, result: ResultEvent])[];
  readonly release: string;
  readonly previousRelease: string;
  readonly revision: string;
  readonly url: string;
  readonly ansibleVersion: string;
  readonly durationSeconds: number;
}

/** The job summary as Markdown. */
export function summaryMarkdown(parts: SummaryParts): string {
  const lines = [`### ${parts.ok ? "✅" : "❌"} ${safe(parts.verdict)}`, ""];
  if (parts.error !== "") lines.push(safe(parts.error), "");
  lines.push(
    ...facts(parts),
    ...statusTable(parts.totals),
    ...hostTable(parts.totals),
    ...failureList(parts),
    ...warnings(parts.totals),
  );
  const version = parts.ansibleVersion === "" ? "" : `ansible-core ${safe(parts.ansibleVersion)}, `;
  lines.push(`<sub>${version}${parts.durationSeconds} s</sub>`, "");
  return lines.join("\n");
}

function facts(parts: SummaryParts): string[] {
  const rows: readonly (readonly [string, string])[] = [
    ["Release", parts.release],
    ["Before", parts.previousRelease],
    ["Revision", parts.revision],
    ["Migrations", (parts.totals.deploy.migrations ?? []).join(", ")],
    ["Address", parts.url],
  ];
  const given = rows.filter(([, value]) => value !== "");
  return given.length === 0
    ? []
    : ["| | |", "|---|---|", ...given.map(([name, value]) => `| ${name} | ${cell(value)} |`), ""];
}

function statusTable({ hostStatus }: Totals): string[] {
  const hosts = Object.entries(hostStatus).sort(([one], [other]) => (one < other ? -1 : 1));
  if (hosts.length === 0) return [];
  const row = ([host, status]: (typeof hosts)[number]) => {
    const units = Object.entries(status.units).map(([unit, state]) => `${unit} ${state}`);
    const cells = [
      host,
      status.release ?? "none",
      status.revision?.slice(0, 7) ?? "",
      status.since ?? "",
      status.slot ?? "",
    ];
    return `| ${[...cells, units.join(", "), `${status.free_mib} MiB`, status.lock ?? "free"].map(cell).join(" | ")} |`;
  };
  return [
    "| host | release | commit | since | slot | units | free disk | deploy lock |",
    "|---|---|---|---|---|---|---|---|",
    ...hosts.map(row),
    "",
  ];
}

function hostTable(totals: Totals): string[] {
  if (totals.hosts.length === 0) return [];
  const row = (name: string) => {
    const stats = totals.stats[name];
    const state = totals.unreachable.includes(name) ? "unreachable" : totals.failed.includes(name) ? "failed" : "ok";
    return `| ${cell(name)} | ${state} | ${stats?.changed ?? 0} | ${stats?.ok ?? 0} | ${stats?.failures ?? 0} | ${stats?.skipped ?? 0} |`;
  };
  return [
    "| host | state | changed | ok | failed | skipped |",
    "|---|---|--:|--:|--:|--:|",
    ...totals.hosts.map(row),
    "",
  ];
}

function failureList({ failures }: SummaryParts): string[] {
  return failures.flatMap(([sentence, result]) => {
    const detail = [result.msg, result.stderr, result.stdout].filter((text) => text).join("\n");
    const task = `${safe(result.host)}: ${safe(result.name)}${result.path ? ` (${safe(result.path)})` : ""}`;
    const body = detail === "" || result.no_log ? [] : ["", `<pre>${html(detail.slice(-4_000))}</pre>`, ""];
    return [`<details><summary>${task}</summary>`, "", safe(sentence), ...body, "</details>", ""];
  });
}

function warnings(totals: Totals): string[] {
  const list = totals.deploy.warnings ?? [];
  return list.length === 0 ? [] : [...list.map((text) => `- ⚠️ ${safe(text)}`), ""];
}

/** HTML is escaped first, then what Markdown reads as markup, as a link or as a mention. */
function safe(text: string): string {
  return html(text.replace(/\s+/g, " ").trim())
    .replace(
      /[\\`*[\]|~]|^[#+>-]|^\d+(?=[.)]\s)|(?<!\w)_|_(?!\w)/g,
      (found) => `&#${found.charCodeAt(0)};${found.slice(1)}`,
    )
    .replace(/@/g, "&#64;")
    .replace(/:\/\//g, "&#58;//");
}

function cell(text: string): string {
  return `<code>${safe(text)}</code>`;
}

function html(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
