import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as core from "@actions/core";
import { messageOf } from "./errors.js";
import type { Inputs } from "./inputs.js";
import type { Outcome } from "./outcome.js";
import { outputsOf, setOutputs } from "./outputs.js";
import { annotationsOf } from "./report/annotations.js";
import { summaryMarkdown } from "./report/summary.js";
import { verdict } from "./report/verdict.js";

/** What is published besides the outcome itself. */
export interface PublishParts {
  readonly inputs: Pick<Inputs, "check" | "operation">;
  /** Whether the job summary is wanted. */
  readonly summary: boolean;
  readonly ansibleVersion: string;
  readonly durationSeconds: number;
  /** Hides secrets: files and annotations are not filtered by the runner in every case. */
  readonly redact: (text: string) => string;
}

/** Sets the outputs and writes summary and annotations. Warns where that fails: a report never decides a deploy. */
export async function publish(outcome: Outcome, parts: PublishParts): Promise<void> {
  const markdown = parts.redact(summaryOf(outcome, parts));
  const summaryFile = attempt("The summary file was not written", () => writeSummaryFile(markdown)) ?? "";
  attempt("The outputs were not set", () =>
    setOutputs(
      outputsOf({
        status: outcome.status,
        totals: outcome.totals,
        summaryFile,
        ansibleVersion: parts.ansibleVersion,
        durationSeconds: parts.durationSeconds,
      }),
    ),
  );
  attempt("The annotations were not written", () => annotate(outcome, parts.redact));
  if (!parts.summary || !process.env.GITHUB_STEP_SUMMARY) return;
  try {
    await core.summary.addRaw(markdown).write();
  } catch (error) {
    core.warning(`The job summary was not written: ${messageOf(error)}`);
  }
}

function summaryOf(outcome: Outcome, parts: PublishParts): string {
  const outputs = outputsOf({ ...outcome, ...parts, summaryFile: "" });
  return summaryMarkdown({
    verdict: verdict(outcome.status, outcome.totals, parts.inputs),
    ok: outcome.status === "succeeded",
    error: outcome.error,
    totals: outcome.totals,
    failures: outcome.failures.slice(0, 50),
    release: outputs.release,
    previousRelease: outputs["previous-release"],
    revision: outputs.revision,
    url: outputs.url,
    ansibleVersion: parts.ansibleVersion,
    durationSeconds: parts.durationSeconds,
  });
}

/** Outside the private folder, since later steps read it. */
function writeSummaryFile(markdown: string): string {
  const file = join(process.env.RUNNER_TEMP || tmpdir(), `deploy-summary-${randomUUID()}.md`);
  writeFileSync(file, markdown, { flag: "wx", mode: 0o600 });
  return file;
}

function annotate(outcome: Outcome, redact: (text: string) => string): void {
  for (const { message, ...properties } of annotationsOf(outcome.failures, process.env.GITHUB_WORKSPACE ?? "")) {
    core.error(redact(message), { ...properties, title: redact(properties.title) });
  }
  if (outcome.status === "succeeded" && outcome.totals.hosts.length === 0) {
    core.warning("No host took part: the inventory has none that the playbook's plays are for.");
  }
  for (const warning of outcome.totals.deploy.warnings ?? []) core.warning(redact(warning));
}

function attempt<T>(problem: string, action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    core.warning(`${problem}: ${messageOf(error)}`);
    return undefined;
  }
}
