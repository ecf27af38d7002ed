import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { down } from "../scripts/lab/index.mjs";
import { newContest } from "./contest.mjs";
import { farther } from "./delay.mjs";
import { newFleets } from "./fleet.mjs";
import { pyinfraPackage } from "./pyinfra.mjs";
import { installByPip } from "./ready.mjs";
import { slope, summarize } from "./statistics.mjs";

/** Not the name of the other parts: both may run at once. */
const lab = "bench-latency";

/**
 * What one contender took: `cold` is a runner that has no Ansible, `delay` the milliseconds that a round trip to each host takes longer, `turns` how often
 * the runner spoke after a host had, for each host.
 * @typedef {import("./contest.mjs").Name} Name
 * @typedef {{ cold: boolean, kind: "noop" | "revision", size: number, delay: number, name: Name, seconds: number, turns: number }} Run
 * @typedef {{ runs: Run[], most: { peers: number, cold: number, minutes: number }, load: [string, string] }} Latency
 */

/**
 * Times nothing to do and a new revision for each number of hosts and each distance to them, by all contenders in turn, on hosts that stay up.
 * A cold run has all that it takes in it: the action starts with an empty tool cache, the tutorial role and pyinfra with `pip install`. What is
 * installed comes from where it comes from at any distance of the hosts.
 * @param {{ folder: string, toolCache: string, ansible: import("./ready.mjs").Ansible, runs: number, sizes: number[],
 *   delays: number[], most: Latency["most"], keep: boolean, say: (line: string) => void }} options
 * `most.peers` is how many hosts the tutorial role and pyinfra get at most, `most.cold` how many a cold run has, and after `most.minutes` no other
 * cell is begun.
 * @returns {Promise<Latency>}
 */
export async function measureLatency({ folder: all, toolCache, ansible, runs: count, sizes, delays, most, keep, say }) {
  const folder = mkdtempSync(join(all, "latency-"));
  /** @type {(() => void)[]} */
  const ends = [];
  const before = load();
  const end = performance.now() + most.minutes * 60_000;
  const late = () => performance.now() > end;
  try {
    const { key, bringUp } = await newFleets({ folder, say, name: lab });
    const largest = Math.max(...sizes);
    const [usual, own] = [await away("usual"), await away("action")];
    const contest = await newContest({
      ...{ folder, key, ansible, toolCache, sizes, say, own: own.fleet, usual: usual.fleet },
      most: { tutorial: most.peers, pyinfra: most.peers },
    });
    const distance = (/** @type {number} */ delay) => {
      for (const { set } of [usual, own]) set(delay / 1000);
    };
    let version = await contest.publish();
    await contest.begin(version);
    /** @type {Run[]} */
    const runs = [];
    const turns = () => usual.turns() + own.turns();
    /** @param {Omit<Run, "name" | "seconds" | "turns">} cell */
    const measure = async (cell) => {
      const { cold, kind, size, delay } = cell;
      if (kind === "revision") version = await contest.publish();
      for (const name of contest.of(size)) {
        const start = turns();
        const seconds = await (cold ? coldRun(contest, name, size, version) : contest.one(name, size, version));
        const run = { ...cell, name, seconds, turns: (turns() - start) / size };
        runs.push(run);
        const where = `${cold ? "cold" : "warm"}, ${kind} on ${size}, ${delay} ms`;
        say(`${where}: ${name} ${seconds.toFixed(1)} s, ${run.turns.toFixed(0)} turns`);
      }
    };
    for (const size of sizes) {
      if (late()) break;
      // Hosts that an earlier round with fewer of them left behind catch up first.
      distance(0);
      for (const name of contest.of(size)) await contest.one(name, size, version);
      for (let round = 1; round <= count; round++) {
        for (const delay of delays) {
          distance(delay);
          for (const kind of /** @type {const} */ (["noop", "revision"])) {
            for (const cold of [false, true])
              if (!late() && (!cold || size <= most.cold)) await measure({ cold, kind, size, delay });
          }
        }
      }
    }
    return { runs, most, load: [before, load()] };

    async function away(/** @type {string} */ letter) {
      const direct = await bringUp(letter, largest);
      const { hosts, ...way } = await farther(direct.hosts);
      ends.push(way.close);
      return { ...way, fleet: { ...direct, hosts } };
    }
    /** @param {import("./contest.mjs").Contest} contest @param {Name} name @param {number} size @param {number} version */
    async function coldRun({ actionFrom, contenders, one }, name, size, version) {
      const work = mkdtempSync(join(folder, "cold-"));
      const fresh = await actionFrom(join(work, "tool-cache"));
      const after = (/** @type {string} */ what, /** @type {"tutorial" | "pyinfra"} */ by) => async () => {
        const { bin, seconds } = await installByPip(work, what);
        return seconds + (await contenders[by].deployBy(bin, size));
      };
      const deploy = {
        tutorial: after("ansible", "tutorial"),
        pyinfra: after(pyinfraPackage, "pyinfra"),
        // Has nothing to install.
        shell: () => contenders.shell.deploy(size),
        action: () => fresh.deploy(size),
      };
      const seconds = await one(name, size, version, deploy[name]);
      rmSync(work, { recursive: true });
      return seconds;
    }
  } finally {
    for (const end of ends) end();
    if (!keep) await down(lab);
  }
}

const load = () => readFileSync("/proc/loadavg", "utf8").split(" ")[0] ?? "";

/**
 * What runs took, or nothing where there was none.
 * @param {Run[]} runs
 */
export const times = (runs) => (runs.length === 0 ? undefined : summarize(runs.map(({ seconds }) => seconds)));

/**
 * @param {Run[]} runs
 */
export const turnsOf = (runs) => (runs.length === 0 ? undefined : summarize(runs.map(({ turns }) => turns)).median);

/**
 * How many round trips runs waited for, by how much longer they took where these took longer.
 * @param {Run[]} runs
 */
export const waits = (runs) =>
  new Set(runs.map(({ delay }) => delay)).size < 2
    ? undefined
    : slope(runs.map(({ delay, seconds }) => /** @type {const} */ ([delay / 1000, seconds])));
