// The whole test from whatever state the machine is in:
//   npm test                      everything
//   npm test -- unit              what needs no hosts
//   npm test -- e2e [pattern]     what needs them; pattern picks test files
//   --full                        whole matrices instead of their typical cases
// Needs Node.js 20 or newer and nothing from npm. The last line printed is `N passed, N failed, N skipped`.
import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  cacheFolder,
  downAll,
  ensureCommands,
  ensureEngine,
  image,
  LabUnavailable,
  projectFolder,
} from "./lab/index.mjs";
import { countPytest, countVitest } from "./test/counts.mjs";
import { Steps } from "./test/steps.mjs";
import {
  ensureNodeModules,
  ensurePythonTooling,
  findOtherPython,
  otherVenv,
  pathWithNode24,
  venv,
} from "./test/tooling.mjs";

const reports = join(cacheFolder, "reports");
const collectionTests = "ansible_collections/django_ansible/deploy/tests/unit";
const options = process.argv.slice(2).filter((argument) => argument.startsWith("--"));
const [part = "all", ...patterns] = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
if (!["all", "unit", "e2e"].includes(part) || options.some((option) => option !== "--full")) {
  console.error("usage: npm test [-- [--full] [unit | e2e [pattern]]]");
  process.exit(2);
}

const steps = new Steps();
const runId = randomBytes(2).toString("hex");
/** Containers, networks and volumes of this run begin with it, so that its end removes those and no others. */
const prefix = `e2e-${runId}-`;
let tidying = false;

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.on(signal, async () => {
    for (const child of steps.running) child.kill(signal);
    await tidy();
    process.exit(130);
  });
}

const start = Date.now();
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });

// Hosts are baked while the unit tests run: the first waits for the network, the second for the processor.
const lab = part === "unit" ? Promise.resolve(undefined) : prepareLab();
const [node, python] = await Promise.all([
  steps.prepare("npm packages", ensureNodeModules),
  steps.prepare("Python tooling", () => ensurePythonTooling(steps.say)),
]);
/** @type {NodeJS.ProcessEnv} */
const env = { PATH: pathWithNode24(), DAD_E2E_RUN: runId, ...(options.includes("--full") ? { DAD_FULL: "1" } : {}) };

if (part !== "e2e") await Promise.all([testScripts(), testCollection(), testStyle()]);
const reason = await lab;
if (part !== "unit") {
  if (reason !== undefined) steps.lack("End to end", reason);
  else if (node !== undefined && python !== undefined) await testOnHosts();
  await tidy();
}

const { passed, failed, skipped } = steps.total;
console.log(
  `\nTook ${Math.floor((Date.now() - start) / 60_000)} min ${Math.round(((Date.now() - start) / 1000) % 60)} s.`,
);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 ? 1 : 0;

async function testScripts() {
  if (node === undefined) return;
  await steps.test("Lint", ["npm", "run", "--silent", "lint"], { env });
  await steps.test("Prose", ["npm", "run", "--silent", "lint:prose"], { env });
  await steps.test("Lint of Python", ["npm", "run", "--silent", "lint:python"], { env });
  await steps.test("Types", ["npm", "run", "--silent", "types"], { env });
  await steps.test("Types of the end-to-end tests", npx("tsc", "-p", "__tests__/e2e"), { env });
  // Its tools are installed for it alone, so that a quick test needs neither Go nor another environment.
  if (env.DAD_FULL) await steps.test("Workflows", ["npm", "run", "--silent", "workflows"], { env });
  if (env.DAD_FULL) await steps.test("Documentation site", ["npm", "run", "--silent", "site"], { env });
  await vitest("Unit and integration", "unit.json", []);
}

async function testStyle() {
  if (node === undefined) return;
  await steps.test("Style of the collection", ["npm", "run", "--silent", "lint:ansible"], { env });
  if (env.DAD_FULL) await steps.test("ansible-test sanity", ["npm", "run", "--silent", "sanity"], { env });
}

async function testCollection() {
  if (python === undefined) return;
  // Much of both is waiting for processes that they start.
  await Promise.all([pytest("Collection", "pytest.xml", venv), testWithOtherAnsible()]);
}

async function testWithOtherAnsible() {
  const title = "Collection with the other ansible-core";
  const other = await findOtherPython();
  if (other === undefined) return steps.skip(title, "there is no Python for it here");
  const prepare = () => ensurePythonTooling(steps.say, other, otherVenv);
  const made = await steps.prepare(`Python tooling for ${other}`, prepare);
  if (made !== undefined) await pytest(title, "pytest-other.xml", otherVenv, whatMeetsAnsible());
}

/** All but what runs on hosts without ansible-core; the Pythons of hosts are met end to end. */
function whatMeetsAnsible() {
  if (env.DAD_FULL) return [collectionTests];
  const tests = [
    ...readdirSync(join(projectFolder, collectionTests)).filter((name) => name.startsWith("test_")),
    ...readdirSync(join(projectFolder, collectionTests, "plugins")).map((room) => `plugins/${room}`),
    "plugins/module_utils/host/test_module.py",
  ];
  return tests.filter((test) => test !== "plugins/module_utils").map((test) => `${collectionTests}/${test}`);
}

/**
 * @param {string} title
 * @param {string} reportName
 * @param {string} folder
 * @param {string[]} [tests]
 */
async function pytest(title, reportName, folder, tests = [collectionTests]) {
  const bin = join(folder, "bin");
  const report = join(reports, reportName);
  await steps.test(title, [join(bin, "pytest"), "-q", "-p", "no:cacheprovider", `--junitxml=${report}`, ...tests], {
    env: { ...env, PATH: `${bin}:${env.PATH}` },
    count: () => countPytest(report),
  });
}

async function testOnHosts() {
  await vitest("End to end", "e2e.json", ["--config", "__tests__/e2e/vitest.config.ts", ...patterns], true);
}

/**
 * @param {string} title
 * @param {string} reportName
 * @param {string[]} args
 * @param {boolean} [live]
 */
async function vitest(title, reportName, args, live = false) {
  const report = join(reports, reportName);
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  await steps.test(title, npx("vitest", "run", ...reporters, ...args), { env, live, count: () => countVitest(report) });
}

/** @param {[string, ...string[]]} command */
function npx(...[name, ...args]) {
  return [join(projectFolder, "node_modules/.bin", name), ...args];
}

/** Returns why there are no hosts, or nothing when there are. */
async function prepareLab() {
  try {
    await ensureCommands(["git", "ssh", "ssh-keygen"], steps.say);
    await ensureEngine(steps.say);
    await image("bookworm", "ready", steps.say);
    await image("trixie", "base", steps.say);
    await image("trixie", "engine", steps.say);
    // The second is made from the first.
    for (const suite of /** @type {const} */ (["forky", "ubuntu-like"])) await image(suite, "ready", steps.say);
    return undefined;
  } catch (error) {
    if (error instanceof LabUnavailable) return error.message;
    steps.total.failed += 1;
    return error instanceof Error ? error.message : String(error);
  }
}

/** Removes what the end-to-end tests of this run left, if they died before they could. */
async function tidy() {
  if (tidying || part === "unit") return;
  tidying = true;
  await downAll(prefix).catch(() => {});
}
