import { existsSync, rmSync } from "node:fs";

/** How often a folder is gone through at most, and the milliseconds between: half a second in all. */
const MOST_TRIES = 50;
const BETWEEN_TRIES = 10;

/**
 * Removes a folder with all that it holds, the one way to do so; nothing where there is none.
 *
 * Node 24 stops half-way and says nothing when an entry vanishes meanwhile (a socket whose agent ends), so it is looked
 * whether the folder is gone.
 *
 * @throws Error when it cannot be removed.
 */
export function removeFolder(path: string): void {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
    if (!existsSync(path)) return;
    // Whoever else is at work there gets on with it.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BETWEEN_TRIES);
  }
  throw new Error("it is changed again and again");
}
