import * as core from "@actions/core";
import type { Timings } from "./timings.js";
import type { Totals } from "./totals.js";

/** Names of all outputs, as in action.yml. */
export const OUTPUT_NAMES = [
  "status",
  "total-hosts",
  "ok-hosts",
  "changed-hosts",
  "failed-hosts",
  "unreachable-hosts",
  "changed-host-names",
  "failed-host-names",
  "unreachable-host-names",
  "changed-tasks",
  "stats",
  "release",
  "previous-release",
  "revision",
  "migrations",
  "url",
  "summary-file",
  "ansible-version",
  "duration-seconds",
  "timings",
  "rolled-back",
  "host-status",
  "command-output",
  "output-file",
  "dump",
] as const;

export type OutputName = (typeof OUTPUT_NAMES)[number];

export type Status = "succeeded" | "failed" | "rolled-back" | "cancelled";

/** Bytes of what a command printed, the last ones. */
const MOST_OUTPUT = 64 * 1024;
/** Bytes of what hosts say of themselves. GitHub takes 1 MiB for all outputs of a job. */
const MOST_STATUS = 512 * 1024;
/** Of a large fleet, or a host that says too much: problems of a host, and characters of a text. */
const MOST_PROBLEMS = 5;
const LONGEST_TEXT = 200;

/** The outputs as texts. */
export type Outputs = Readonly<Record<OutputName, string>>;

/** What the outputs are made of. */
export interface OutputParts {
  readonly status: Status;
  readonly totals: Totals;
  /** What the operation was asked to print. */
  readonly printed?: string;
  /** Where all of that is; "" when there is nothing, or it was not written. */
  readonly outputFile?: string;
  /** "" when it was not written. */
  readonly summaryFile: string;
  /** "" when Ansible did not get ready. */
  readonly ansibleVersion: string;
  readonly durationSeconds: number;
  readonly timings: Timings;
}

/** Makes the outputs. Counts are digits, lists and mappings are JSON, what is not known is "". */
export function outputsOf(parts: OutputParts): Outputs {
  const { status, totals, summaryFile, ansibleVersion, durationSeconds, timings } = parts;
  const { deploy } = totals;
  // Nothing was switched: what a failed run found serving still does.
  const kept = status === "succeeded" ? {} : { release: deploy.previous_release, revision: deploy.previous_revision };
  return {
    status,
    "total-hosts": String(totals.hosts.length),
    "ok-hosts": String(totals.ok.length),
    "changed-hosts": String(totals.changed.length),
    "failed-hosts": String(totals.failed.length),
    "unreachable-hosts": String(totals.unreachable.length),
    "changed-host-names": JSON.stringify(totals.changed),
    "failed-host-names": JSON.stringify(totals.failed),
    "unreachable-host-names": JSON.stringify(totals.unreachable),
    "changed-tasks": String(totals.changedTasks),
    stats: JSON.stringify(totals.stats),
    release: deploy.release ?? (deploy.images ? JSON.stringify(deploy.images) : (kept.release ?? "")),
    "previous-release":
      deploy.previous_release ?? (deploy.previous_images ? JSON.stringify(deploy.previous_images) : ""),
    revision: deploy.revision ?? kept.revision ?? "",
    migrations: JSON.stringify(deploy.migrations ?? []),
    url: deploy.url ?? "",
    "summary-file": summaryFile,
    "ansible-version": ansibleVersion,
    "duration-seconds": String(durationSeconds),
    timings: JSON.stringify(timings),
    "rolled-back": String(status === "rolled-back"),
    "host-status": statusOf(totals.hostStatus),
    dump: deploy.dump ?? "",
    "command-output": ending(parts.printed ?? "", MOST_OUTPUT),
    "output-file": parts.outputFile ?? "",
  };
}

/** What hosts say of themselves, as JSON. Where that is too much for an output, what workflows decide by alone. */
export function statusOf(hosts: Totals["hostStatus"], most = MOST_STATUS): string {
  const short = (text: string | null | undefined): string | null => text?.slice(0, LONGEST_TEXT) ?? null;
  const brief = Object.entries(hosts).map(([host, { release, revision, since, health, lock, problems = [] }]) => [
    host,
    {
      ...{ release, revision, since, health: short(health), lock: short(lock) },
      problems: problems.slice(0, MOST_PROBLEMS).map(short),
    },
  ]);
  const texts = [hosts, Object.fromEntries(brief), {}].map((value) => JSON.stringify(value));
  return texts.find((text) => Buffer.byteLength(text) <= most) ?? "{}";
}

/** The end of a text, at most so many bytes of UTF-8, by whole lines where it has several. */
export function ending(text: string, most: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  const end = bytes.subarray(bytes.length - most).toString("utf8");
  return end.slice(end.indexOf("\n") + 1 || end.search(/[^\ufffd]/));
}

export function setOutputs(outputs: Outputs): void {
  for (const name of OUTPUT_NAMES) core.setOutput(name, outputs[name]);
}
