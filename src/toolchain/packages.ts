import { join } from "node:path";
import { DeployError } from "../errors.js";
import type { Inputs } from "../inputs/inputs.js";
import { extended } from "../process/program-environment.js";
import { run } from "../process/run.js";
import { removeFolder } from "../remove.js";
import { uvEnvironmentHere } from "./index-settings.js";
import type { Machine } from "./machine.js";
import { installedPythons, type Python, preferredPython } from "./python.js";

/** What the workflow wants other than the lock. */
export type AnsibleWish = Pick<Inputs, "ansibleVersion" | "pythonPackages">;

/** The version of Python that uv brings where the runner has none that will do. */
const BROUGHT_PYTHON = "3.13";

/**
 * Makes a virtual environment with Ansible in it.
 *
 * @param work an empty folder of the tool cache.
 * @returns the environment's folder, in `work`.
 * @throws DeployError when the packages cannot be had.
 */
export async function installPackages(
  uv: string,
  python: Python,
  { lockFile, ansibleVersion, pythonPackages }: AnsibleWish & { readonly lockFile: string },
  work: string,
  { environment, signal }: Machine,
): Promise<string> {
  const venv = join(work, "venv");
  // A cache of its own on the same file system: files are linked, not copied, and the job's cache stays untouched.
  const own = { UV_CACHE_DIR: join(work, "cache"), UV_PYTHON_DOWNLOADS: "never" };
  const env = extended(uvEnvironmentHere(environment), own);
  const options = { cwd: work, env, timeout: 300_000, signal, leashed: true };
  const pip = (...args: string[]): [string, ...string[]] => [
    ...([uv, "pip", "install", "--quiet", "--no-build", "--python", join(venv, "bin", "python")] as const),
    ...args,
  ];
  const locked = ["--require-hashes", "--no-deps", "--requirement", lockFile];
  const steps: [string, ...string[]][] = [
    [uv, "venv", "--quiet", "--no-project", "--relocatable", "--python", python.path, venv],
    ansibleVersion === "" ? pip(...locked) : pip(`ansible-core==${ansibleVersion}`, ...pythonPackages),
  ];
  if (ansibleVersion === "" && pythonPackages.length > 0) {
    steps.push(pip("--constraint", lockFile, "--no-verify-hashes", ...pythonPackages));
  }
  for (const step of steps) {
    const { code, stderr } = await run(step, options);
    signal?.throwIfAborted();
    if (code !== 0) {
      const inputs =
        step.includes(lockFile) && !step.includes("--constraint")
          ? ""
          : ` with ${wanted(ansibleVersion, pythonPackages)}`;
      throw new DeployError(`Ansible could not be installed${inputs}: ${oneLine(stderr) || `uv ended with ${code}`}.`);
    }
  }
  return venv;
}

function wanted(ansibleVersion: string, pythonPackages: readonly string[]): string {
  return [
    ansibleVersion === "" ? "" : `ansible-version ${ansibleVersion}`,
    pythonPackages.length === 0 ? "" : `python-packages ${pythonPackages.join(", ")}`,
  ]
    .filter((part) => part !== "")
    .join(" and ");
}

/**
 * Has uv install an interpreter for a runner that has none that will do.
 *
 * @throws DeployError when it cannot be had.
 */
export async function bringPython(uv: string, folder: string, machine: Machine): Promise<Python> {
  const { environment, signal } = machine;
  const { code, stderr } = await run([uv, "python", "install", "--no-progress", "--no-bin", BROUGHT_PYTHON], {
    env: extended(uvEnvironmentHere(environment), { UV_PYTHON_INSTALL_DIR: folder }),
    timeout: 300_000,
    signal,
  });
  // What uv has unpacked so far, when it was ended.
  if (signal?.aborted) removeFolder(join(folder, ".temp"));
  signal?.throwIfAborted();
  const python = preferredPython(await installedPythons(folder, machine));
  if (python) return python;
  throw new DeployError(
    `The runner has no Python from 3.11 to 3.14, and uv could not bring one (${oneLine(stderr) || `code ${code}`}): install Python 3.12 or newer, for example with actions/setup-python.`,
  );
}

/** The gist of uv's error output: its lines joined, without decoration and warnings (of a setting's old name, for one). */
function oneLine(stderr: string): string {
  return stderr
    .split("\n")
    .map((line) => line.replace(/^\s*([×╰│├─▶error:>-]+\s)*/u, "").trim())
    .filter((line) => line !== "" && !line.startsWith("warning:"))
    .join(": ")
    .replace(/\.$/, "")
    .slice(0, 400);
}
