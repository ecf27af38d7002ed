import { mkdtempSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { down, must } from "../scripts/lab/index.mjs";
import { action, withoutAnsible } from "./contenders.mjs";
import { newFleets, test } from "./fleet.mjs";
import { fetchPage } from "./page.mjs";
import { accounts, inventoryFile, makeApplication, writeSettings } from "./project.mjs";
import { summarize, timed } from "./statistics.mjs";

const size = 2;
const command = "version";

/**
 * `refused` counts connections that nginx did not take while maintenance was switched on and off, of `asked`.
 * @typedef {import("./statistics.mjs").Times} Times
 * @typedef {{ run: Times, adHoc: Times, on: Times, off: Times, asked: number, refused: number }} Operations
 */

/**
 * Times a management command that does nothing, beside the same one by `ansible` ad hoc, and maintenance on and off on two hosts that visitors ask meanwhile.
 * @param {{ folder: string, toolCache: string, ansible: import("./ready.mjs").Ansible, runs: number, keep: boolean,
 *   say: (line: string) => void }} options
 * @returns {Promise<Operations>}
 */
export async function measureOperations({ folder: shared, toolCache, ansible, runs, keep, say }) {
  const folder = mkdtempSync(join(shared, "operations-"));
  try {
    const { key, bringUp } = await newFleets({ folder, say });
    const fleet = await bringUp("action", size);
    const vaultFile = join(folder, "vault-password");
    writeFileSync(vaultFile, accounts.vault, { mode: 0o600 });
    const become = join(folder, "become-password");
    writeFileSync(become, accounts.sudo, { mode: 0o600 });
    const application = await makeApplication(folder);
    await writeSettings({ to: application.work, fleet, sizes: [size], vaultFile, ansible: ansible.bin });
    const ours = await action({ folder, key, ansible, fleet, project: application.work, toolCache });
    await application.next();
    await application.commit();
    await ours.deploy(size);
    const hostKeys = join(folder, "known-hosts");
    writeFileSync(hostKeys, `${fleet.hosts.flatMap((host) => host.hostKeyLines).join("\n")}\n`);
    const adHoc = () =>
      must(
        [
          ...[join(ansible.bin, "ansible"), fleet.hosts[0]?.name ?? "", "--inventory", inventoryFile(size), "--become"],
          ...["--private-key", key.file, `--ssh-common-args=-o UserKnownHostsFile=${hostKeys}`],
          ...["--become-password-file", become, "--vault-password-file", vaultFile],
          ...["--module-name", "ansible.builtin.command", "--args", `/usr/local/bin/mysite-manage ${command}`],
        ],
        // A home of its own is a job on a new runner: no connection is left from the run before.
        { cwd: application.work, env: { ...withoutAnsible(process.env), HOME: mkdtempSync(join(folder, "h")) } },
      );
    /** @type {Record<"run" | "adHoc" | "on" | "off", number[]>} */
    const seen = { run: [], adHoc: [], on: [], off: [] };
    const visitors = ask(fleet.hosts.map((host) => host.httpPort));
    for (let count = 1; count <= runs; count++) {
      seen.adHoc.push((await timed(adHoc)).seconds);
      seen.run.push(await ours.operate("run", size, { command }));
      for (const kind of /** @type {const} */ (["on", "off"])) {
        seen[kind].push(await ours.operate(`maintenance-${kind}`, size, {}));
        for (const host of fleet.hosts) {
          const closed = (await fetchPage(host.httpPort, ours.serverName)).includes("Down for maintenance");
          if (closed !== (kind === "on")) throw new Error(`maintenance-${kind} had no effect on ${host.name}.`);
        }
      }
      const told = Object.entries(seen).map(([name, seconds]) => `${name} ${seconds.at(-1)?.toFixed(1)} s`);
      say(`operations ${count}/${runs}: ${told.join(", ")}`);
    }
    const { asked, refused } = await visitors.stop();
    const [run, other, on, off] = [seen.run, seen.adHoc, seen.on, seen.off].map(summarize);
    if (!run || !other || !on || !off) throw new Error("There are four lists.");
    return { run, adHoc: other, on, off, asked, refused };
  } finally {
    if (!keep) await down(test);
  }
}

/**
 * Connects to each port without a pause until it is stopped.
 * @param {number[]} ports
 */
function ask(ports) {
  const counts = { asked: 0, refused: 0 };
  let asking = true;
  const all = ports.map(async (port) => {
    while (asking) {
      counts.asked++;
      if (!(await answers(port))) counts.refused++;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  return {
    stop: async () => {
      asking = false;
      await Promise.all(all);
      return counts;
    },
  };
}

/**
 * Whether a request is answered at all. A published port is taken by Docker, so that a connection alone says nothing.
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let said = "";
    socket.setEncoding("utf8").on("data", (text) => {
      said += text;
    });
    socket.on("error", () => resolve(false)).on("close", () => resolve(said.startsWith("HTTP/1.1 ")));
    // Not ended: nginx gives up a request whose sender has gone.
    socket.write("GET / HTTP/1.1\r\nHost: mysite.example\r\nConnection: close\r\n\r\n");
  });
}
