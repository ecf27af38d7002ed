import { down, makeKey, must, onHost, servePostgres, up } from "../scripts/lab/index.mjs";
import { accounts, repository } from "./project.mjs";

/** @typedef {import("../scripts/lab/hosts.mjs").Host} Host */

/** The name that all hosts of the bench go by, so that they are removed together and nothing else is. */
export const test = "bench";

/**
 * Hosts that are alike, with a database server of their own. Packages are there already: what is measured are deploys, not apt.
 * @typedef {{ hosts: Host[], database: Host }} Fleet
 *
 * Removes what an earlier bench left, and returns the key of all hosts and what brings up a fleet.
 * @param {{ folder: string, say: (line: string) => void, name?: string }} options
 * `name` is what the hosts go by.
 */
export async function newFleets({ folder, say, name: of = test }) {
  await down(of);
  const key = await makeKey(folder);
  const one = (/** @type {string} */ name) =>
    up(
      { test: of, name, suite: "bookworm", kind: "ready", authorizedKeys: [key.publicKey], password: accounts.sudo },
      say,
    );
  /** @type {(letter: string, size: number) => Promise<Fleet>} */
  const bringUp = async (letter, size) => {
    say(`Bringing up ${size + 1} hosts.`);
    const database = await one(`db-${letter}`);
    await servePostgres(database, { database: "mysite", user: "mysite", password: accounts.database });
    const hosts = [];
    for (let number = 1; number <= size; number++) hosts.push(await one(`app${number}-${letter}`));
    return { hosts, database };
  };
  return { key, bringUp };
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
