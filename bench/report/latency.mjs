import { names } from "../contest.mjs";
import { times, turnsOf, waits } from "../latency.mjs";
import { ratio, shown, table } from "./markdown.mjs";

/**
 * @typedef {import("../latency.mjs").Run} Run
 * @param {import("../latency.mjs").Latency} latency
 */
export function latencySection({ runs, most, load }) {
  const kinds = /** @type {const} */ (["noop", "revision"]);
  const of = (/** @type {(run: Run) => number} */ key) => [...new Set(runs.map(key))];
  const [sizes, delays] = [of(({ size }) => size), of(({ delay }) => delay)];
  /** @param {Partial<Run>} wanted */
  const those = (wanted) =>
    runs.filter((run) => Object.entries(wanted).every(([key, value]) => run[/** @type {keyof Run} */ (key)] === value));
  const rows = [false, true].flatMap((cold) =>
    kinds.flatMap((kind) => sizes.flatMap((size) => delays.map((delay) => ({ cold, kind, size, delay })))),
  );
  return [
    "## Across a network",
    "",
    "Whole runs, with so many milliseconds added to each round trip to each host, by a proxy that holds back every byte and a new connection's handshake; bandwidth",
    "and TCP's slow start are as they are on loopback. *Tutorial*, *pyinfra* and *shell* are those of the other tables; the tutorial role runs as",
    "`dawidd6/action-ansible-playbook` starts it, with Ansible's five forks. A cold runner has an empty tool cache, or installs by `pip install ansible` before the role and `pip install pyinfra` before that; what is installed",
    `comes from where it always comes from. Each cell is one measurement or the median of several; none is put together. Not run: the tutorial role and pyinfra on more than ${most.peers} hosts, cold runs on more than ${most.cold}, and rows that are not there.`,
    `Load of the machine before and after: ${load.join(" and ")}.`,
    "",
    ...table(
      ["runner", "what", "hosts", "ms", ...names, "action / tutorial", "action / shell"],
      rows.flatMap((cell) => {
        const { action, tutorial, pyinfra, shell } = Object.fromEntries(
          names.map((name) => [name, times(those({ ...cell, name }))]),
        );
        if (action === undefined) return [];
        return [
          [
            ...[cell.cold ? "cold" : "warm", what(cell.kind), String(cell.size), String(cell.delay)],
            ...[tutorial, pyinfra, shell, action].map((one) => (one === undefined ? "not run" : shown(one))),
            ...[tutorial, shell].map((one) => (one === undefined ? "" : ratio(action, one))),
          ],
        ];
      }),
    ),
    "",
    ...waitSection(),
  ];

  function waitSection() {
    return [
      "How often the runner speaks to a host after the host has spoken, and how many round trips a run waits for one after another, on a warm runner. The first is counted",
      "by the proxy, so that a busy machine hardly changes it; what goes on at the same time is in it. The second is the seconds that a run takes longer for each second that a",
      "round trip takes longer.",
      "",
      ...table(
        ["what", "hosts", "", ...names],
        kinds.flatMap((kind) =>
          sizes.flatMap((size) => {
            const row = (/** @type {string} */ title, /** @type {(runs: Run[]) => number | undefined} */ value) => [
              ...[what(kind), String(size), title],
              ...names.map((name) => value(those({ cold: false, kind, size, name }))?.toFixed(0) ?? "not run"),
            ];
            return [row("counted", turnsOf), ...(delays.length < 2 ? [] : [row("waited for", waits)])];
          }),
        ),
      ),
      "",
    ];
  }
}

const what = (/** @type {"noop" | "revision"} */ kind) => (kind === "noop" ? "nothing to do" : "new revision");
