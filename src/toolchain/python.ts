import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { helperEnvironment } from "../process/program-environment.js";
import { run } from "../process/run.js";
import { entriesIn } from "../read-file.js";
import type { Machine } from "./machine.js";

/** An interpreter that was run. */
export interface Python {
  /** Absolute path of the base interpreter: never a shim, never one of a virtual environment. */
  readonly path: string;
  readonly version: readonly [major: number, minor: number, patch: number];
  /** What it calls itself: in a virtual environment that one's, behind a shim the real one. Its pip may be asked. */
  readonly executable: string;
}

const NAMES = ["python3.14", "python3.13", "python3.12", "python3", "python3.11", "python"];

const PROBE = [
  "import os, platform, sys",
  "base = getattr(sys, '_base_executable', None) or sys.executable",
  "print(platform.python_implementation(), *sys.version_info[:3], os.path.realpath(base), sys.executable, sep='\\t')",
].join("\n");

/**
 * Runs each candidate, all at once: a shim of a version manager may exist for a version that is not installed or not
 * selected.
 *
 * @returns in the order of the candidates; undefined for one that does not work.
 */
export function probePythons(candidates: readonly string[], machine: Machine): Promise<Python | undefined>[] {
  return candidates.map((candidate) => probe(candidate, machine));
}

/** Paths to try: every match on PATH of every name, since the first match may be the shim that fails. */
export function pythonCandidates(path: string): string[] {
  const seen = new Map<string, string>();
  for (const name of NAMES) {
    for (const folder of path.split(delimiter)) {
      const file = join(folder, name);
      if (folder === "" || !isExecutable(file)) continue;
      const real = realpathSync(file);
      if (!seen.has(real)) seen.set(real, file);
    }
  }
  return [...seen.values()];
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

async function probe(candidate: string, { environment, signal }: Machine): Promise<Python | undefined> {
  const options = { env: helperEnvironment(environment), timeout: 10_000, signal };
  const { code, stdout } = await run([candidate, "-I", "-c", PROBE], options);
  const [kind, major, minor, patch, path, executable] = stdout.trim().split("\t");
  if (code !== 0 || kind !== "CPython" || !path?.startsWith("/") || !executable?.startsWith("/")) return undefined;
  return { path, executable, version: [Number(major), Number(minor), Number(patch)] };
}

/**
 * The interpreter to run Ansible with: the newest from 3.12 to 3.14, else 3.11, which gets the older ansible-core.
 *
 * @returns undefined when none will do.
 */
export function preferredPython(pythons: readonly Python[]): Python | undefined {
  return pythons
    .filter(({ version: [major, minor] }) => major === 3 && minor >= 11 && minor <= 14)
    .sort((a, b) => b.version[1] - a.version[1] || b.version[2] - a.version[2])[0];
}

/** Interpreters that uv installed in an earlier run, newest folder first. */
export async function installedPythons(folder: string, machine: Machine): Promise<Python[]> {
  let names: string[] = [];
  try {
    names = entriesIn({ path: folder, name: "The tool cache" })
      .map(({ name }) => name)
      .filter((name) => name.startsWith("cpython-3."));
  } catch {
    return [];
  }
  const files = names.map((name) => join(folder, name, "bin", "python3")).filter(isExecutable);
  return (await Promise.all(files.map((file) => probe(file, machine)))).filter((python) => python !== undefined);
}
