import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must, runAction } from "../scripts/lab/index.mjs";
import { summarize, timed } from "./statistics.mjs";

/**
 * The Ansible that the action made ready; the tutorial role runs with the same one, so that only the way differs.
 * @typedef {{ bin: string, version: string, python: string }} Ansible
 *
 * @typedef {{ cold: import("./statistics.mjs").Times, warm: import("./statistics.mjs").Times, restored: import("./statistics.mjs").Times,
 *   pip: import("./statistics.mjs").Times, uvOnPath: boolean }} Ready
 */

/**
 * How long the action takes until Ansible is ready, with an empty tool cache and with a full one, and how long
 * `pip install ansible` takes right after, so that all see the same machine and network. `restored` is a tool cache that is unpacked
 * first as actions/cache does it, without the download, and the action after that.
 * @param {{ folder: string, runs: number, say: (line: string) => void }} options
 * @returns {Promise<Ready>}
 */
export async function measureReady({ folder, runs, say }) {
  const times = {
    cold: /** @type {number[]} */ ([]),
    warm: /** @type {number[]} */ ([]),
    restored: /** @type {number[]} */ ([]),
    pip: /** @type {number[]} */ ([]),
  };
  for (let count = 1; count <= runs; count++) {
    const work = mkdtempSync(join(folder, "ready-"));
    const toolCache = join(work, "tool-cache");
    const cold = await secondsUntilReady({ folder: work, toolCache });
    const warm = await secondsUntilReady({ folder: work, toolCache });
    const restored = await secondsRestored(work, toolCache);
    const pip = (await installByPip(work)).seconds;
    times.cold.push(cold);
    times.warm.push(warm);
    times.restored.push(restored);
    times.pip.push(pip);
    say(
      `ready ${count}/${runs}: cold ${cold.toFixed(1)} s, warm ${warm.toFixed(2)} s, restored ${restored.toFixed(2)} s, pip install ansible ${pip.toFixed(1)} s`,
    );
    rmSync(work, { recursive: true, force: true });
  }
  const uvOnPath = await must(["uv", "--version"]).then(
    () => true,
    () => false,
  );
  return {
    cold: summarize(times.cold),
    warm: summarize(times.warm),
    restored: summarize(times.restored),
    pip: summarize(times.pip),
    uvOnPath,
  };
}

/**
 * Fills a tool cache and says what is in it.
 * @param {{ folder: string, toolCache: string }} options
 * @returns {Promise<Ansible>}
 */
export async function readyAnsible({ folder, toolCache }) {
  await secondsUntilReady({ folder, toolCache });
  const tools = join(toolCache, "django-ansible-deploy-ansible");
  const names = readdirSync(tools, { recursive: true, encoding: "utf8" });
  const python = names.find((name) => /^[^/]+\/[^/]+\/bin\/python$/.test(name));
  if (python === undefined) throw new Error(`The action left no Ansible in ${tools}.`);
  const bin = join(tools, python, "..");
  const code = "import ansible.release as r, platform; print(r.__version__, platform.python_version())";
  const [version = "", pythonVersion = ""] = (await must([join(bin, "python"), "-I", "-c", code])).split(" ");
  return { bin, version, python: pythonVersion };
}

/**
 * From the start of the action's process to its word that Ansible is ready. What follows is a play without tasks.
 * @param {{ folder: string, toolCache: string }} options
 */
async function secondsUntilReady({ folder, toolCache }) {
  const run = mkdtempSync(join(folder, "run-"));
  const project = join(run, "project");
  mkdirSync(project);
  writeFileSync(join(project, "nothing.yml"), "- name: Nothing\n  hosts: all\n  gather_facts: false\n");
  let start = Number.NaN;
  let ready = Number.NaN;
  const result = await runAction({
    project,
    folder: run,
    toolCache,
    inputs: { playbook: "nothing.yml", hosts: "nowhere.invalid", "host-key-checking": "off" },
    onStart: () => {
      start = performance.now();
    },
    say: (line) => {
      if (Number.isNaN(ready) && /^ansible-core \S+ (from the tool cache|installed)\.$/.test(line))
        ready = performance.now();
    },
  });
  if (result.code !== 0 || Number.isNaN(ready))
    throw new Error(`The action did not make Ansible ready:\n${result.log}`);
  return (ready - start) / 1000;
}

/**
 * @param {string} folder
 * @param {string} toolCache
 */
async function secondsRestored(folder, toolCache) {
  const archive = join(folder, "cache.tzst");
  await must(["tar", "--use-compress-program", "zstd -T0", "-cf", archive, "-C", toolCache, "."]);
  rmSync(toolCache, { recursive: true });
  mkdirSync(toolCache);
  const unpacked = await timed(() =>
    must(["tar", "--use-compress-program", "unzstd", "-xf", archive, "-C", toolCache]),
  );
  return unpacked.seconds + (await secondsUntilReady({ folder, toolCache }));
}

/**
 * As a job without this action would do it: a fresh environment, nothing cached.
 * @param {string} folder
 * @param {string} [what]
 */
export async function installByPip(folder, what = "ansible") {
  const bin = join(mkdtempSync(join(folder, "pip-")), "bin");
  await must(["python3", "-m", "venv", join(bin, "..")]);
  const argv = [join(bin, "pip"), "install", "--quiet", "--no-cache-dir", "--disable-pip-version-check", what];
  const { seconds } = await timed(() => must(argv));
  return { bin, seconds };
}
