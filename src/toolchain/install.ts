import { join } from "node:path";
import { DeployError } from "../errors.js";
import type { Inputs } from "../inputs/inputs.js";
import { capture } from "../process/capture.js";
import { readText } from "../read-file.js";
import { uvEnvironmentHere } from "./index-settings.js";
import { isIntact } from "./intact.js";
import { installedPythons, type Python, preferredPython, probePythons, pythonCandidates } from "./python.js";
import { type Ansible, AnsibleStore } from "./store.js";
import { createToolFolder, discardToolFolder, isComplete, toolCacheRoot } from "./tool-folder.js";
import { fetchUvArchive, findUv } from "./uv.js";

/** What the workflow wants other than the lock. */
export type AnsibleWish = Pick<Inputs, "ansibleVersion" | "pythonPackages">;

/** The version of Python that uv brings where the runner has none that will do. */
const BROUGHT_PYTHON = "3.13";

/**
 * Makes ansible-core ready, in the tool cache: the locked one, or the version and with the packages that the workflow
 * wants. The second time neither network nor uv is used. A tool cache that may not be written to is used where it has
 * what is needed; else Ansible is installed for this job alone.
 *
 * @param actionRoot folder of ansible.lock and uv-requirements.lock.
 * @throws DeployError when Python, uv or the packages cannot be had.
 */
export async function ensureAnsible(
  actionRoot: string,
  wish: AnsibleWish,
  environment: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal,
): Promise<Ansible> {
  const cacheRoot = toolCacheRoot(environment);
  const lockFile = join(actionRoot, "ansible.lock");
  const lock = readText({ path: lockFile, name: "The action's ansible.lock" });
  const candidates = pythonCandidates(environment.PATH ?? "");
  const store = new AnsibleStore(cacheRoot, [lock, wish.ansibleVersion, ...wish.pythonPackages].join("\n"), candidates);
  const known = store.known();
  if (known && (await isIntact(known, signal))) return { ...known, cached: true };

  const probes = probePythons(candidates, signal);
  const pythonFolder = join(cacheRoot, "django-ansible-deploy-python");
  let fetching: Promise<string> | undefined;
  const uv = () => {
    const requirements = join(actionRoot, "uv-requirements.lock");
    fetching ??= findUv({
      environment,
      pythons: probes,
      cacheRoot,
      requirements,
      fetchArchive: fetchUvArchive,
      ...given({ signal }),
    });
    return fetching;
  };
  // With an empty tool cache uv is needed for sure: its download need not wait for the slowest interpreter.
  if (store.isEmpty() && store.isWritable()) uv().catch(() => undefined);
  const pythons = (await Promise.all(probes)).filter((python) => python !== undefined);
  const fitting = pythonsFor(wish.ansibleVersion, pythons);
  const environmentOf = (python: Python) => {
    const { folder, version } = store.place(wish.ansibleVersion || lockedVersion(lock, python), python);
    return { folder, version, python: join(folder, "bin", "python") };
  };
  const present = preferredPython(fitting) ?? preferredPython(await installedPythons(pythonFolder, signal));
  const earlier = present && environmentOf(present);
  if (earlier && isComplete(earlier.folder) && (await isIntact(earlier, signal))) {
    store.remember(earlier);
    return { python: earlier.python, version: earlier.version, cached: true };
  }
  if (!store.isWritable()) return ensureAnsible(actionRoot, wish, { ...environment, RUNNER_TOOL_CACHE: "" }, signal);

  const python = present ?? (await bringPython(await uv(), pythonFolder, environment, signal));
  const { folder, ...ansible } = environmentOf(python);
  discardToolFolder(folder);
  const program = await uv();
  await createToolFolder(folder, (work) => install(program, python, { ...wish, lockFile }, work, environment, signal));
  if (!(await isIntact(ansible, signal))) {
    throw new DeployError(
      `ansible-core ${ansible.version} was installed to ${folder} and does not start with ${python.path}.`,
    );
  }
  store.remember(ansible);
  return { ...ansible, cached: false };
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

/** Those interpreters that a wished version of ansible-core runs on; from 2.20 on it needs Python 3.12. */
function pythonsFor(ansibleVersion: string, pythons: readonly Python[]): Python[] {
  const minor = Number(ansibleVersion.split(".")[1] ?? 0);
  if (ansibleVersion === "") return [...pythons];
  return pythons.filter(({ version }) => (minor >= 20 ? version[1] >= 12 : version[1] <= 13));
}

/** Leaves out what is undefined, as optional properties want it. */
function given({ signal }: { signal: AbortSignal | undefined }): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}

async function install(
  uv: string,
  python: Python,
  { lockFile, ansibleVersion, pythonPackages }: AnsibleWish & { readonly lockFile: string },
  work: string,
  environment: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal,
): Promise<string> {
  const venv = join(work, "venv");
  // A cache of its own on the same file system: files are linked, not copied, and the job's cache stays untouched.
  const env = { ...uvEnvironmentHere(environment), UV_CACHE_DIR: join(work, "cache"), UV_PYTHON_DOWNLOADS: "never" };
  const options = { cwd: work, env, timeout: 300_000, ...given({ signal }) };
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
    const { code, stderr } = await capture(step, options);
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

async function bringPython(
  uv: string,
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal,
): Promise<Python> {
  const { code, stderr } = await capture([uv, "python", "install", "--no-progress", "--no-bin", BROUGHT_PYTHON], {
    env: { ...uvEnvironmentHere(environment), UV_PYTHON_INSTALL_DIR: folder },
    timeout: 300_000,
    ...given({ signal }),
  });
  const python = preferredPython(await installedPythons(folder, signal));
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
