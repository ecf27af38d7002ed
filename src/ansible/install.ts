import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { capture } from "../command.js";
import { DeployError } from "../errors.js";
import { uvEnvironmentHere } from "./index-settings.js";
import { findPythons, installedPythons, type Python, preferredPython } from "./python.js";
import { createToolFolder, discardToolFolder, isComplete, toolCacheRoot } from "./tool-folder.js";
import { fetchUvArchive, findUv } from "./uv.js";

/** An ansible-core that is ready to run. */
export interface Ansible {
  /** Python of its virtual environment. */
  readonly python: string;
  readonly version: string;
  /** Whether it was in the tool cache already. */
  readonly cached: boolean;
}

/** The version of Python that uv brings where the runner has none that will do. */
const BROUGHT_PYTHON = "3.13";

/**
 * Makes the locked ansible-core ready, in the tool cache. The second time neither network nor uv is used.
 *
 * @param actionRoot folder of ansible.lock and uv-requirements.lock.
 * @throws DeployError when Python, uv or the packages cannot be had.
 */
export async function ensureAnsible(
  actionRoot: string,
  environment: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal,
): Promise<Ansible> {
  const cacheRoot = toolCacheRoot(environment);
  const pythonFolder = join(cacheRoot, "django-ansible-deploy-python");
  const pythons = await findPythons(environment.PATH, signal);
  const uv = () =>
    findUv({
      environment,
      pythons,
      cacheRoot,
      requirements: join(actionRoot, "uv-requirements.lock"),
      fetchArchive: fetchUvArchive,
      ...(signal ? { signal } : {}),
    });
  const python =
    preferredPython(pythons) ??
    preferredPython(await installedPythons(pythonFolder, signal)) ??
    (await bringPython(await uv(), pythonFolder, environment, signal));

  const lock = readFileSync(join(actionRoot, "ansible.lock"), "utf8");
  const version = lockedVersion(lock, python);
  const folder = join(cacheRoot, "django-ansible-deploy-ansible", `${version}-${keyOf(lock, python)}`, process.arch);
  const venvPython = join(folder, "bin", "python");
  if (isComplete(folder)) {
    if (await works(venvPython, version, signal)) return { python: venvPython, version, cached: true };
    discardToolFolder(folder);
  }
  const program = await uv();
  await createToolFolder(folder, (work) =>
    installLocked(program, python, join(actionRoot, "ansible.lock"), work, environment, signal),
  );
  if (!(await works(venvPython, version, signal))) {
    throw new DeployError(`ansible-core ${version} was installed to ${folder} and does not start with ${python.path}.`);
  }
  return { python: venvPython, version, cached: false };
}

/** The ansible-core that the lock has for an interpreter: it lists one for Python before 3.12 and one from there on. */
export function lockedVersion(lock: string, python: Pick<Python, "version">): string {
  const old = python.version[1] < 12;
  for (const [, version = "", marker = ""] of lock.matchAll(
    /^ansible-core==([\w.]+) ; python_(?:full_)?version (<|>=) '3\.12'/gm,
  )) {
    if ((marker === "<") === old) return version;
  }
  throw new DeployError("ansible.lock names no ansible-core: the action's copy is incomplete.");
}

/** What makes an environment another one: the packages, and the interpreter it points to. */
export function keyOf(lock: string, python: Pick<Python, "path" | "version">): string {
  return createHash("sha256")
    .update(`${lock}\n${python.path}\n${python.version.join(".")}`)
    .digest("hex")
    .slice(0, 12);
}

/** Runs the environment's Python once: the interpreter it points to may be gone since. */
async function works(python: string, version: string, signal?: AbortSignal): Promise<boolean> {
  if (!existsSync(python)) return false;
  const code = "import ansible.release as r, jinja2, yaml, cryptography; print(r.__version__)";
  const { stdout } = await capture([python, "-I", "-c", code], { timeout: 30_000, ...(signal ? { signal } : {}) });
  return stdout.trim() === version;
}

async function installLocked(
  uv: string,
  python: Python,
  lock: string,
  work: string,
  environment: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal,
): Promise<string> {
  const venv = join(work, "venv");
  // A cache of its own on the same file system: files are linked, not copied, and the job's cache stays untouched.
  const env = { ...uvEnvironmentHere(environment), UV_CACHE_DIR: join(work, "cache"), UV_PYTHON_DOWNLOADS: "never" };
  const options = { cwd: work, env, timeout: 300_000, ...(signal ? { signal } : {}) };
  const steps: [string, ...string[]][] = [
    [uv, "venv", "--quiet", "--no-project", "--relocatable", "--python", python.path, venv],
    [
      uv,
      "pip",
      "install",
      "--quiet",
      "--require-hashes",
      "--no-build",
      "--no-deps",
      "--python",
      join(venv, "bin", "python"),
      "--requirement",
      lock,
    ],
  ];
  for (const step of steps) {
    const { code, stderr } = await capture(step, options);
    if (code !== 0)
      throw new DeployError(`Ansible could not be installed: ${oneLine(stderr) || `uv ended with ${code}`}.`);
  }
  return venv;
}

async function bringPython(
  uv: string,
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal,
): Promise<Python> {
  const { code, stderr } = await capture([uv, "python", "install", "--quiet", "--no-bin", BROUGHT_PYTHON], {
    env: { ...uvEnvironmentHere(environment), UV_PYTHON_INSTALL_DIR: folder },
    timeout: 300_000,
    ...(signal ? { signal } : {}),
  });
  const python = preferredPython(await installedPythons(folder, signal));
  if (python) return python;
  throw new DeployError(
    `The runner has no Python from 3.11 to 3.14, and uv could not bring one (${oneLine(stderr) || `code ${code}`}): install Python 3.12 or newer, for example with actions/setup-python.`,
  );
}

/** The gist of uv's error output: its lines joined, without the decoration. */
function oneLine(stderr: string): string {
  return stderr
    .split("\n")
    .map((line) => line.replace(/^\s*([×╰│├─▶error:>-]+\s)*/u, "").trim())
    .filter((line) => line !== "")
    .join(": ")
    .replace(/\.$/, "")
    .slice(0, 400);
}
