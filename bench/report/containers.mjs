import { ratio, shown, table, verdict } from "./markdown.mjs";

/** @param {import("../containers.mjs").Containers} containers */
export function containerSection({ action, adHoc, shell }) {
  return [
    "## Container mode",
    "",
    "Whole runs from a full tool cache on two hosts, a service of one container with a health check each second, a registry with a login. Beside it, on hosts",
    "like them, `docker compose pull` and `up` by `ansible` ad hoc with the same ansible-core, and by one ssh a host, which waits for health.",
    "",
    ...table(
      ["what", "action", "`ansible` ad hoc", "ssh", "beside", "bar", ""],
      [
        [
          ...["nothing to do", shown(action.noop), shown(adHoc.noop), shown(shell.noop)],
          ...[
            `${ratio(action.noop, adHoc.noop)} of ad hoc`,
            "≤ 1.15",
            verdict(action.noop.median <= adHoc.noop.median * 1.15),
          ],
        ],
        ["new version", shown(action.version), shown(adHoc.version), shown(shell.version), "", "", ""],
        [
          ...["rollback", shown(action.rollback), "", "", `${ratio(action.rollback, action.version)} of a new version`],
          ...["≤ 0.4", verdict(action.rollback.median <= action.version.median * 0.4)],
        ],
      ],
    ),
    "",
  ];
}

/** @param {import("../containers.mjs").Containers[]} found */
export function farContainerSection(found) {
  return [
    "## Container mode across a network",
    "",
    "Two hosts as in *Container mode*, with so many milliseconds added to each round trip to each host.",
    "",
    ...table(
      ["what", "ms", "action", "`ansible` ad hoc", "compose by ssh", "action / ad hoc", "action / ssh"],
      /** @type {const} */ (["noop", "version"]).flatMap((kind) =>
        found.map(({ delay, action, adHoc, shell }) => [
          ...[kind === "noop" ? "nothing to do" : "new version", String(delay)],
          ...[shown(action[kind]), shown(adHoc[kind]), shown(shell[kind])],
          ...[ratio(action[kind], adHoc[kind]), ratio(action[kind], shell[kind])],
        ]),
      ),
    ),
    "",
  ];
}
