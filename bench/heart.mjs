import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { countedGroup, groupOf, used } from "../scripts/lab/control-groups.mjs";
import { down, projectFolder } from "../scripts/lab/index.mjs";
import { action } from "./contenders.mjs";
import { newFleets, test } from "./fleet.mjs";
import { expectVersion } from "./page.mjs";
import { accounts, makeApplication, writeSettings } from "./project.mjs";
import { summarize } from "./statistics.mjs";

const size = 2;
/** Seconds that a deploy is held for, and those of them in which the heartbeat is watched. */
const held = 75;
const watched = 50;
/** What still runs on a host when a deploy has ended: the old slot goes. */
const SETTLED = 4000;

/**
 * `host` and `runner`: the share of a core that the heartbeat takes while a deploy waits; the others: a deploy of a new revision with heartbeat and
 * confirming as a multiple of one without, by pairs.
 * @typedef {import("./statistics.mjs").Times} Times
 * @typedef {{ host: Times, runner: Times, processor: Times, wall: Times, size: number }} Heart
 */

/**
 * @param {{ folder: string, toolCache: string, ansible: import("./ready.mjs").Ansible, runs: number, keep: boolean,
 *   say: (line: string) => void }} options
 * @returns {Promise<Heart>}
 */
export async function measureHeart({ folder: shared, toolCache, ansible, runs, keep, say }) {
  const folder = mkdtempSync(join(shared, "heart-"));
  const { group, enter, end } = countedGroup("heart");
  try {
    const { key, bringUp } = await newFleets({ folder, say });
    const fleet = await bringUp("heart", size);
    const vaultFile = join(folder, "vault-password");
    writeFileSync(vaultFile, accounts.vault, { mode: 0o600 });
    const application = await makeApplication(folder);
    await writeSettings({ to: application.work, fleet, sizes: [size], vaultFile, ansible: ansible.bin });
    writeFileSync(join(application.work, "pause.yml"), `- ansible.builtin.pause:\n    seconds: ${held}\n`);
    const options = { folder, key, ansible, fleet, project: application.work, toolCache, onStart: enter };
    const contenders = { with: await action(options), without: await action({ ...options, at: withoutHeart(folder) }) };
    const groups = [group, ...(await Promise.all(fleet.hosts.map((host) => groupOf(host.container))))];
    const all = () => groups.reduce((sum, each) => sum + used(each), 0);
    /** @param {"with" | "without"} which */
    const deploy = async (which) => {
      const version = await application.next();
      const before = all();
      const wall = await contenders[which].deploy(size);
      for (const host of fleet.hosts) await expectVersion(host.httpPort, contenders[which].serverName, version);
      await sleep(SETTLED);
      return { processor: all() - before, wall };
    };
    for (const which of /** @type {const} */ (["with", "without"])) await deploy(which);
    /** @type {Record<"host" | "runner" | "processor" | "wall", number[]>} */
    const seen = { host: [], runner: [], processor: [], wall: [] };
    for (let count = 1; count <= runs; count++) {
      const first = count % 2 ? await deploy("with") : undefined;
      const bare = await deploy("without");
      const ours = first ?? (await deploy("with"));
      seen.processor.push(ours.processor / bare.processor);
      seen.wall.push(ours.wall / bare.wall);
      say(
        `heart ${count}/${runs}: processor ${seen.processor.at(-1)?.toFixed(3)}, wall ${seen.wall.at(-1)?.toFixed(3)}`,
      );
    }
    const hooks = JSON.stringify({ django_app_hooks: { before_prepare: "pause.yml" } });
    const waiting = contenders.with.deploy(size, { vars: hooks });
    const parts = await Promise.race([heartbeat(groups), waiting.then(() => undefined)]);
    if (parts === undefined) throw new Error("The deploy ended before its heartbeat was seen.");
    const [runner = [], ...hosts] = parts;
    const start = { runner: spent(runner), hosts: hosts.map(spent), now: performance.now() };
    await sleep(watched * 1000);
    const seconds = (performance.now() - start.now) / 1000;
    seen.runner.push((spent(runner) - start.runner) / seconds);
    seen.host.push(...hosts.map((pids, index) => (spent(pids) - (start.hosts[index] ?? 0)) / seconds));
    say(`heartbeat: runner ${seen.runner.join()}, hosts ${seen.host.join()} of a core`);
    await waiting;
    const [host, onRunner, processor, wall] = [seen.host, seen.runner, seen.processor, seen.wall].map(summarize);
    if (!host || !onRunner || !processor || !wall) throw new Error("There are four lists.");
    return { host, runner: onRunner, processor, wall, size };
  } finally {
    if (!keep) await down(test);
    end();
  }
}

/**
 * The action as it is committed, but hosts hear nothing of a run and are confirmed nothing before its last step.
 * @param {string} folder
 */
function withoutHeart(folder) {
  const to = join(folder, "action-without");
  mkdirSync(to);
  const archive = execFileSync("git", ["-C", projectFolder, "archive", "HEAD"], { maxBuffer: 1 << 30 });
  execFileSync("tar", ["--extract", "--directory", to], { input: archive });
  const heart = join(to, "ansible_collections/django_ansible/deploy/plugins/plugin_utils/heart.py");
  const text = readFileSync(heart, "utf8");
  const changed = text.replace("argv = _command(action._connection, task_vars)\n", "argv = None\n");
  if (changed === text) throw new Error(`${heart} is not as it was: there is no way to leave the heartbeat out.`);
  writeFileSync(heart, changed);
  return to;
}

/**
 * The processes of a heartbeat, by control group, once each has some: on the runner the one that sends it and ssh, on a host the keeper, what passes
 * the beats on and sshd.
 * @param {string[]} groups
 * @returns {Promise<number[][]>}
 */
async function heartbeat(groups) {
  const named = [/\.heart_process\0|^ssh\0|^ssh:/, /host\.keeper|os\.read\(0,4096\)|^sshd(-session)?: deploy/];
  for (;;) {
    const found = groups.map((group, index) => processes(group, named[Math.min(index, 1)] ?? /^$/));
    if (found.every((pids) => pids.length >= 2)) {
      // The tasks around the pause are through by then.
      await sleep(5000);
      return groups.map((group, index) => processes(group, named[Math.min(index, 1)] ?? /^$/));
    }
    await sleep(200);
  }
}

/** @param {string} group @param {RegExp} named */
function processes(group, named) {
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && of(pid, "cgroup").includes(`/${group}`) && named.test(of(pid, "cmdline")))
    .map(Number);
}

/** @param {string} pid @param {string} file */
function of(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

/**
 * Seconds of processor time of some processes.
 * @param {number[]} pids
 */
const spent = (pids) => pids.reduce((sum, pid) => sum + Number(of(String(pid), "schedstat").split(" ")[0]) / 1e9, 0);
