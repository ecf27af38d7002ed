import { ratio, shown, table, verdict } from "./markdown.mjs";

/** @param {import("../operations.mjs").Operations} operations */
export function operationSection({ run, adHoc, on, off, asked, refused }) {
  return [
    "## Operations",
    "",
    "Whole runs from a full tool cache, main and post. The command is `version`; beside it `ansible` ad hoc with the same ansible-core runs it by",
    `\`mysite-manage\`. Maintenance is switched on two hosts, while visitors asked ${asked} times.`,
    "",
    ...table(
      ["what", "seconds", "beside `ansible` ad hoc", "bar", ""],
      [
        ["`ansible` ad hoc", shown(adHoc), "1", "", ""],
        ["`operation: run`", shown(run), ratio(run, adHoc), "≤ 1.3", verdict(run.median <= adHoc.median * 1.3)],
        ["`maintenance-on`", shown(on), "", "≤ 4 s", verdict(on.median <= 4)],
        ["`maintenance-off`", shown(off), "", "≤ 4 s", verdict(off.median <= 4)],
        ["requests that nobody answered", String(refused), "", "0", verdict(refused === 0)],
      ],
    ),
    "",
  ];
}
