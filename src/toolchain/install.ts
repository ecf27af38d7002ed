import { existsSync } from "node:fs";
import { join } from "node:path";
import { DeployError } from "../errors.js";
import { readText } from "../read-file.js";
import type { Machine } from "./machine.js";
import { type AnsibleWish, bringPython, installPackages } from "./packages.js";
import { installedPythons, type Python, preferredPython, probePythons, pythonCandidates } from "./python.js";
import { type Ansible, AnsibleStore, type Installed } from "./store.js";
import { createToolFolder, discardToolFolder, isComplete, temporaryTools, toolCacheRoot } from "./tool-folder.js";
import { fetchUvArchive, findUv } from "./uv.js";
import { startAnsible, type WaitingAnsible } from "./waiting.js";

/** Starts the Ansible of an earlier run, so that it loads while a run is looked at; undefined where there is none. */
export function beginAnsible(actionRoot: string, wish: AnsibleWish, machine: Machine): WaitingAnsible | undefined {
  for (const root of rootsOf(machine)) {
    const known = storeIn(root, actionRoot, wish, machine).known();
    if (known !== undefined) return startAnsible(known.python, actionRoot, machine);
  }
  return undefined;
}

/**
 * Makes ansible-core ready, in the tool cache: the locked one, or the version and with the packages that the workflow
 * wants. The second time neither network nor uv is used. A tool cache that may not be written to is used where it has
 * what is needed; else Ansible is installed for this job alone.
 *
 * @param actionRoot folder of ansible.lock and uv-requirements.lock.
 * @param begun what {@link beginAnsible} started.
 * @throws DeployError when Python, uv or the packages cannot be had.
 */
export async function ensureAnsible(
  actionRoot: string,
  wish: AnsibleWish,
  machine: Machine,
  begun?: WaitingAnsible,
): Promise<Ansible> {
  const roots = rootsOf(machine);
  for (const root of roots) {
    const ansible = await ansibleIn(root, actionRoot, wish, machine, begun);
    if (ansible !== undefined) return ansible;
  }
  throw new DeployError(
    `Ansible has no place on this runner: its user may write neither to the tool cache nor to RUNNER_TEMP (${roots.join(", ")}), so make one of them writable.`,
  );
}

function rootsOf({ environment }: Machine): string[] {
  return [...new Set([toolCacheRoot(environment), temporaryTools(environment)])];
}

function lockOf(actionRoot: string): string {
  return readText({ path: join(actionRoot, "ansible.lock"), name: "The action's ansible.lock" });
}

function storeIn(root: string, actionRoot: string, wish: AnsibleWish, { environment }: Machine): AnsibleStore {
  const wanted = [lockOf(actionRoot), wish.ansibleVersion, ...wish.pythonPackages].join("\n");
  return new AnsibleStore(root, wanted, pythonCandidates(environment.PATH ?? ""));
}

/** An installed Ansible, started; undefined where it does not work: its interpreter may be gone since, or a part of its files. */
async function started({ python, version }: Installed, actionRoot: string, machine: Machine, begun?: WaitingAnsible) {
  if (!existsSync(python)) return undefined;
  const waiting = begun?.python === python ? begun : startAnsible(python, actionRoot, machine);
  if ((await waiting.version) === version) return waiting;
  waiting.end();
  return undefined;
}

/** Ansible in one place; undefined when it is not there and the place may not be written to. */
async function ansibleIn(
  root: string,
  actionRoot: string,
  wish: AnsibleWish,
  machine: Machine,
  begun: WaitingAnsible | undefined,
): Promise<Ansible | undefined> {
  const lockFile = join(actionRoot, "ansible.lock");
  const lock = lockOf(actionRoot);
  const store = storeIn(root, actionRoot, wish, machine);
  const known = store.known();
  const first = known && (await started(known, actionRoot, machine, begun));
  if (known && first) return { ...known, waiting: first, cached: true };
  machine.signal?.throwIfAborted();

  const probes = probePythons(pythonCandidates(machine.environment.PATH ?? ""), machine);
  const pythonFolder = join(root, "django-ansible-deploy-python");
  let fetching: Promise<string> | undefined;
  const uv = () => {
    const requirements = join(actionRoot, "uv-requirements.lock");
    fetching ??= findUv({
      ...{ machine, pythons: probes, cacheRoot: root, requirements, fetchArchive: fetchUvArchive },
    });
    return fetching;
  };
  try {
    // With an empty tool cache uv is needed for sure: its download need not wait for the slowest interpreter.
    if (store.isEmpty() && store.isWritable()) uv().catch(() => undefined);
    const pythons = (await Promise.all(probes)).filter((python) => python !== undefined);
    const fitting = pythonsFor(wish.ansibleVersion, pythons);
    const environmentOf = (python: Python) => {
      const { folder, version } = store.place(wish.ansibleVersion || lockedVersion(lock, python), python);
      return { folder, version, python: join(folder, "bin", "python") };
    };
    const present = preferredPython(fitting) ?? preferredPython(await installedPythons(pythonFolder, machine));
    // An interpreter that did not answer since the run is to end is not missing.
    machine.signal?.throwIfAborted();
    const earlier = present && environmentOf(present);
    const other = earlier && isComplete(earlier.folder) ? await started(earlier, actionRoot, machine) : undefined;
    if (earlier && other) {
      store.remember(earlier);
      return { python: earlier.python, version: earlier.version, waiting: other, cached: true };
    }
    machine.signal?.throwIfAborted();
    if (!store.isWritable()) return undefined;

    const python = present ?? (await bringPython(await uv(), pythonFolder, machine));
    const { folder, ...ansible } = environmentOf(python);
    const program = await uv();
    discardToolFolder(folder);
    await createToolFolder(folder, (work) => installPackages(program, python, { ...wish, lockFile }, work, machine));
    const waiting = await started(ansible, actionRoot, machine);
    if (waiting === undefined) {
      machine.signal?.throwIfAborted();
      throw new DeployError(
        `ansible-core ${ansible.version} was installed to ${folder} and does not start with ${python.path}.`,
      );
    }
    store.remember(ansible);
    return { ...ansible, waiting, cached: false };
  } finally {
    // It clears up behind itself when it was ended.
    await fetching?.catch(() => undefined);
  }
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

/** Those interpreters that a wished version of ansible-core runs on: from 2.20 on it needs Python 3.12, from 2.22 on 3.13. */
export function pythonsFor<Any extends Pick<Python, "version">>(
  ansibleVersion: string,
  pythons: readonly Any[],
): Any[] {
  const minor = Number(ansibleVersion.split(".")[1] ?? 0);
  if (ansibleVersion === "") return [...pythons];
  const oldest = minor >= 22 ? 13 : 12;
  return pythons.filter(({ version }) => (minor >= 20 ? version[1] >= oldest : version[1] <= 13));
}
