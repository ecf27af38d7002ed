import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { cacheFolder, ensurePackages, must, node24, projectFolder, run } from "../lab/index.mjs";

/** The virtual environment with act, pytest and the locked ansible-core. */
export const venv = join(cacheFolder, "test-venv");

/** Installs the npm packages unless they are the locked ones already. */
export async function ensureNodeModules() {
  if (nodeModulesAreLocked()) return "as locked";
  await must(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: projectFolder });
  return "installed";
}

function nodeModulesAreLocked() {
  const installedFile = join(projectFolder, "node_modules/.package-lock.json");
  if (!existsSync(installedFile)) return false;
  const installed = JSON.parse(readFileSync(installedFile, "utf8")).packages;
  const locked = JSON.parse(readFileSync(join(projectFolder, "package-lock.json"), "utf8")).packages;
  return Object.entries(locked).every(
    ([path, about]) =>
      path === "" || (installed[path]?.version ?? (about.optional ? about.version : "")) === about.version,
  );
}

/** A PATH on which `node` is the one that the action runs on, as far as this platform has it. */
export function pathWithNode24() {
  return [join(node24(), ".."), process.env.PATH].join(":");
}

/** The same with the other of the two locked versions of ansible-core, which go by the version of Python. */
export const otherVenv = join(cacheFolder, "test-venv-other");

/**
 * A Python that gets the other ansible-core than `python3` does, if this machine has one.
 * @returns {Promise<string | undefined>}
 */
export async function findOtherPython() {
  const own = await minorOf("python3");
  return firstPython((minor) => minor >= 11 && minor <= 14 && minor >= 12 !== (own ?? 0) >= 12);
}

/**
 * The folder of a Python of this machine that is at least 3.*oldest*.
 * @param {number} oldest
 */
export async function findPython(oldest) {
  const python = await firstPython((minor) => minor >= oldest && minor <= 14);
  if (python === undefined) throw new Error(`This machine has no Python from 3.${oldest} to 3.14.`);
  return dirname((await must([python, "-c", "import sys; print(sys.executable)"])).trim());
}

/** @param {(minor: number) => boolean} will */
async function firstPython(will) {
  const pyenv = join(process.env.PYENV_ROOT ?? join(homedir(), ".pyenv"), "versions");
  const inPyenv = existsSync(pyenv) ? readdirSync(pyenv).map((version) => join(pyenv, version, "bin/python3")) : [];
  const candidates = ["python3.14", "python3.13", "python3.12", "python3.11", ...inPyenv];
  for (const candidate of candidates) {
    const minor = await minorOf(candidate);
    if (minor !== undefined && will(minor)) return candidate;
  }
  return undefined;
}

/**
 * @param {string} python
 * @returns {Promise<number | undefined>}
 */
async function minorOf(python) {
  const { code, stdout } = await run([python, "-c", "import sys, venv, ensurepip; print(sys.version_info.minor)"]);
  return code === 0 ? Number(stdout) : undefined;
}

/**
 * Installs the Python tooling unless its lock files are the ones it was made from.
 * @param {(line: string) => void} say
 * @param {string} [python]
 * @param {string} [folder]
 */
export async function ensurePythonTooling(say, python = "python3", folder = venv) {
  const locks = ["ansible.lock", "scripts/test-requirements.txt"].map((file) => join(projectFolder, file));
  const hash = createHash("sha256");
  for (const file of locks) hash.update(readFileSync(file));
  const wanted = hash.digest("hex");
  const marker = join(folder, "made-from");
  if (existsSync(marker) && readFileSync(marker, "utf8") === wanted) return "as locked";

  if ((await minorOf(python)) === undefined) await ensurePackages(["python3", "python3-venv"], say);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(cacheFolder, { recursive: true });
  await must([python, "-m", "venv", folder]);
  const requirements = locks.flatMap((file) => ["--requirement", file]);
  await must(
    [join(folder, "bin/python"), "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", ...requirements],
    {
      env: { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: "1" },
    },
  );
  writeFileSync(marker, wanted);
  return "installed";
}
