import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { action, shell, tutorial } from "./contenders.mjs";
import { placeRepository } from "./fleet.mjs";
import { expectVersion } from "./page.mjs";
import { accounts, makeApplication, writeSettings } from "./project.mjs";
import { pyinfra } from "./pyinfra.mjs";

/** Who deploys, in the order in which they do: a slow moment of the machine does not fall on one of them alone. */
export const names = /** @type {const} */ (["tutorial", "pyinfra", "shell", "action"]);

/**
 * The action and its peers on hosts alike: `own` is the action's, the peers share `usual` under names of their own.
 * @typedef {typeof names[number]} Name
 * @typedef {Awaited<ReturnType<typeof newContest>>} Contest
 * @param {{ folder: string, key: { file: string, text: string }, ansible: import("./ready.mjs").Ansible, toolCache: string,
 *   own: import("./fleet.mjs").Fleet, usual: import("./fleet.mjs").Fleet, sizes: number[], most?: Partial<Record<Name, number>>,
 *   say: (line: string) => void }} options
 * `most` is how many hosts one of them gets at most.
 */
export async function newContest({ folder, key, ansible, toolCache, own, usual, sizes, most = {}, say }) {
  const vaultFile = join(folder, "vault-password");
  writeFileSync(vaultFile, accounts.vault, { mode: 0o600 });
  const application = await makeApplication(folder);
  const largest = (/** @type {Name} */ name) => Math.min(Math.max(...sizes), most[name] ?? Number.POSITIVE_INFINITY);
  const settings = { vaultFile, ansible: ansible.bin, sizes: [...new Set([1, ...sizes, ...names.map(largest)])] };
  await writeSettings({ ...settings, to: application.work, fleet: own });
  const shared = { folder, key, ansible };
  const actionFrom = (/** @type {string} */ cache) =>
    action({ ...shared, fleet: own, project: application.work, toolCache: cache });
  const contenders = {
    action: await actionFrom(toolCache),
    tutorial: await tutorial({ ...shared, fleet: usual, settings }),
    pyinfra: await pyinfra({ ...shared, fleet: usual }),
    shell: shell({ ...shared, fleet: usual }),
  };
  const publish = async () => {
    const version = await application.next();
    await placeRepository(application.bare, usual.hosts);
    return version;
  };
  /**
   * A deploy counts only when all hosts show what was deployed.
   * @param {Name} name @param {number} size @param {number} version
   * @param {(size: number) => Promise<number>} deploy
   */
  const one = async (name, size, version, deploy = contenders[name].deploy) => {
    const seconds = await deploy(size);
    for (const host of contenders[name].hosts.slice(0, size))
      await expectVersion(host.httpPort, contenders[name].serverName, version);
    return seconds;
  };
  return {
    contenders,
    actionFrom,
    publish,
    one,
    /** Who gets so many hosts. @param {number} size */
    of: (size) => names.filter((name) => size <= largest(name)),
    /** First deploys, which are not measured. @param {number} version */
    begin: async (version) => {
      say("First deploys, not measured.");
      // All hosts of the tutorial role migrate at once, which an empty database does not stand.
      for (const name of names) for (const size of new Set([1, largest(name)])) await one(name, size, version);
    },
  };
}
