import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { down, must } from "../scripts/lab/index.mjs";
import { action, knownHosts, sshTo } from "./contenders.mjs";
import { farther } from "./delay.mjs";
import { newFleets, test } from "./fleet.mjs";
import { expectVersion } from "./page.mjs";
import { accounts, makeApplication, writeSettings } from "./project.mjs";
import { slope } from "./statistics.mjs";

/** Seconds that are added to each round trip. */
const latencies = [0, 0.25, 0.5];

/** @typedef {{ login: number, noop: number, revision: number, rollback: number }} RoundTrips */

/**
 * Counts the round trips to one host that a run waits for, by how much longer it takes for each second that is added to them: what the machine itself
 * takes, and its noise, is the same at every latency.
 * @param {{ folder: string, toolCache: string, ansible: import("./ready.mjs").Ansible, runs: number, keep: boolean,
 *   say: (line: string) => void }} options
 * @returns {Promise<RoundTrips>}
 */
export async function measureRoundTrips({ folder: shared, toolCache, ansible, runs, keep, say }) {
  const folder = mkdtempSync(join(shared, "round-trips-"));
  /** @type {(() => void)[]} */
  const ends = [];
  try {
    const { key, bringUp } = await newFleets({ folder, say });
    const direct = await bringUp("far", 1);
    const { hosts, set, close } = await farther(direct.hosts);
    ends.push(close);
    const fleet = { ...direct, hosts };
    const [host] = hosts;
    if (host === undefined) throw new Error("No host came up.");
    const vaultFile = join(folder, "vault-password");
    writeFileSync(vaultFile, accounts.vault, { mode: 0o600 });
    const application = await makeApplication(folder);
    await writeSettings({ to: application.work, fleet, sizes: [1], vaultFile, ansible: ansible.bin });
    const ours = await action({ folder, key, ansible, fleet, project: application.work, toolCache });
    const hostKeys = join(folder, "known-hosts");
    writeFileSync(hostKeys, knownHosts(hosts));
    const login = [...sshTo(host, key, hostKeys), "true"];
    /** @type {Record<keyof RoundTrips, (readonly [number, number])[]>} */
    const seen = { login: [], noop: [], revision: [], rollback: [] };
    /** @param {keyof RoundTrips} kind @param {number} latency @param {() => Promise<unknown>} work */
    const once = async (kind, latency, work) => {
      const start = performance.now();
      await work();
      const seconds = (performance.now() - start) / 1000;
      seen[kind].push([latency, seconds]);
      say(`${kind}, ${latency * 1000} ms added: ${seconds.toFixed(1)} s`);
    };
    await application.next();
    await ours.deploy(1);
    for (let count = 1; count <= runs; count++) {
      for (const latency of latencies) {
        const version = await application.next();
        set(latency);
        await once("revision", latency, () => ours.deploy(1));
        await expectVersion(host.httpPort, ours.serverName, version);
        await once("noop", latency, () => ours.deploy(1));
        await once("rollback", latency, () => ours.operate("rollback", 1, {}));
        await expectVersion(host.httpPort, ours.serverName, version - 1);
        await once("login", latency, () => must(login));
      }
    }
    return {
      login: slope(seen.login),
      noop: slope(seen.noop),
      revision: slope(seen.revision),
      rollback: slope(seen.rollback),
    };
  } finally {
    for (const end of ends) end();
    if (!keep) await down(test);
  }
}
