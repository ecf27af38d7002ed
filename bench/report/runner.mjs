import { table, verdict } from "./markdown.mjs";

/** @typedef {import("../statistics.mjs").Times} Times */

/** @param {import("../runner.mjs").Runner} runner */
export function runnerSection({ sizes, load, action, tutorial }) {
  const exact = (/** @type {Times} */ { median, least, most }) =>
    `${median.toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`;
  /** @type {(what: string, ours: Times, theirs: Times, bar?: number) => string[]} */
  const row = (what, ours, theirs, bar) => [
    ...[what, exact(ours), exact(theirs), (ours.median / theirs.median).toFixed(2)],
    bar === undefined ? "" : "≤ 1/4",
    bar === undefined ? "" : verdict(ours.median <= bar * theirs.median),
  ];
  return [
    "## What a deploy takes of the runner",
    "",
    "Seconds of processor time on the runner, by its control group: Node.js, Ansible and ssh, main and post. A further host is what each of",
    `${sizes.action} hosts adds to a run of one, ${sizes.tutorial} with the tutorial role, which is \`ansible-playbook\` alone. Load of the machine meanwhile: ${load}.`,
    "",
    ...table(
      ["what", "action", "tutorial", "action / tutorial", "bar", ""],
      [
        row("nothing to do, one host", action.noop.one, tutorial.noop.one),
        row("nothing to do, each further host", action.noop.more, tutorial.noop.more, 1 / 4),
        row("new revision, one host", action.revision.one, tutorial.revision.one),
        row("new revision, each further host", action.revision.more, tutorial.revision.more, 1 / 4),
      ],
    ),
    "",
  ];
}
