import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { countedGroup, used } from "../scripts/lab/control-groups.mjs";
import { down } from "../scripts/lab/index.mjs";
import { action, tutorial } from "./contenders.mjs";
import { newFleets, placeRepository } from "./fleet.mjs";
import { expectVersion } from "./page.mjs";
import { accounts, makeApplication, writeSettings } from "./project.mjs";
import { summarize } from "./statistics.mjs";

/**
 * Seconds of processor time on the runner: of a run for one host, and what each further host adds.
 * @typedef {import("./statistics.mjs").Times} Times
 * @typedef {{ one: Times, more: Times }} Share
 * @typedef {{ sizes: { action: number, tutorial: number }, load: string, action: { noop: Share, revision: Share }, tutorial: { noop: Share, revision: Share } }} Runner
 */

/** Not the name of the other parts: this one may run beside them. */
const lab = "bench-runner";

/** Hosts of the tutorial role at most. */
const MOST_USUAL = 4;

/**
 * What a run takes of the runner's processor, on one host and on many. Seconds of waiting are not in it, so that other work on the machine changes
 * it little. This process does next to nothing meanwhile, and so it may be in the control group that is read. Needs root for that.
 * @param {{ folder: string, toolCache: string, ansible: import("./ready.mjs").Ansible, runs: number, sizes: number[],
 *   keep: boolean, say: (line: string) => void }} options
 * @returns {Promise<Runner>}
 */
export async function measureRunner({ folder: all, toolCache, ansible, runs, sizes, keep, say }) {
  // Of its own: the deploys that are measured in the same run have theirs.
  const folder = mkdtempSync(join(all, "runner-"));
  const size = Math.max(2, ...sizes);
  // Each of its hosts costs the same, and two dozen more of them an hour.
  const hostsOf = { action: size, tutorial: Math.min(size, MOST_USUAL) };
  const { group, enter, leave, end } = countedGroup("runner");
  try {
    const { key, bringUp } = await newFleets({ folder, say, name: lab });
    const usual = await bringUp("usual", hostsOf.tutorial);
    const own = await bringUp("action", hostsOf.action);
    const vaultFile = join(folder, "vault-password");
    writeFileSync(vaultFile, accounts.vault, { mode: 0o600 });
    const application = await makeApplication(folder);
    const settings = { vaultFile, ansible: ansible.bin, sizes: [1, hostsOf.tutorial, hostsOf.action] };
    await writeSettings({ ...settings, to: application.work, fleet: own });
    const shared = { folder, key, ansible };
    const contenders = {
      action: await action({ ...shared, fleet: own, project: application.work, toolCache }),
      tutorial: await tutorial({ ...shared, fleet: usual, settings }),
    };
    const names = /** @type {const} */ (["tutorial", "action"]);
    const publish = async () => {
      const version = await application.next();
      await placeRepository(application.bare, usual.hosts);
      return version;
    };
    /** @param {typeof names[number]} name @param {number} hosts @param {number} version */
    const deploy = async (name, hosts, version) => {
      const start = used(group);
      await contenders[name].deploy(hosts);
      const seconds = used(group) - start;
      for (const host of contenders[name].hosts.slice(0, hosts))
        await expectVersion(host.httpPort, contenders[name].serverName, version);
      return seconds;
    };
    enter(process);
    let version = await publish();
    say("First deploys, not measured.");
    // All hosts of the tutorial role migrate at once, which an empty database does not stand.
    for (const name of names) for (const hosts of [1, hostsOf[name], hostsOf[name]]) await deploy(name, hosts, version);
    const share = () => ({ one: /** @type {number[]} */ ([]), more: /** @type {number[]} */ ([]) });
    const seen = {
      action: { noop: share(), revision: share() },
      tutorial: { noop: share(), revision: share() },
    };
    for (let count = 1; count <= runs; count++) {
      for (const name of names) {
        version = await publish();
        const revision = { one: await deploy(name, 1, version), all: Number.NaN };
        const noop = { one: await deploy(name, 1, version), all: Number.NaN };
        version = await publish();
        revision.all = await deploy(name, hostsOf[name], version);
        noop.all = await deploy(name, hostsOf[name], version);
        for (const [kind, { one, all }] of /** @type {const} */ ([
          ["noop", noop],
          ["revision", revision],
        ])) {
          seen[name][kind].one.push(one);
          seen[name][kind].more.push((all - one) / (hostsOf[name] - 1));
          say(`${name}, ${kind}: ${one.toFixed(2)} s of the runner on 1 host, ${all.toFixed(2)} s on ${hostsOf[name]}`);
        }
      }
    }
    /** @param {typeof names[number]} name @param {"noop" | "revision"} kind */
    const of = (name, kind) => ({ one: summarize(seen[name][kind].one), more: summarize(seen[name][kind].more) });
    const pair = (/** @type {typeof names[number]} */ name) => ({
      noop: of(name, "noop"),
      revision: of(name, "revision"),
    });
    const load = readFileSync("/proc/loadavg", "utf8").split(" ")[2] ?? "";
    return { sizes: hostsOf, load, action: pair("action"), tutorial: pair("tutorial") };
  } finally {
    if (!keep) await down(lab);
    leave(process);
    end();
  }
}
