import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { down } from "../scripts/lab/index.mjs";
import { action, shell, tutorial } from "./contenders.mjs";
import { newFleets, placeRepository, test } from "./fleet.mjs";
import { expectVersion } from "./page.mjs";
import { accounts, makeApplication, writeSettings } from "./project.mjs";
import { pyinfra } from "./pyinfra.mjs";
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
 * Times a deploy that has nothing to do, and one that brings a new revision, in turn for each contender, so that a slow
 * moment of the machine does not fall on one of them alone.
 * @param {{ folder: string, toolCache: string, ansible: import("./ready.mjs").Ansible, runs: number, sizes: number[],
 *   keep: boolean, say: (line: string) => void }} options
 * @returns {Promise<AllDeploys>}
 */
export async function measureDeploys({ folder, toolCache, ansible, runs, sizes, keep, say }) {
  const largest = Math.max(...sizes);
  try {
    const { key, bringUp } = await newFleets({ folder, say });
    // One for the action, one for the others.
    const usual = await bringUp("usual", largest);
    const own = await bringUp("action", largest);
    const vaultFile = join(folder, "vault-password");
    writeFileSync(vaultFile, accounts.vault, { mode: 0o600 });
    const application = await makeApplication(folder);
    const inventories = [...new Set([1, largest, ...sizes])];
    const settings = { vaultFile, ansible: ansible.bin, sizes: inventories };
    await writeSettings({ ...settings, to: application.work, fleet: own });
    const shared = { folder, key, ansible };
    const contenders = {
      action: await action({ ...shared, fleet: own, project: application.work, toolCache }),
      tutorial: await tutorial({ ...shared, fleet: usual, settings }),
      pyinfra: await pyinfra({ ...shared, fleet: usual }),
      shell: shell({ ...shared, fleet: usual }),
    };
    const names = /** @type {const} */ (["tutorial", "pyinfra", "shell", "action"]);
    const publish = async () => {
      const version = await application.next();
      await placeRepository(application.bare, usual.hosts);
      return version;
    };
    /** @param {number} size @param {number} version */
    const each = async (size, version) => {
      const seconds = { action: 0, tutorial: 0, pyinfra: 0, shell: 0 };
      for (const name of names) {
        seconds[name] = await contenders[name].deploy(size);
        for (const host of contenders[name].hosts.slice(0, size)) {
          await expectVersion(host.httpPort, contenders[name].serverName, version);
        }
      }
      return seconds;
    };

    let version = await publish();
    say("First deploys, not measured.");
    // All hosts of the tutorial role migrate at once, which an empty database does not stand.
    for (const size of new Set([1, largest])) await each(size, version);
    /** @type {Deploys[]} */
    const results = [];
    for (const size of sizes) {
      const seen = {
        noop: /** @type {Record<string, number>[]} */ ([]),
        revision: /** @type {Record<string, number>[]} */ ([]),
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
      const pair = (/** @type {typeof names[number]} */ name) => ({
        noop: summarize(seen.noop.map((seconds) => seconds[name] ?? Number.NaN)),
        revision: summarize(seen.revision.map((seconds) => seconds[name] ?? Number.NaN)),
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
