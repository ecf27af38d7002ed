// Measures what a deploy costs in time: this action beside the usual tutorial role and beside plain shell over ssh.
//   npm run bench                        everything; the hosts are containers on this machine
//   npm run bench -- --parts ready       `ready`, `first`, `deploy`, `runner`, `rollback`, `containers`, `operations`, `roundtrips`, `latency`, `latency-containers`, `heart`; all of them by default
//   npm run bench -- roundtrips          a part may also stand by itself
//   npm run bench -- --runs 3 --hosts 1,2
//   npm run bench -- latency --hosts 2,32 --delays 0,50 --peers 8 --cold 2 --minutes 20   delays in milliseconds; how many hosts slow
//                                        peers and cold runs get at most; after how long no other deploy of this part is begun
//   npm run bench -- --out FILE          instead of bench/RESULTS.md; `-` only prints
//   npm run bench -- --keep              leave the hosts up; the next bench begins with new ones
// Needs Node.js 20 or newer and nothing from npm but the action's own build in dist/.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ensureCommands, ensureEngine, ensurePython, LabUnavailable, projectFolder } from "../scripts/lab/index.mjs";
import { measureContainers } from "./containers.mjs";
import { measureDeploys } from "./deploys.mjs";
import { measureFirst } from "./first.mjs";
import { test } from "./fleet.mjs";
import { measureHeart } from "./heart.mjs";
import { measureLatency } from "./latency.mjs";
import { machineFacts } from "./machine.mjs";
import { measureOperations } from "./operations.mjs";
import { measureReady, readyAnsible } from "./ready.mjs";
import { report } from "./report/page.mjs";
import { measureRollbacks } from "./rollback.mjs";
import { measureRoundTrips } from "./round-trips.mjs";
import { measureRunner } from "./runner.mjs";

const all = [
  "ready",
  "first",
  "deploy",
  "runner",
  "rollback",
  "containers",
  "operations",
  "roundtrips",
  "latency",
  "latency-containers",
  "heart",
];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: "string", default: "5" },
    hosts: { type: "string", default: "1,2,8" },
    delays: { type: "string", default: "0,50,100" },
    peers: { type: "string", default: "8" },
    cold: { type: "string", default: "2" },
    minutes: { type: "string", default: "60" },
    parts: { type: "string", default: all.join(",") },
    out: { type: "string", default: join(projectFolder, "bench/RESULTS.md") },
    keep: { type: "boolean", default: false },
  },
});
const runs = Number(values.runs);
const sizes = values.hosts.split(",").map(Number);
const delays = values.delays.split(",").map(Number);
const most = { peers: Number(values.peers), cold: Number(values.cold), minutes: Number(values.minutes) };
const parts = positionals.length > 0 ? positionals : values.parts.split(",");
if (![runs, ...sizes].every((count) => Number.isInteger(count) && count > 0)) {
  console.error("--runs is a whole number above 0, --hosts a list of such numbers separated by commas.");
  process.exit(2);
}
if (![...delays, ...Object.values(most)].every((count) => Number.isInteger(count) && count >= 0)) {
  console.error(
    "--delays is a list of whole milliseconds separated by commas, --peers, --cold and --minutes are whole numbers.",
  );
  process.exit(2);
}
if (parts.some((part) => !all.includes(part))) {
  console.error(`--parts is a list of ${all.join(", ")}, separated by commas.`);
  process.exit(2);
}

/** @param {string} line */
const say = (line) => console.error(line);
const started = Date.now();
const folder = mkdtempSync(join(tmpdir(), "bench-"));
try {
  await ensureCommands(["git", "ssh", "ssh-keygen"], say);
  await ensurePython(say);
  if (parts.some((part) => part !== "ready")) await ensureEngine(say);
  const toolCache = join(folder, "tool-cache");
  mkdirSync(toolCache);
  // A part that fails leaves the others their results.
  /** @type {<T>(name: string, work: () => Promise<T>) => Promise<T | undefined>} */
  const part = async (name, work) => {
    if (!parts.includes(name)) return undefined;
    try {
      return await work();
    } catch (error) {
      if (error instanceof LabUnavailable) throw error;
      say(`${name} was not measured: ${error instanceof Error ? error.stack : error}`);
      process.exitCode = 1;
      return undefined;
    }
  };
  const ready = await part("ready", () => measureReady({ folder, runs, say }));
  const ansible = await readyAnsible({ folder, toolCache });
  const usual = { folder, toolCache, ansible, runs, keep: values.keep, say };
  const first = await part("first", () => measureFirst(usual));
  const deploys = await part("deploy", () => measureDeploys({ ...usual, sizes }));
  const runner = await part("runner", () => measureRunner({ ...usual, sizes }));
  const rollbacks = await part("rollback", () => measureRollbacks(usual));
  const containers = await part("containers", () => measureContainers({ ...usual, delays: [0] }));
  const operations = await part("operations", () => measureOperations(usual));
  const roundTrips = await part("roundtrips", () => measureRoundTrips(usual));
  const latency = await part("latency", () => measureLatency({ ...usual, sizes, delays, most }));
  const farContainers = await part("latency-containers", () =>
    measureContainers({ ...usual, delays, name: "bench-latency" }),
  );
  const heart = await part("heart", () => measureHeart(usual));
  const text = report({
    runs,
    ready,
    first,
    deploys,
    runner,
    rollbacks,
    containers,
    operations,
    roundTrips,
    latency,
    farContainers,
    heart,
    machine: await machineFacts(ansible),
    minutes: (Date.now() - started) / 60_000,
  });
  console.log(text);
  if (values.out !== "-") writeFileSync(resolve(values.out), text);
} catch (error) {
  if (!(error instanceof LabUnavailable)) throw error;
  say(error.message);
  process.exitCode = 1;
} finally {
  if (values.keep)
    say(`The hosts stay up; their key is in ${folder}. \`node scripts/lab/cli.mjs down ${test}\` removes the hosts.`);
  else rmSync(folder, { recursive: true, force: true });
}
