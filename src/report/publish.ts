import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { annotate, tell, warn } from "../announce.js";
import { appNameOf } from "../ansible/variables.js";
import { messageOf } from "../errors.js";
import type { Inputs } from "../inputs/inputs.js";
import { annotationsOf, MOST_ANNOTATIONS, placeIn } from "./annotations.js";
import { type JobFacts, jobLinks } from "./links.js";
import type { Outcome } from "./outcome.js";
import { outputsOf, setOutputs } from "./outputs.js";
import { coursesOf, failedPhase } from "./phases.js";
import { summaryMarkdown } from "./summary.js";
import { type Marks, timingsOf } from "./timings.js";
import { verdict } from "./verdict.js";

/** Bytes of the summary file: GitHub refuses a comment of more than 65,536 characters. */
const COMMENT_LIMIT = 60_000;

/** What is published besides the outcome itself. */
export interface PublishParts {
  readonly inputs: Pick<Inputs, "check" | "operation" | "playbook" | "appName" | "workingDirectory">;
  /** Whether the job summary is wanted. */
  readonly summary: boolean;
  readonly ansibleVersion: string;
  readonly durationSeconds: number;
  readonly marks: Marks;
  /** Hides secrets: files and annotations are not filtered by the runner in every case. */
  readonly redact: (text: string) => string;
}

/** Sets the outputs and writes summary and annotations. Warns where that fails: a report never decides a deploy. */
export function publish(outcome: Outcome, parts: PublishParts): void {
  const line = attempt("The verdict was not written", () => parts.redact(verdictOf(outcome, parts))) ?? "";
  tell(outcome.status === "succeeded" ? `\u001b[1;32m${line}\u001b[0m` : `\u001b[1;31m${line}\u001b[0m`);
  const summaryFile =
    attempt("The summary file was not written", () =>
      writeForLater("summary", ".md", summaryOf(outcome, parts, COMMENT_LIMIT)),
    ) ?? "";
  const outputFile =
    outcome.printed === ""
      ? ""
      : (attempt("The output file was not written", () => writeForLater("output", ".txt", outcome.printed)) ?? "");
  attempt("The outputs were not set", () =>
    setOutputs(
      outputsOf({
        status: outcome.status,
        totals: outcome.totals,
        printed: outcome.printed,
        outputFile,
        summaryFile,
        ansibleVersion: parts.ansibleVersion,
        durationSeconds: parts.durationSeconds,
        timings: timingsOf(parts.marks, outcome.events),
      }),
    ),
  );
  attempt("The annotations were not written", () => annotateFailures(outcome, parts));
  const summary = process.env.GITHUB_STEP_SUMMARY;
  if (!parts.summary || !summary) return;
  // Steps before may have written there too.
  attempt("The job summary was not written", () => appendFileSync(summary, summaryOf(outcome, parts)));
}

function summaryOf(outcome: Outcome, parts: PublishParts, limit?: number): string {
  const { status, totals, events, failures, error } = outcome;
  const outputs = outputsOf({ ...outcome, ...parts, summaryFile: "", timings: timingsOf(parts.marks, events) });
  const markdown = summaryMarkdown(
    {
      verdict: verdictOf(outcome, parts),
      check: parts.inputs.check,
      release: outputs.release,
      previousRelease: outputs["previous-release"],
      url: outputs.url,
      links: jobLinks(jobFacts(process.env), {
        from: totals.deploy.previous_revision ?? "",
        to: totals.deploy.target_revision ?? totals.deploy.revision ?? "",
        live: wentLive(outcome, parts),
      }),
      ansibleVersion: parts.ansibleVersion,
      durationSeconds: parts.durationSeconds,
      ...{ status, totals, events, failures, error, printed: outcome.printed },
    },
    limit,
  );
  return parts.redact(markdown);
}

/** Whether this deploy's release is live somewhere. Else a rollback would take away the release that was live before it. */
function wentLive({ status, totals }: Outcome, { inputs }: PublishParts): boolean {
  if (inputs.check || inputs.operation !== "deploy") return false;
  return status === "succeeded" || totals.wentOn.length > 0;
}

function jobFacts(env: NodeJS.ProcessEnv): JobFacts {
  const button = join(env.GITHUB_WORKSPACE ?? "", ".github/workflows/rollback.yml");
  return {
    server: env.GITHUB_SERVER_URL ?? "",
    repository: env.GITHUB_REPOSITORY ?? "",
    run: env.GITHUB_RUN_ID ?? "",
    actor: env.GITHUB_ACTOR ?? "",
    rollbackWorkflow: existsSync(button) ? "rollback.yml" : "",
  };
}

function verdictOf({ status, totals, events }: Outcome, { inputs, durationSeconds }: PublishParts): string {
  const app = totals.deploy.app ?? (inputs.appName || appNameOf(process.env.GITHUB_REPOSITORY ?? ""));
  const phase = failedPhase(coursesOf(events));
  return verdict({ status, inputs, app, phase, durationSeconds }, totals);
}

/** Outside the private folder, since later steps read it. */
function writeForLater(name: string, extension: string, text: string): string {
  const file = join(process.env.RUNNER_TEMP || tmpdir(), `deploy-${name}-${randomUUID()}${extension}`);
  writeFileSync(file, text, { flag: "wx", mode: 0o600 });
  return file;
}

function annotateFailures(
  { status, error, totals, failures, blamed }: Outcome,
  { inputs, redact }: PublishParts,
): void {
  const { workingDirectory } = inputs;
  const repository = { workspace: process.env.GITHUB_WORKSPACE ?? "", workingDirectory, exists: existsSync };
  for (const { message, ...properties } of annotationsOf(failures, repository)) {
    annotate(redact(message), { ...properties, title: redact(properties.title) });
  }
  if (blamed !== undefined) annotate(redact(error), placeIn(blamed, repository.workspace));
  if (status === "succeeded" && totals.hosts.length === 0) {
    warn("No host took part: the inventory has none that the playbook's plays are for.");
  }
  const warnings = totals.deploy.warnings ?? [];
  for (const warning of warnings.slice(0, MOST_ANNOTATIONS)) warn(redact(warning));
  for (const warning of warnings.slice(MOST_ANNOTATIONS)) tell(`Warning: ${redact(warning)}`);
}

function attempt<T>(problem: string, action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    warn(`${problem}: ${messageOf(error)}`);
    return undefined;
  }
}
