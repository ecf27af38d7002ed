import type { ResultEvent, RunEvent } from "../ansible/events.js";
import { quoted } from "../errors.js";
import type { Inputs } from "../inputs/inputs.js";
import type { StopReason } from "../process/stop.js";
import { explainEnd, explainFailure, type FailureContext } from "./explain.js";
import { inOrigin } from "./origin.js";
import type { Status } from "./outputs.js";
import { type Totals, totalsOf } from "./totals.js";

/** What is known of a run of Ansible that came to its end. */
export interface EndedRun {
  readonly code: number;
  readonly stderr: string;
  readonly events: readonly RunEvent[];
  /** What the operation was asked to print. */
  readonly printed?: string;
}

/** How a run ended, ready to be reported. */
export interface Outcome {
  readonly status: Status;
  /** The step's error; "" when it succeeded. */
  readonly error: string;
  readonly events: readonly RunEvent[];
  /** What the operation was asked to print. */
  readonly printed: string;
  readonly totals: Totals;
  /** Sentence and result of each failure. */
  readonly failures: readonly (readonly [sentence: string, result: ResultEvent])[];
  /** `file:line` that Ansible blames where it ended without a failed host. */
  readonly blamed?: string | undefined;
}

/** The outcome of a run that ended before Ansible started. */
export function earlyOutcome(message: string, reason: StopReason | undefined, inputs: Inputs | undefined): Outcome {
  return { ...stopped(reason, inputs, message), events: [], printed: "", totals: totalsOf([]), failures: [] };
}

/** The outcome of a run of Ansible by its exit code alone, for when nothing else of it can be read. */
export function bareOutcome(
  { code, events, printed = "" }: EndedRun,
  reason: StopReason | undefined,
  inputs: Inputs | undefined,
): Outcome {
  const early = earlyOutcome("Ansible did not come to its end: its output above says why.", reason, inputs);
  return code === 0 && reason === undefined
    ? { ...early, status: "succeeded", error: "", events, printed }
    : { ...early, events, printed };
}

/** The outcome of a run of Ansible: its exit code and recap decide, never its printed output. */
export function outcomeOf(
  result: EndedRun,
  reason: StopReason | undefined,
  context: FailureContext & { readonly inputs: Inputs },
): Outcome {
  const { events, printed = "" } = result;
  const totals = withKnownSite(totalsOf(events), siteNames(context.inputs));
  const failures = totals.failures.map((failure) => [explainFailure(failure, context), failure] as const);
  if (reason !== undefined) return { ...stopped(reason, context.inputs, ""), events, printed, totals, failures };
  const broken = [...new Set([...totals.failed, ...totals.unreachable])].sort();
  if (result.code === 0 && totals.hosts.length === 0 && context.inputs.playbook === "") {
    const error = "No host took part: the inventory has none that the deploy is for.";
    return { status: "failed", error, events, printed, totals, failures };
  }
  if (result.code === 0 && broken.length === 0)
    return { status: "succeeded", error: "", events, printed, totals, failures };
  const [first] = failures;
  let error: string;
  if (first)
    error =
      broken.length > 1
        ? `${broken.length} of ${totals.hosts.length} hosts failed (${broken.join(", ")}). ${first[0]}`
        : first[0];
  else if (broken.length > 0) error = `${broken.join(", ")} failed: see Ansible's output above.`;
  else error = explainEnd(result.code, result.stderr, context);
  error = [error, goneOn(totals), newerSchema(totals)].filter((text) => text !== "").join(" ");
  const [origin] = broken.length === 0 ? inOrigin(result.stderr) : [];
  const blamed = origin?.join(":");
  return { status: totals.wentBack ? "rolled-back" : "failed", error, events, printed, totals, failures, blamed };
}

/** The names of the site, as far as the workflow itself says them. */
function siteNames({ serverName, vars }: Inputs): string[] {
  const names = typeof vars.server_name === "string" ? vars.server_name : serverName;
  return names.includes("{{") ? [] : names.split(/\s+/).filter((name) => name !== "");
}

/** The totals without an address that is none of the site's. */
function withKnownSite(totals: Totals, names: readonly string[]): Totals {
  const { url, ...deploy } = totals.deploy;
  if (url === undefined || names.length === 0) return totals;
  const { hostname } = new URL(url);
  if (
    names.some(
      (name) =>
        name === hostname || `[${name}]` === hostname || (name.startsWith("*.") && hostname.endsWith(name.slice(1))),
    )
  ) {
    return totals;
  }
  const warning = `A host gives ${quoted(url)} as the site's address, which server-name does not have: the output url is empty.`;
  return { ...totals, deploy: { ...deploy, warnings: [...(deploy.warnings ?? []), warning] } };
}

/** Which hosts have the run's release although others failed; "" when none has. */
function goneOn({ wentOn }: Totals): string {
  return wentOn.length === 0
    ? ""
    : `${wentOn.join(", ")} ${wentOn.length > 1 ? "serve" : "serves"} the release of this run.`;
}

/** What the way back leaves: it never touches the database. "" when no host is back on older code, or nothing was migrated. */
function newerSchema({ keptOld, deploy: { migrations = [] } }: Totals): string {
  if (!keptOld || migrations.length === 0) return "";
  return `Applied migrations stay, so the older code runs on the newer schema: ${migrations.join(", ")}.`;
}

function stopped(
  reason: StopReason | undefined,
  inputs: Inputs | undefined,
  message: string,
): Pick<Outcome, "status" | "error"> {
  if (reason === "cancelled") return { status: "cancelled", error: "The run was cancelled." };
  if (reason === "timeout") {
    return {
      status: "failed",
      error: `The run was ended after ${inputs?.timeoutMinutes} minutes, the limit of timeout-minutes.`,
    };
  }
  if (reason === "broken") return { status: "failed", error: "The action ended by an error of its own, shown above." };
  return { status: "failed", error: message };
}
