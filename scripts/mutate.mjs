// Mutation of src/: `npm run mutate` for every room below, `npm run mutate -- process play` for some. Each room is tried by
// its own tests alone, so that a mutant takes seconds. `--again` keeps what the last run found where neither the code nor its
// tests changed. Prints the score of each, and fails below the bar.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const BAR = 80;

/** @type {Record<string, { mutate: string[], tests: string[] }>} */
const ROOMS = {
  process: { mutate: ["src/process/**/*.ts"], tests: ["__tests__/process/**/*.test.ts"] },
  secrets: { mutate: ["src/secrets/**/*.ts"], tests: ["__tests__/secrets/**/*.test.ts"] },
  inputs: { mutate: ["src/inputs/**/*.ts"], tests: ["__tests__/inputs/**/*.test.ts"] },
  play: { mutate: ["src/play/**/*.ts"], tests: ["__tests__/play/**/*.test.ts"] },
  deploy: {
    // A comma parts patterns on the command line, so there is none in braces.
    mutate: ["src/deploy.ts", "src/end-now.ts", "src/watchdog.ts", "src/known.ts"],
    tests: ["__tests__/{deploy,end-now,watchdog}.test.ts"],
  },
};

const root = dirname(dirname(fileURLToPath(import.meta.url)));
mkdirSync(join(root, ".cache"), { recursive: true });
const again = process.argv.includes("--again");
const asked = process.argv.slice(2).filter((word) => word !== "--again");
const unknown = asked.find((name) => !(name in ROOMS));
if (unknown) throw new Error(`${unknown} is none of ${Object.keys(ROOMS).join(", ")}`);
const scores = (asked.length > 0 ? asked : Object.keys(ROOMS)).map(
  (name) => /** @type {const} */ ([name, scoreOf(name)]),
);
for (const [name, score] of scores) console.log(`${name}: ${score.toFixed(1)} %`);
process.exitCode = scores.every(([, score]) => score >= BAR) ? 0 : 1;

/**
 * Mutates a room.
 * @param {string} name
 * @returns {number} percent of the mutants that a test noticed.
 */
function scoreOf(name) {
  const { mutate, tests } = ROOMS[name] ?? { mutate: [], tests: [] };
  const report = join(root, ".cache", `mutation-${name}.json`);
  const kept = join(root, ".cache", `mutation-${name}-kept.json`);
  const stryker = join(root, "node_modules/@stryker-mutator/core/bin/stryker.js");
  const { status } = spawnSync(process.execPath, [stryker, "run", "--mutate", mutate.join(",")], {
    cwd: root,
    env: {
      ...{ ...process.env, MUTATE_TESTS: JSON.stringify(tests), MUTATE_REPORT: report },
      ...{ MUTATE_KEPT: kept, MUTATE_AGAIN: again ? "1" : "" },
    },
    stdio: "inherit",
  });
  if (status !== 0) throw new Error(`${name} could not be mutated`);
  /** @type {{ files: Record<string, { mutants: { status: string }[] }> }} */
  const { files } = JSON.parse(readFileSync(report, "utf8"));
  const states = Object.values(files).flatMap(({ mutants }) => mutants.map(({ status }) => status));
  if (states.length === 0) throw new Error(`${name} has nothing to mutate`);
  const count = (/** @type {string[]} */ ...names) => states.filter((state) => names.includes(state)).length;
  return (100 * count("Killed", "Timeout")) / count("Killed", "Timeout", "Survived", "NoCoverage");
}
