import { ratio, shown, table, verdict } from "./markdown.mjs";

/** @param {import("../first.mjs").First} first */
export function firstSection({ usual, own, deploy }) {
  return [
    "## First deploy",
    "",
    "One bare host, the example application with SQLite. Beside it, on bare hosts like it and right before: `apt-get update`, `apt-get install` and",
    "`pip download` of the same requirements, with the packages that the tutorial role installs, and with those that the action does: it leaves a",
    "compiler and headers to the first package that has no wheel.",
    "",
    ...table(
      ["what", "seconds", "first deploy beside it", "bar", ""],
      [
        ["first deploy", shown(deploy), "1", "", ""],
        [
          "apt and package downloads, tutorial role",
          shown(usual),
          ratio(deploy, usual),
          "≤ 1.2",
          verdict(deploy.median <= usual.median * 1.2),
        ],
        [
          "apt and package downloads, action",
          shown(own),
          ratio(deploy, own),
          "≤ 1.3",
          verdict(deploy.median <= own.median * 1.3),
        ],
      ],
    ),
    "",
  ];
}
