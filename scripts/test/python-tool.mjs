import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, must, projectFolder } from "../lab/index.mjs";

/**
 * A program from the package index in an environment of its own, so that its versions and ours do not have to agree.
 * Installed with hashes from `scripts/NAME-requirements.txt` the first time, and again when that file changes.
 * @param {string} name
 * @returns {Promise<string>} the environment's folder of programs
 */
export async function pythonTool(name) {
  const folder = join(cacheFolder, `${name}-venv`);
  const requirements = join(projectFolder, `scripts/${name}-requirements.txt`);
  const marker = join(folder, "made-from");
  const wanted = readFileSync(requirements, "utf8");
  if (existsSync(marker) && readFileSync(marker, "utf8") === wanted) return join(folder, "bin");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(cacheFolder, { recursive: true });
  await must(["python3", "-m", "venv", folder]);
  const options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"];
  await must([join(folder, "bin/python"), "-m", "pip", "install", ...options, "--requirement", requirements]);
  writeFileSync(marker, wanted);
  return join(folder, "bin");
}
