// What a new revision costs in processor time, beside what it did at another commit of this repository. `node bench/cost.mjs COMMIT [pairs] [hosts]`.
// Each pair deploys the same commit of the application with both, one after the other, so that what else the machine does meets both. Needs root, for
// the control groups that it reads the processor time from.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { countedGroup, groupOf, used } from "../scripts/lab/control-groups.mjs";
import {
  down,
  ensureCommands,
  ensureEngine,
  ensurePython,
  must,
  projectFolder,
  runAction,
} from "../scripts/lab/index.mjs";
import { newFleets } from "./fleet.mjs";
import { expectVersion } from "./page.mjs";
import { accounts, inventoryFile, makeApplication, serverName, writeSettings } from "./project.mjs";
import { readyAnsible } from "./ready.mjs";
import { summarize } from "./statistics.mjs";

const [before, pairs = "5", hosts = "1"] = process.argv.slice(2);
const size = Number(hosts);
if (before === undefined || !(Number(pairs) > 0) || !(size > 0)) {
  console.error(
    "node bench/cost.mjs COMMIT [pairs] [hosts]: the commit of this repository to compare with, how often, and on how many hosts.",
  );
  process.exit(2);
}

const lab = "bench-cost";
/** What still runs on a host when a deploy has ended: the old slot goes. */
const SETTLED = 4000;

/** @param {string} line */
const say = (line) => console.error(line);

const folder = mkdtempSync(join(tmpdir(), "cost-"));
/** @type {(() => void)[]} */
const ends = [];
try {
  await ensureCommands(["git", "ssh", "ssh-keygen"], say);
  await ensurePython(say);
  await ensureEngine(say);
  const old = join(folder, "action-before");
  mkdirSync(old);
  const archive = execFileSync("git", ["-C", projectFolder, "archive", before], { maxBuffer: 1 << 30 });
  execFileSync("tar", ["--extract", "--directory", old], { input: archive });
  const { key, bringUp } = await newFleets({ folder, say, name: lab });
  const vaultFile = join(folder, "vault-password");
  writeFileSync(vaultFile, accounts.vault, { mode: 0o600 });
  const ansible = await readyAnsible({ folder, toolCache: join(folder, "tool-cache-ready") });
  const application = await makeApplication(folder);
  const first = await application.next();
  /** @param {string} which @param {string} action */
  const contender = async (which, action) => {
    const fleet = await bringUp(which, size);
    const project = join(folder, `project-${which}`);
    execFileSync("cp", ["-r", application.work, project]);
    await writeSettings({ to: project, fleet, sizes: [size], vaultFile, ansible: ansible.bin });
    const { group, enter, end } = countedGroup(which);
    ends.push(end);
    const containers = await Promise.all(fleet.hosts.map((host) => groupOf(host.container)));
    const usedByHosts = () => containers.reduce((sum, one) => sum + used(one), 0);
    const deploy = async (/** @type {number} */ version) => {
      await must(["git", "-C", project, "pull", "--quiet", application.work, "main"]);
      const start = { host: usedByHosts(), runner: used(group), now: performance.now() };
      const result = await runAction({
        action,
        onStart: enter,
        project,
        folder: mkdtempSync(join(folder, "run-")),
        toolCache: join(folder, `tool-cache-${which}`),
        inputs: {
          "inventory-file": inventoryFile(size),
          "ssh-private-key": key.text,
          "known-hosts": `${fleet.hosts.flatMap((host) => host.hostKeyLines).join("\n")}\n`,
          "become-password": accounts.sudo,
          "vault-password": accounts.vault,
        },
      });
      if (result.code !== 0) throw new Error(`The deploy failed:\n${result.log}`);
      const wall = (performance.now() - start.now) / 1000;
      for (const host of fleet.hosts) await expectVersion(host.httpPort, serverName, version);
      await sleep(SETTLED);
      return { host: usedByHosts() - start.host, runner: used(group) - start.runner, wall };
    };
    return { name: which, deploy };
  };
  const contenders = [await contender("before", old), await contender("now", projectFolder)];
  /** @type {Record<string, { host: number, runner: number, wall: number }[]>} */
  const seen = { before: [], now: [] };
  for (const one of contenders) await one.deploy(first);
  // The second deploy is the first that finds everything as it stays.
  const second = await application.next();
  for (const one of contenders) await one.deploy(second);
  for (let pair = 1; pair <= Number(pairs); pair++) {
    const version = await application.next();
    for (const one of pair % 2 ? contenders : [...contenders].reverse()) {
      const cost = await one.deploy(version);
      seen[one.name]?.push(cost);
      say(
        `${pair} ${one.name}: host ${cost.host.toFixed(2)} s, runner ${cost.runner.toFixed(2)} s, wall ${cost.wall.toFixed(1)} s`,
      );
    }
  }
  /** @type {(name: string, what: "host" | "runner" | "wall" | "both") => number[]} */
  const of = (name, what) => (seen[name] ?? []).map((cost) => (what === "both" ? cost.host + cost.runner : cost[what]));
  for (const what of /** @type {const} */ (["host", "runner", "both", "wall"])) {
    const [then, now] = [summarize(of("before", what)), summarize(of("now", what))];
    const ratios = summarize(of("now", what).map((seconds, at) => seconds / (of("before", what)[at] ?? Number.NaN)));
    const spread = `${ratios.least.toFixed(2)}–${ratios.most.toFixed(2)}`;
    console.log(
      `${what}: ${then.median.toFixed(2)} s at ${before.slice(0, 7)}, ${now.median.toFixed(2)} s now; ratio of the pairs ${ratios.median.toFixed(2)} (${spread})`,
    );
  }
} finally {
  if (process.env.BENCH_KEEP === undefined) await down(lab);
  for (const end of ends) end();
  rmSync(folder, { recursive: true, force: true });
}
