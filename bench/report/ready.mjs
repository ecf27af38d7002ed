import { ratio, shown, table, verdict } from "./markdown.mjs";

/** @typedef {import("../statistics.mjs").Times} Times */

/** @param {import("../ready.mjs").Ready} ready */
export function readySection({ cold, warm, restored, pip, uvOnPath }) {
  /** @param {Times} times */
  const adds = (times) => times.median - warm.median;
  return [
    "## Ansible ready",
    "",
    "From the start of the action to its word that Ansible is ready, beside `pip install ansible` without a cache in the same minutes. *Restored* is a tool",
    "cache that is unpacked as `actions/cache` does it, without the download, and then the action.",
    ...(uvOnPath ? ["uv was on PATH, so an empty tool cache did not have to fetch it."] : []),
    "",
    ...table(
      ["", "seconds", "beside pip", "bar", ""],
      [
        ["empty tool cache", shown(cold), ratio(cold, pip), "≤ full + 3 s", verdict(adds(cold) <= 3)],
        ["restored", shown(restored, 2), ratio(restored, pip), "≤ full + 1.5 s", verdict(adds(restored) <= 1.5)],
        ["full tool cache", shown(warm, 2), ratio(warm, pip), "≤ 0.5 s", verdict(warm.median <= 0.5)],
        ["`pip install ansible`", shown(pip), "1", "", ""],
      ],
    ),
    "",
  ];
}
