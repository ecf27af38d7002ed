import type { HostStatus } from "../ansible/events.js";
import { naturally } from "../text.js";
import type { HostReport, HostState } from "./host-report.js";
import { code, count, details, enumeration, safe, table } from "./markdown.js";
import type { Totals } from "./totals.js";

/** So many rows are read at a glance; more of them open by a click. */
const AT_A_GLANCE = 15;

const ICONS: Readonly<Record<HostState, string>> = {
  unreachable: "🔌",
  failed: "❌",
  "rolled back": "↩️",
  "held back": "⏸️",
  "would change": "✏️",
  changed: "✅",
  unchanged: "➖",
};

/** A row for each host: its state, its live release, its counts. */
export function hostSection(hosts: readonly HostReport[], check: boolean): string[] {
  if (hosts.length === 0) return [];
  const releases = hosts.some(({ serves, before }) => serves !== "" || before !== "");
  const heads = [
    "host",
    "state",
    ...(releases ? (check ? ["would be live", "live now"] : ["live release", "before"]) : []),
    check ? "tasks that would change" : "changed tasks",
    "ok tasks",
    "failed tasks",
  ];
  const align = releases ? "llllrrr" : "llrrr";
  const row = (host: HostReport) => [
    code(host.name),
    `${ICONS[host.state]} ${host.state}`,
    ...(releases
      ? [live(host), host.before === host.serves && host.before !== "" ? "the same" : code(host.before)]
      : []),
    ...[host.changed, host.ok, host.failed].map(String),
  ];
  const lines = (some: readonly HostReport[]) => table(heads, align, some.map(row));
  if (hosts.length <= AT_A_GLANCE) return ["#### Hosts", "", ...lines(hosts)];
  const notable = hosts.filter(({ state }) => state === "unreachable" || state === "failed").slice(0, AT_A_GLANCE);
  const rest = hosts.slice(notable.length);
  return ["#### Hosts", "", ...(notable.length > 0 ? lines(notable) : []), ...details(titleOf(rest), lines(rest))];
}

function live({ state, serves, before }: HostReport): string {
  return serves === "" && (before !== "" || state === "unreachable") ? "not known" : code(serves);
}

/** `97 hosts: 95 changed, 2 unchanged`. */
function titleOf(hosts: readonly HostReport[]): string {
  const counts = new Map<HostState, number>();
  for (const { state } of hosts) counts.set(state, (counts.get(state) ?? 0) + 1);
  return `${count(hosts.length, "host")}: ${[...counts].map(([state, many]) => `${many} ${state}`).join(", ")}`;
}

/** Which hosts had the new release live and rolled back, and to what. */
export function rolledBackSection(hosts: readonly HostReport[]): string[] {
  const back = hosts.filter(({ state }) => state === "rolled back");
  if (back.length === 0) return [];
  const names = enumeration(
    back.map(({ name }) => code(name)),
    10,
  );
  const [{ serves = "" } = {}] = back;
  const same = serves !== "" && back.every((host) => host.serves === serves);
  return [`↩️ ${names} rolled back${same ? ` to ${code(serves)}` : ""}, since another host failed.`, ""];
}

/** What `operation: status` found: what somebody should look at, then all of it. */
export function statusSection({ hostStatus }: Totals): string[] {
  const hosts = Object.entries(hostStatus).sort(([one], [other]) => naturally(one, other));
  if (hosts.length === 0) return [];
  const told = hosts.some(([, status]) => healthOf(status) !== "");
  const rows = hosts.map(([host, status]) =>
    [
      host,
      ...(told ? [healthOf(status)] : []),
      status.release ?? "none",
      status.revision?.slice(0, 7) ?? "",
      status.since ?? "",
      size(status.free_mib),
      status.lock ?? "free",
    ].map(code),
  );
  const heads = ["host", ...(told ? ["health"] : []), "live release", "commit", "since", "free disk", "deploy lock"];
  const problems = hosts.flatMap(([host, status]) =>
    (status.problems ?? []).map((problem) => `- ⚠️ ${code(host)}: ${safe(problem)}`),
  );
  return [
    ...(problems.length > 0 ? ["#### Problems", "", ...problems, ""] : []),
    "#### Hosts",
    "",
    ...table(heads, told ? "lllllrl" : "llllrl", rows),
    ...hosts.flatMap(([host, status]) => standing(host, status)),
  ];
}

/** `2 problems`, `1 problem`, `no problem`. */
export function problemCount(problems: readonly string[]): string {
  return problems.length === 0 ? "no problem" : count(problems.length, "problem");
}

/** A site under maintenance is closed, however healthy its application is. */
function healthOf({ health, maintenance }: HostStatus): string {
  const known = health === null ? "serves no requests" : (health ?? "");
  return maintenance ? `${known === "" ? "" : `${known}, `}under maintenance` : known;
}

/** `512 MiB`, `60.4 GiB`. */
function size(mib: number): string {
  return mib < 1024 ? `${mib} MiB` : `${(mib / 1024).toFixed(1)} GiB`;
}

/** How an application stands on a host, in a table that opens by a click. */
function standing(host: string, status: HostStatus): string[] {
  const { problems = [], restarts = {}, memory_mib = {}, timers = {}, runs = [] } = status;
  // A Swarm says none of it.
  if (status.problems === undefined) return [];
  const days = status.certificate_days;
  const rows: readonly (readonly [string, string])[] = [
    ["maintenance", status.maintenance ?? "off"],
    ...(status.slot === null ? [] : ([["slot", status.slot]] as const)),
    ...Object.entries(status.units).map(([unit, state]) => {
      const mib = memory_mib[unit];
      return [
        unit,
        mib === undefined ? state : `${state}, ${mib} MiB, ${count(restarts[unit] ?? 0, "restart")}`,
      ] as const;
    }),
    ...Object.entries(timers),
    ...(days === undefined ? [] : ([["certificate", days === null ? "none" : `${days} days`]] as const)),
    ["last dump", lastDump(status)],
    ...runs.map((run) => ["command", run] as const),
  ];
  return details(
    `${code(host)}: ${problemCount(problems)}`,
    table(
      ["", ""],
      "ll",
      rows.map((row) => row.map(code)),
    ),
  );
}

/** When it was made, its size, and when one was last tried: what a restore would bring back, and how long it would take. */
function lastDump({ last_dump, dump_bytes = 0, last_rehearsal, restores_in }: HostStatus): string {
  if (last_dump === undefined || last_dump === null) return "none";
  const megabytes = dump_bytes / 1e6;
  const size = dump_bytes > 0 ? `, ${megabytes < 0.1 ? "less than 0.1" : megabytes.toFixed(1)} MB` : "";
  const tried = last_rehearsal
    ? `, restored in ${restores_in ?? 0} s when tried on ${last_rehearsal}`
    : ", none was tried";
  return last_dump + size + tried;
}

/** In container mode, each container that it found. */
export function serviceSection({ hostStatus }: Totals): string[] {
  const rows = Object.entries(hostStatus).flatMap(([host, { services }]) =>
    (services ?? []).map(({ service, image, digest, since, health }) =>
      [host, service, image, digest, since, health].map(code),
    ),
  );
  return rows.length === 0 ? [] : table(["host", "service", "image", "digest", "since", "health"], "llllll", rows);
}
