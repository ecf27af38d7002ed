import { ratio, shown, table, verdict } from "./markdown.mjs";

/** @param {import("../deploys.mjs").AllDeploys} deploys */
export function deploySection({ sizes }) {
  const most = { noop: 0.13, revision: 0.22 };
  return [
    "## Deploy",
    "",
    "Whole runs from a full tool cache, main and post. *Tutorial* is the role in `bench/tutorial` with Ansible's default settings,",
    "`ansible-playbook` alone and the same ansible-core, as `dawidd6/action-ansible-playbook` starts it after `pip install ansible`; *pyinfra* is",
    "`bench/pyinfra` with pyinfra installed; *shell* is `bench/lower-bound.sh` by one ssh a host, all hosts at once,",
    "without the tutorial's `apt-get update` and pip upgrade. Packages are on the hosts from the start, the repository too.",
    "",
    ...table(
      ["what", "hosts", "action", "tutorial", "pyinfra", "shell", "action / tutorial", "action / shell", "bar", ""],
      /** @type {const} */ (["noop", "revision"]).flatMap((kind) =>
        sizes.map(({ size, action, tutorial, pyinfra, shell }) => [
          kind === "noop" ? "nothing to do" : "new revision",
          String(size),
          shown(action[kind]),
          shown(tutorial[kind]),
          shown(pyinfra[kind]),
          shown(shell[kind]),
          ratio(action[kind], tutorial[kind]),
          ratio(action[kind], shell[kind]),
          ...(size === 2
            ? [
                `≤ ${most[kind]} of the tutorial role${kind === "revision" ? ", ≤ 2 × shell" : ""}`,
                verdict(
                  action[kind].median <= tutorial[kind].median * most[kind] &&
                    (kind === "noop" || action[kind].median <= shell[kind].median * 2),
                ),
              ]
            : ["", ""]),
        ]),
      ),
    ),
    "",
    "What the ratios do not show: the action probes the application before it switches, keeps the old release and writes a record; the others do not.",
    "",
  ];
}

/** @param {import("../deploys.mjs").AllDeploys["remote"]} remote */
export function remoteSection(remote) {
  const most = { noop: 8, revision: 14 };
  return [
    "## What a deploy asks of a host",
    "",
    "Counted on one host from the log at `-vvv`: modules started there, whatever task asked for them",
    "(sudo's own log on the host shows the same number for the action), and ssh and sftp commands.",
    "",
    ...table(
      ["what", "", "module executions", "ssh and sftp commands", "bar", ""],
      /** @type {const} */ (["noop", "revision"]).flatMap((kind) => {
        const { action, tutorial } = remote[kind];
        const what = kind === "noop" ? "nothing to do" : "new revision";
        return [
          [
            what,
            "action",
            String(action.modules),
            String(action.requests),
            `≤ ${most[kind]} executions`,
            verdict(action.modules <= most[kind]),
          ],
          [what, "tutorial", String(tutorial.modules), String(tutorial.requests), "", ""],
        ];
      }),
    ),
    "",
  ];
}
