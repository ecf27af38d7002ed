import { down } from "../scripts/lab/index.mjs";
import { names, newContest } from "./contest.mjs";
import { newFleets, test } from "./fleet.mjs";
import { summarize } from "./statistics.mjs";

/**
 * @typedef {import("./statistics.mjs").Times} Times
 * @typedef {{ noop: Times, revision: Times }} Pair
 * @typedef {{ size: number, action: Pair, tutorial: Pair, pyinfra: Pair, shell: Pair }} Deploys
 * What a deploy asks of one host.
 * @typedef {{ modules: number, requests: number }} Remote
 * @typedef {{ action: Remote, tutorial: Remote }} RemotePair
 * @typedef {{ sizes: Deploys[], remote: { noop: RemotePair, revision: RemotePair } }} AllDeploys
 */

/**
 * Times a deploy that has nothing to do, and one that brings a new revision, in turn for each contender.
 * @param {{ folder: string, toolCache: string, ansible: import("./ready.mjs").Ansible, runs: number, sizes: number[],
 *   keep: boolean, say: (line: string) => void }} options
 * @returns {Promise<AllDeploys>}
 */
export async function measureDeploys({ folder, toolCache, ansible, runs, sizes, keep, say }) {
  const largest = Math.max(...sizes);
  try {
    const { key, bringUp } = await newFleets({ folder, say });
    const usual = await bringUp("usual", largest);
    const own = await bringUp("action", largest);
    const contest = await newContest({ folder, key, ansible, toolCache, own, usual, sizes, say });
    const { contenders, one, publish } = contest;
    /** @param {number} size @param {number} version */
    const each = async (size, version) => {
      const seconds = /** @type {Record<import("./contest.mjs").Name, number>} */ ({});
      for (const name of names) seconds[name] = await one(name, size, version);
      return seconds;
    };
    let version = await publish();
    await contest.begin(version);
    /** @type {Deploys[]} */
    const results = [];
    for (const size of sizes) {
      const seen = {
        noop: /** @type {Record<import("./contest.mjs").Name, number>[]} */ ([]),
        revision: /** @type {Record<import("./contest.mjs").Name, number>[]} */ ([]),
      };
      // Hosts that an earlier round with fewer of them left behind catch up first.
      await each(size, version);
      for (let count = 1; count <= runs; count++) {
        for (const kind of /** @type {const} */ (["noop", "revision"])) {
          if (kind === "revision") version = await publish();
          const seconds = await each(size, version);
          seen[kind].push(seconds);
          const told = names.map((name) => `${name} ${seconds[name].toFixed(1)} s`).join(", ");
          say(`${kind} on ${size}, ${count}/${runs}: ${told}`);
        }
      }
      const pair = (/** @type {import("./contest.mjs").Name} */ name) => ({
        noop: summarize(seen.noop.map((seconds) => seconds[name])),
        revision: summarize(seen.revision.map((seconds) => seconds[name])),
      });
      results.push({
        size,
        action: pair("action"),
        tutorial: pair("tutorial"),
        pyinfra: pair("pyinfra"),
        shell: pair("shell"),
      });
    }
    const remote = async () => ({
      action: await contenders.action.remote(),
      tutorial: await contenders.tutorial.remote(),
    });
    await each(1, version);
    const noop = await remote();
    await publish();
    return { sizes: results, remote: { noop, revision: await remote() } };
  } finally {
    if (!keep) await down(test);
  }
}
