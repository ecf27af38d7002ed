import type { RunEvent } from "../../src/ansible/events.js";
import { outcomeOf } from "../../src/report/outcome.js";
import { outputsOf } from "../../src/report/outputs.js";
import { coursesOf, failedPhase } from "../../src/report/phases.js";
import { summaryMarkdown } from "../../src/report/summary.js";
import { verdict } from "../../src/report/verdict.js";
import { createInputs } from "./inputs.js";

/** The summary that a run with these events gets, made of them the way publish.ts does. */
export function summaryOf(
  events: readonly RunEvent[],
  {
    check = false,
    limit,
    durationSeconds = 31,
    printed = "",
  }: { check?: boolean; limit?: number; durationSeconds?: number; printed?: string } = {},
): string {
  const inputs = createInputs({ check });
  const failed = events.some((event) => event.event === "result" && /failed|unreachable/.test(event.status));
  const outcome = outcomeOf({ code: failed ? 2 : 0, stderr: "", events, printed }, undefined, {
    ...{ inputs, closed: [], causes: new Map() },
  });
  const { status, totals } = outcome;
  const outputs = outputsOf({
    status,
    totals,
    summaryFile: "",
    ansibleVersion: "2.21.5",
    durationSeconds,
    timings: { total: durationSeconds },
  });
  const phase = failedPhase(coursesOf(events));
  return summaryMarkdown(
    {
      ...outcome,
      ...{ check, durationSeconds, ansibleVersion: "2.21.5", url: outputs.url, links: [] },
      verdict: verdict({ status, inputs, app: totals.deploy.app ?? "", phase, durationSeconds }, totals),
      release: outputs.release,
      previousRelease: outputs["previous-release"],
    },
    limit,
  );
}
