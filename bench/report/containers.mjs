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
