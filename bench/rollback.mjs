import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { down, onHost } from "../scripts/lab/index.mjs";
import { action } from "./contenders.mjs";
import { newFleets, test } from "./fleet.mjs";
import { fetchPage } from "./page.mjs";
import { accounts, makeApplication, writeSettings } from "./project.mjs";
import { summarize } from "./statistics.mjs";

/** Seconds that the application takes to import. */
export const importSeconds = 3;
const size = 2;

/**
 * `cold` starts the older release, `standby` finds it running (`django_app_standby`). `start` is that start by itself, without a deploy.
 * @typedef {import("./statistics.mjs").Times} Times
 * @typedef {{ noop: Times, cold: Times, standby: Times, start: Times }} Rollbacks
 */

/** Starts the release that stands by anew, and prints the seconds from systemctl to the first answer on its own socket. */
const startAlone = `
slot=green
[ "$(basename "$(readlink /run/mysite/gunicorn.sock)")" = green.sock ] && slot=blue
systemctl stop "mysite@$slot.socket" "mysite@$slot.service"
python3 - "$slot" <<'END'
import socket, subprocess, sys, time
slot = sys.argv[1]
begun = time.monotonic()
subprocess.run(["systemctl", "start", "--no-block", f"mysite@{slot}.socket", f"mysite@{slot}.service"], check=True)
while True:
    try:
        with socket.socket(socket.AF_UNIX) as asked:
            asked.connect(f"/run/mysite/{slot}.sock")
            asked.sendall(b"GET / HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n")
            if asked.recv(12).startswith(b"HTTP/"):
                break
    except OSError:
        pass
    time.sleep(0.01)
print(time.monotonic() - begun)
END`;

/**
 * Times a rollback of two hosts, from the start of the step until both serve the older release, beside a deploy that has
 * nothing to do. Each rollback is to the one of two releases that does not serve.
 * @param {{ folder: string, toolCache: string, ansible: import("./ready.mjs").Ansible, runs: number, keep: boolean,
 *   say: (line: string) => void }} options
 * @returns {Promise<Rollbacks>}
 */
export async function measureRollbacks({ folder: shared, toolCache, ansible, runs, keep, say }) {
  // Key, application and settings of its own: the deploys that are measured in the same run have theirs.
  const folder = mkdtempSync(join(shared, "rollback-"));
  try {
    const { key, bringUp } = await newFleets({ folder, say });
    const fleet = await bringUp("action", size);
    const vaultFile = join(folder, "vault-password");
    writeFileSync(vaultFile, accounts.vault, { mode: 0o600 });
    const application = await makeApplication(folder);
    const entry = join(application.work, "mysite/wsgi.py");
    writeFileSync(entry, `import time\n\ntime.sleep(${importSeconds})\n${readFileSync(entry, "utf8")}`);
    await writeSettings({ to: application.work, fleet, sizes: [size], vaultFile, ansible: ansible.bin });
    const ours = await action({ folder, key, ansible, fleet, project: application.work, toolCache });
    /** @type {string[]} */
    const commits = [];
    for (const _ of [1, 2]) {
      await application.next();
      commits.push(await application.commit());
      await ours.deploy(size);
    }
    /** @type {Record<"noop" | "cold" | "standby" | "start", number[]>} */
    const seen = { noop: [], cold: [], standby: [], start: [] };
    const to = async (/** @type {number} */ version, /** @type {boolean} */ standby) => {
      const start = performance.now();
      const inputs = { revision: commits[version - 1] ?? "", vars: JSON.stringify({ django_app_standby: standby }) };
      const run = ours.operate("rollback", size, inputs);
      const switched = Promise.all(fleet.hosts.map((host) => serves(host.httpPort, ours.serverName, version)));
      const [seconds] = await Promise.all([switched.then(() => (performance.now() - start) / 1000), run]);
      return seconds;
    };
    for (let count = 1; count <= runs; count++) {
      // Stops what the round before left running.
      await ours.deploy(size);
      seen.noop.push(await ours.deploy(size));
      seen.cold.push(await to(1, false), await to(2, true));
      seen.standby.push(await to(1, true), await to(2, true));
      for (const _ of [1, 2]) {
        const starts = await Promise.all(fleet.hosts.map((host) => onHost(host, startAlone)));
        seen.start.push(Math.max(...starts.map(Number)));
      }
      const told = Object.entries(seen).map(([name, seconds]) => `${name} ${seconds.at(-1)?.toFixed(1)} s`);
      say(`rollback ${count}/${runs}: ${told.join(", ")}`);
    }
    return {
      noop: summarize(seen.noop),
      cold: summarize(seen.cold),
      standby: summarize(seen.standby),
      start: summarize(seen.start),
    };
  } finally {
    if (!keep) await down(test);
  }
}

/** @param {number} port @param {string} site @param {number} version */
async function serves(port, site, version) {
  while (!(await fetchPage(port, site)).includes(`Version ${version}<`)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
