import { shown, table, verdict } from "./markdown.mjs";

/** @typedef {import("../statistics.mjs").Times} Times */

/** @param {import("../heart.mjs").Heart} heart */
export function heartSection({ host, runner, processor, wall, size }) {
  const share = (/** @type {Times} */ times) => `${(times.median * 100).toFixed(2)} %`;
  return [
    "## Heartbeat and confirming",
    "",
    `Deploys of a new revision to ${size} hosts, in turns with an action in which hosts hear nothing of the run: the ratio of each pair. Processor time is that of`,
    "runner and hosts together, by their control groups. The heartbeat's share of a core is that of its processes while a deploy waits for something else.",
    "",
    ...table(
      ["what", "", "bar", ""],
      [
        ["processor time of a deploy", shown(processor, 2), "≤ 1.05", verdict(processor.median <= 1.05)],
        ["seconds of a deploy", shown(wall, 2), "≤ 1.05", verdict(wall.median <= 1.05)],
        ["heartbeat on a host", share(host), "≤ 1 % of a core", verdict(host.median <= 0.01)],
        ["heartbeat on the runner", share(runner), "≤ 1 % of a core", verdict(runner.median <= 0.01)],
      ],
    ),
    "",
  ];
}
