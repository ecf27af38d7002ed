import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { down, must } from "../scripts/lab/index.mjs";
import { action } from "./contenders.mjs";
import { delayed } from "./delay.mjs";
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
  /** @type {Awaited<ReturnType<typeof delayed>>[]} */
  const ways = [];
  try {
    const { key, bringUp } = await newFleets({ folder, say });
    const direct = await bringUp("far", 1);
    const host = direct.hosts[0];
    if (host === undefined) throw new Error("No host came up.");
    const way = await delayed(host.sshPort);
    ways.push(way);
    const lines = host.hostKeyLines.map((line) => line.replace(`]:${host.sshPort} `, `]:${way.port} `));
    const fleet = { ...direct, hosts: [{ ...host, sshPort: way.port, hostKeyLines: lines }] };
    const vaultFile = join(folder, "vault-password");
    writeFileSync(vaultFile, accounts.vault, { mode: 0o600 });
    const application = await makeApplication(folder);
    await writeSettings({ to: application.work, fleet, sizes: [1], vaultFile, ansible: ansible.bin });
    const ours = await action({ folder, key, ansible, fleet, project: application.work, toolCache });
    const hostKeys = join(folder, "known-hosts");
    writeFileSync(hostKeys, `${lines.join("\n")}\n`);
    const login = [
      ...[
        "ssh",
        "-i",
        key.file,
        "-o",
        "IdentitiesOnly=yes",
        "-o",
        `UserKnownHostsFile=${hostKeys}`,
        "-o",
        "BatchMode=yes",
      ],
      ...["-p", String(way.port), `${host.user}@${host.address}`, "true"],
    ];
    /** @type {Record<keyof RoundTrips, (readonly [number, number])[]>} */
    const seen = { login: [], noop: [], revision: [], rollback: [] };
    /** @param {keyof RoundTrips} kind @param {() => Promise<unknown>} work */
    const once = async (kind, work) => {
      const start = performance.now();
      await work();
      const seconds = (performance.now() - start) / 1000;
      seen[kind].push([way.seconds, seconds]);
      say(`${kind}, ${way.seconds * 1000} ms added: ${seconds.toFixed(1)} s`);
    };
    await application.next();
    await ours.deploy(1);
    for (let count = 1; count <= runs; count++) {
      for (const latency of latencies) {
        const version = await application.next();
        way.seconds = latency;
        await once("revision", () => ours.deploy(1));
        await expectVersion(host.httpPort, ours.serverName, version);
        await once("noop", () => ours.deploy(1));
        await once("rollback", () => ours.operate("rollback", 1, {}));
        await expectVersion(host.httpPort, ours.serverName, version - 1);
        await once("login", () => must(login));
      }
    }
    return {
      login: slope(seen.login),
      noop: slope(seen.noop),
      revision: slope(seen.revision),
      rollback: slope(seen.rollback),
    };
  } finally {
    for (const way of ways) way.close();
    if (!keep) await down(test);
  }
}
