import { chmodSync, mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeployError, quoted } from "../errors.js";

/** Name of the folders that the action creates under RUNNER_TEMP; clean-up removes nothing else. */
export const PRIVATE_PREFIX = "django-ansible-deploy-";

/** A folder that only this user can read and that is removed when the run ends. */
export class PrivateFolder {
  /** Absolute. */
  readonly path: string;
  #closed = false;

  private constructor(path: string) {
    this.path = path;
  }

  /**
   * Creates a fresh folder, mode 0700.
   *
   * @param parent RUNNER_TEMP; the system's folder for temporary files where it is not set.
   */
  static create(parent: string = process.env.RUNNER_TEMP || tmpdir()): PrivateFolder {
    try {
      mkdirSync(parent, { recursive: true });
      const path = mkdtempSync(join(realpathSync(parent), PRIVATE_PREFIX));
      chmodSync(path, 0o700);
      return new PrivateFolder(path);
    } catch {
      throw new DeployError(
        `RUNNER_TEMP ${quoted(parent)} is no folder that the runner's user may write to: the runner's own setting for temporary files is wrong.`,
      );
    }
  }

  /** From now on nothing is written into it: it is about to be removed, and work that was stopped may not know yet. */
  close(): void {
    this.#closed = true;
  }

  /** Creates a folder inside, mode 0700, and returns its path. */
  folder(name: string): string {
    const path = this.#place(name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  }

  /** Writes a new file, mode 0600, and returns its path. A file that exists already is an error. */
  file(name: string, content: string): string {
    const path = this.#place(name);
    writeFileSync(path, content, { flag: "wx", mode: 0o600 });
    return path;
  }

  #place(name: string): string {
    if (this.#closed) throw new Error(`${name} was not written: the run has ended.`);
    return join(this.path, name);
  }
}
