import { down, makeKey, must, onHost, servePostgres, up } from "../scripts/lab/index.mjs";
import { accounts, repository } from "./project.mjs";

/** @typedef {import("../scripts/lab/hosts.mjs").Host} Host */

/** The name that all hosts of the bench go by, so that they are removed together and nothing else is. */
export const test = "bench";

/**
 * Two sets of hosts that are alike, one for the tutorial role and the shell, one for the action, and a database server
 * for each. Packages are there already: what is measured are deploys, not apt.
 * @typedef {{ hosts: Host[], database: Host }} Fleet
 *
 * @param {{ folder: string, size: number, say: (line: string) => void }} options
 */
export async function bringUp({ folder, size, say }) {
  await down(test);
  const key = await makeKey(folder);
  const one = (/** @type {string} */ name) =>
    up({ test, name, suite: "bookworm", kind: "ready", authorizedKeys: [key.publicKey], password: accounts.sudo }, say);
  const fleet = async (/** @type {string} */ letter) => {
    const database = await one(`db-${letter}`);
    await servePostgres(database, { database: "mysite", user: "mysite", password: accounts.database });
    /** @type {Host[]} */
    const hosts = [];
    for (let number = 1; number <= size; number++) hosts.push(await one(`app${number}-${letter}`));
    return { hosts, database };
  };
  say(`Bringing up ${2 * size + 2} hosts.`);
  return { key, usual: await fleet("usual"), action: await fleet("action") };
}

/**
 * Puts a repository where the tutorial role clones it from: on the host itself, the fastest a clone can be.
 * @param {string} bare
 * @param {Host[]} hosts
 */
export async function placeRepository(bare, hosts) {
  for (const host of hosts) {
    await onHost(host, `rm -rf ${repository}; mkdir -p ${repository}`);
    await must(["docker", "cp", "--quiet", `${bare}/.`, `${host.container}:${repository}`]);
    await onHost(host, `chown -R root:root ${repository}`);
  }
}
