import { importSeconds } from "../rollback.mjs";
import { ratio, shown, table, verdict } from "./markdown.mjs";

/** @param {import("../rollback.mjs").Rollbacks} rollbacks */
export function rollbackSection({ noop, cold, standby }) {
  return [
    "## Rollback",
    "",
    `Two hosts, an application that takes ${importSeconds} s to import; from the start of the step until both hosts serve the other release.`,
    "",
    ...table(
      ["what", "seconds", "beside a deploy with nothing to do", "bar", ""],
      [
        ["a deploy with nothing to do, whole", shown(noop), "1", "", ""],
        [
          "rollback",
          shown(cold),
          ratio(cold, noop),
          `≤ ${importSeconds + 1.5} s: the start of the application and 1.5 s`,
          verdict(cold.median <= importSeconds + 1.5),
        ],
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
