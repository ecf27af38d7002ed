import { importSeconds } from "./rollback.mjs";

/**
 * @typedef {import("./statistics.mjs").Times} Times
 * @typedef {{ runs: number, ready: import("./ready.mjs").Ready | undefined, first: import("./first.mjs").First | undefined,
 *   deploys: import("./deploys.mjs").AllDeploys | undefined,
 *   runner: import("./runner.mjs").Runner | undefined, rollbacks: import("./rollback.mjs").Rollbacks | undefined,
 *   containers: import("./containers.mjs").Containers | undefined, operations: import("./operations.mjs").Operations | undefined,
 *   roundTrips: import("./round-trips.mjs").RoundTrips | undefined, heart: import("./heart.mjs").Heart | undefined,
 *   machine: Record<string, string>, minutes: number }} Findings
 */

/**
 * The results as Markdown.
 * @param {Findings} findings
 */
export function report({
  runs,
  ready,
  first,
  deploys,
  runner,
  rollbacks,
  containers,
  operations,
  roundTrips,
  heart,
  machine,
  minutes,
}) {
  return `${[
    "# Results of the bench",
    "",
    `Made by \`npm run bench\` in ${minutes.toFixed(0)} minutes. Seconds, medians of ${runs} runs, with the fastest and the slowest in brackets.`,
    "",
    ...(ready === undefined ? [] : readySection(ready)),
    ...(first === undefined ? [] : firstSection(first)),
    ...(deploys === undefined ? [] : deploySection(deploys)),
    ...(deploys === undefined ? [] : remoteSection(deploys.remote)),
    ...(runner === undefined ? [] : runnerSection(runner)),
    ...(rollbacks === undefined ? [] : rollbackSection(rollbacks)),
    ...(containers === undefined ? [] : containerSection(containers)),
    ...(operations === undefined ? [] : operationSection(operations)),
    ...(roundTrips === undefined ? [] : roundTripSection(roundTrips)),
    ...(heart === undefined ? [] : heartSection(heart)),
    "## Machine",
    "",
    ...table(["what", ""], Object.entries(machine)),
  ].join("\n")}\n`;
}

/** @param {import("./runner.mjs").Runner} runner */
function runnerSection({ sizes, load, action, tutorial }) {
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

/** @param {import("./heart.mjs").Heart} heart */
function heartSection({ host, runner, processor, wall, size }) {
  const share = (/** @type {Times} */ times) => `${(times.median * 100).toFixed(2)} %`;
  return [
    "## Heartbeat and confirming",
    "",
    `Deploys of a new revision to ${size} hosts, in turns with an action in which hosts hear nothing of the run: the ratio of each pair. Processor time is that of`,
    "runner and hosts together, by their control groups. The heartbeat's share of a core is that of its processes while a deploy waits for something else.",
    "",
    ...table(
      ["what", "", "bar", ""],
      [
        ["processor time of a deploy", shown(processor, 2), "≤ 1.05", verdict(processor.median <= 1.05)],
        ["seconds of a deploy", shown(wall, 2), "≤ 1.05", verdict(wall.median <= 1.05)],
        ["heartbeat on a host", share(host), "≤ 1 % of a core", verdict(host.median <= 0.01)],
        ["heartbeat on the runner", share(runner), "≤ 1 % of a core", verdict(runner.median <= 0.01)],
      ],
    ),
    "",
  ];
}

/** @param {import("./round-trips.mjs").RoundTrips} trips */
function roundTripSection({ login, noop, revision, rollback }) {
  /** @type {(what: string, count: number, bar?: number) => string[]} */
  const row = (what, count, bar) => [
    what,
    count.toFixed(1),
    bar === undefined ? "" : `≤ ${bar}`,
    bar === undefined ? "" : verdict(count <= bar),
  ];
  return [
    "## Round trips",
    "",
    "To one host, waited for one after another: the seconds that a run takes longer for each second that a round trip takes longer (the slope over",
    "0, 250 and 500 ms added, which what the machine itself takes does not reach).",
    "",
    ...table(
      ["what", "round trips", "bar", ""],
      [
        row("`ssh HOST true`", login),
        row("nothing to do", noop, 13),
        row("new revision", revision, 22),
        row("rollback to a release that is not running", rollback),
      ],
    ),
    "",
  ];
}

/** @param {import("./ready.mjs").Ready} ready */
function readySection({ cold, warm, restored, pip, uvOnPath }) {
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

/** @param {import("./first.mjs").First} first */
function firstSection({ usual, own, deploy }) {
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

/** @param {import("./deploys.mjs").AllDeploys} deploys */
function deploySection({ sizes }) {
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

/** @param {import("./deploys.mjs").AllDeploys["remote"]} remote */
function remoteSection(remote) {
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

/** @param {import("./rollback.mjs").Rollbacks} rollbacks */
function rollbackSection({ noop, cold, standby }) {
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

/** @param {import("./containers.mjs").Containers} containers */
function containerSection({ action, adHoc, shell }) {
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

/** @param {import("./operations.mjs").Operations} operations */
function operationSection({ run, adHoc, on, off, asked, refused }) {
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

/**
 * @param {string[]} head
 * @param {string[][]} rows
 */
const table = (head, rows) => [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);

/** @param {Times} times */
const shown = ({ median, least, most }, digits = 1) =>
  `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;

/** @param {Times} one @param {Times} other */
const ratio = (one, other) => (one.median / other.median).toFixed(2);

/** @param {boolean} reached */
const verdict = (reached) => (reached ? "reached" : "**missed**");
