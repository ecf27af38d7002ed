import { importSeconds } from "../rollback.mjs";
import { ratio, shown, table, verdict } from "./markdown.mjs";

/** @param {import("../rollback.mjs").Rollbacks} rollbacks */
export function rollbackSection({ noop, cold, standby, start }) {
  return [
    "## Rollback",
    "",
    `Two hosts, an application that takes ${importSeconds} s to import; from the start of the step until both hosts serve the other release. Beside it, on the same`,
    "hosts and without a deploy, the start of that release by itself: from `systemctl start` to its first answer, on both hosts at once.",
    "",
    ...table(
      ["what", "seconds", "beside a deploy with nothing to do", "bar", ""],
      [
        ["a deploy with nothing to do, whole", shown(noop), "1", "", ""],
        [
          "rollback",
          shown(cold),
          ratio(cold, noop),
          `≤ ${(start.median + 1.5).toFixed(1)} s: the start of the application and 1.5 s`,
          verdict(cold.median <= start.median + 1.5),
        ],
        ["the start of the application by itself", shown(start), "", "", ""],
        [
          "rollback with `django_app_standby`",
          shown(standby),
          ratio(standby, noop),
          "≤ 1",
          verdict(standby.median <= noop.median),
        ],
      ],
    ),
    "",
  ];
}
