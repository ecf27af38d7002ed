import { setTimeout as pause } from "node:timers/promises";
import { fail, resumeCommands } from "./announce.js";
import { removeConnections, removeControlFolder, removeSecrets, removeWork } from "./cleanup.js";
import type { Known } from "./known.js";
import { killAll } from "./process/run.js";
import type { StopReason } from "./process/stop.js";
import { earlyOutcome } from "./report/outcome.js";
import { outputsOf, setOutputs } from "./report/outputs.js";
import { timingsOf } from "./report/timings.js";
import { workFolders } from "./state.js";

/** Milliseconds for closing connections, which are left to post then. */
const CLOSE_LIMIT = 500;

/** Ends a run that does not end by itself: its programs, its secrets, its outputs, its process. Waits for next to nothing. */
export function endNow(known: Known, reason: StopReason | undefined): void {
  killAll();
  resumeCommands();
  const steps = [
    () => known.folder?.close(),
    () => removeSecrets(known),
    () => removeWork({ workFolders }),
    () => {
      const outcome = known.outcome ?? earlyOutcome("The run did not come to an end by itself.", reason, known.inputs);
      const { status, totals, error, events } = outcome;
      const parts = known.reportParts();
      setOutputs(outputsOf({ ...parts, status, totals, summaryFile: "", timings: timingsOf(parts.marks, events) }));
      if (status !== "succeeded") fail(known.mask.redact(error));
    },
  ];
  for (const step of steps) {
    try {
      step();
    } catch {
      // The next one still has to be done.
    }
  }
  // A machine that is busy may not have closed them in that time; the folder goes all the same.
  const exit = () => {
    try {
      removeControlFolder(known);
    } finally {
      process.exit();
    }
  };
  Promise.race([removeConnections(known), pause(CLOSE_LIMIT)]).then(exit, exit);
}
