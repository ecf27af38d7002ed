import { createHash, randomUUID } from "node:crypto";
import { mkdirSync, realpathSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { entriesIn, readText } from "../read-file.js";
import type { Python } from "./python.js";
import { isComplete, isWritable } from "./tool-folder.js";
import type { WaitingAnsible } from "./waiting.js";

/** An ansible-core that is installed. */
export interface Installed {
  /** Python of its virtual environment. */
  readonly python: string;
  readonly version: string;
}

/** An ansible-core that is ready to run. */
export interface Ansible extends Installed {
  readonly waiting: WaitingAnsible;
  /** Whether it was in the tool cache already. */
  readonly cached: boolean;
}

/** Where the installed environments are, and which of them this machine used last for the same interpreters. */
export class AnsibleStore {
  readonly #root: string;
  readonly #lock: string;
  readonly #memo: string;

  /**
   * @param lock text of ansible.lock.
   * @param candidates interpreters on PATH; as long as these files are the same, so is the choice among them, and none
   *   has to be run.
   */
  constructor(cacheRoot: string, lock: string, candidates: readonly string[]) {
    this.#root = join(cacheRoot, "django-ansible-deploy-ansible");
    this.#lock = hash(lock);
    this.#memo = join(this.#root, `${hash(lock, ...candidates.map(fingerprint))}.json`);
  }

  /** The environment of an earlier run with the same lock and interpreters; it may have stopped working since. */
  known(): Installed | undefined {
    try {
      const { python, version } = JSON.parse(readText({ path: this.#memo, name: "The tool cache" })) as Record<
        string,
        unknown
      >;
      if (typeof python !== "string" || typeof version !== "string" || !python.startsWith(this.#root)) return undefined;
      return isComplete(join(python, "..", "..")) ? { python, version } : undefined;
    } catch {
      return undefined;
    }
  }

  /** Whether this user may add to it. */
  isWritable(): boolean {
    return isWritable(this.#root);
  }

  remember({ python, version }: Installed): void {
    if (!this.isWritable()) return;
    mkdirSync(this.#root, { recursive: true });
    const fresh = `${this.#memo}.${randomUUID()}`;
    writeFileSync(fresh, JSON.stringify({ python, version }));
    renameSync(fresh, this.#memo);
  }

  /** Whether no environment was ever made of this lock. */
  isEmpty(): boolean {
    return !entriesIn({ path: this.#root, name: "The tool cache" }).some(({ name }) =>
      name.includes(`-${this.#lock}-`),
    );
  }

  /** The folder for an interpreter: packages and interpreter make an environment what it is. */
  place(
    version: string,
    python: Pick<Python, "path" | "version">,
  ): { readonly folder: string; readonly version: string } {
    const key = hash(python.path, python.version.join("."));
    return { folder: join(this.#root, `${version}-${this.#lock}-${key}`, process.arch), version };
  }
}

function hash(...parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 12);
}

function fingerprint(file: string): string {
  const { mtimeMs, size } = statSync(file);
  return [file, realpathSync(file), mtimeMs, size].join(" ");
}
