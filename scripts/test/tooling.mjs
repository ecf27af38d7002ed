import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, ensurePackages, must, node24, projectFolder, run } from "../lab/index.mjs";

/** The virtual environment with act, pytest and the locked ansible-core. */
export const venv = join(cacheFolder, "test-venv");

/** Installs the npm packages unless they are the locked ones already. */
export async function ensureNodeModules() {
  if (nodeModulesAreLocked()) return "as locked";
  await must(["npm", "ci", "--no-audit", "--no-fund"], { cwd: projectFolder });
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

/**
 * Installs the Python tooling unless its lock files are the ones it was made from.
 * @param {(line: string) => void} say
 */
export async function ensurePythonTooling(say) {
  const locks = ["ansible.lock", "scripts/test-requirements.txt"].map((file) => join(projectFolder, file));
  const hash = createHash("sha256");
  for (const file of locks) hash.update(readFileSync(file));
  const wanted = hash.digest("hex");
  const marker = join(venv, "made-from");
  if (existsSync(marker) && readFileSync(marker, "utf8") === wanted) return "as locked";

  if ((await run(["python3", "-c", "import ensurepip, venv"])).code !== 0)
    await ensurePackages(["python3", "python3-venv"], say);
  rmSync(venv, { recursive: true, force: true });
  mkdirSync(cacheFolder, { recursive: true });
  await must(["python3", "-m", "venv", venv]);
  const requirements = locks.flatMap((file) => ["--requirement", file]);
  await must(
    [join(venv, "bin/python"), "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", ...requirements],
    {
      env: { ...process.env, PIP_DISABLE_PIP_VERSION_CHECK: "1" },
    },
  );
  writeFileSync(marker, wanted);
  return "installed";
}
