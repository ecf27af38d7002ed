// How long the bundle takes to its first own line, beside Node that does nothing. `node bench/first-line.mjs [runs]`.
// Each run starts the two one after the other, so that what else the machine does meets both; the medians are compared.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { summarize } from "./statistics.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const runs = Number(process.argv[2] ?? 41);
const folder = mkdtempSync(join(tmpdir(), "first-line-"));
const bundle = process.argv[3] ?? join(root, "dist/main/index.js");
const bare = join(folder, "bare.mjs");
writeFileSync(bare, 'process.stdout.write("x\\n");\n');

/**
 * Milliseconds from the start of a script to its first piece of output, and to its end.
 * @param {string} script
 * @returns {Promise<Times>}
 * @typedef {{ first: number, end: number }} Times
 */
function start(script) {
  return new Promise((resolve, reject) => {
    const env = {
      PATH: process.env.PATH,
      HOME: folder,
      RUNNER_TEMP: folder,
      GITHUB_WORKSPACE: folder,
      "INPUT_BECOME-PASSWORD": "a-secret",
    };
    const began = performance.now();
    let first = 0;
    const child = spawn(process.execPath, [script], { env, cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
    child.stdout.on("data", () => {
      first ||= performance.now() - began;
    });
    child.on("error", reject);
    child.on("close", () => resolve({ first, end: performance.now() - began }));
  });
}

/** @type {{ bare: Times[], bundle: Times[] }} */
const seen = { bare: [], bundle: [] };
for (let run = 0; run < runs + 2; run++) {
  const [one, other] = [await start(bare), await start(bundle)];
  // The first ones read the files from the disk.
  if (run < 2) continue;
  seen.bare.push(one);
  seen.bundle.push(other);
}
rmSync(folder, { recursive: true });
/**
 * @param {"bare" | "bundle"} name
 * @param {"first" | "end"} what
 */
const of = (name, what) => summarize(seen[name].map((times) => times[what])).median;
console.log(`Node ${process.version}, ${runs} pairs, medians:`);
console.log(`bare Node:  first line ${of("bare", "first").toFixed(1)} ms, end ${of("bare", "end").toFixed(1)} ms`);
console.log(`the bundle: first line ${of("bundle", "first").toFixed(1)} ms, end ${of("bundle", "end").toFixed(1)} ms`);
console.log(
  `first line: ${(of("bundle", "first") / of("bare", "first")).toFixed(2)} times that of bare Node, ${(of("bundle", "first") / of("bare", "end")).toFixed(2)} times its end`,
);
