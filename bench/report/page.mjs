import { containerSection, farContainerSection } from "./containers.mjs";
import { deploySection, remoteSection } from "./deploys.mjs";
import { firstSection } from "./first.mjs";
import { heartSection } from "./heart.mjs";
import { latencySection } from "./latency.mjs";
import { table } from "./markdown.mjs";
import { operationSection } from "./operations.mjs";
import { readySection } from "./ready.mjs";
import { rollbackSection } from "./rollback.mjs";
import { roundTripSection } from "./round-trips.mjs";
import { runnerSection } from "./runner.mjs";

/**
 * @typedef {{ runs: number, ready: import("../ready.mjs").Ready | undefined, first: import("../first.mjs").First | undefined,
 *   deploys: import("../deploys.mjs").AllDeploys | undefined,
 *   runner: import("../runner.mjs").Runner | undefined, rollbacks: import("../rollback.mjs").Rollbacks | undefined,
 *   containers: import("../containers.mjs").Containers[] | undefined, operations: import("../operations.mjs").Operations | undefined,
 *   roundTrips: import("../round-trips.mjs").RoundTrips | undefined, latency: import("../latency.mjs").Latency | undefined,
 *   farContainers: import("../containers.mjs").Containers[] | undefined,
 *   heart: import("../heart.mjs").Heart | undefined,
 *   machine: Record<string, string>, minutes: number }} Findings
 */

/**
 * The results as Markdown.
 * @param {Findings} findings
 */
export function report({
  runs,
  ready,
  first,
  deploys,
  runner,
  rollbacks,
  containers,
  operations,
  roundTrips,
  latency,
  farContainers,
  heart,
  machine,
  minutes,
}) {
  return `${[
    "# Results of the bench",
    "",
    `Made by \`npm run bench\` in ${minutes.toFixed(0)} minutes. Seconds, medians of ${runs} runs, with the fastest and the slowest in brackets.`,
    "",
    ...(ready === undefined ? [] : readySection(ready)),
    ...(first === undefined ? [] : firstSection(first)),
    ...(deploys === undefined ? [] : deploySection(deploys)),
    ...(deploys === undefined ? [] : remoteSection(deploys.remote)),
    ...(runner === undefined ? [] : runnerSection(runner)),
    ...(rollbacks === undefined ? [] : rollbackSection(rollbacks)),
    ...(containers === undefined ? [] : containers.flatMap(containerSection)),
    ...(operations === undefined ? [] : operationSection(operations)),
    ...(roundTrips === undefined ? [] : roundTripSection(roundTrips)),
    ...(latency === undefined ? [] : latencySection(latency)),
    ...(farContainers === undefined ? [] : farContainerSection(farContainers)),
    ...(heart === undefined ? [] : heartSection(heart)),
    "## Machine",
    "",
    ...table(["what", ""], Object.entries(machine)),
  ].join("\n")}\n`;
}
