import type { ChildProcess } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";

/**
 * Does something once, as soon as something is so while a program runs. One look ends before the next begins: on a busy machine they would pile up, and
 * make it busier.
 */
export async function onceSo(
  program: ChildProcess,
  isSo: () => Promise<boolean>,
  work: () => unknown,
): Promise<boolean> {
  let ended = false;
  program.once("exit", () => {
    ended = true;
  });
  while (!ended) {
    if (await isSo().catch(() => false)) {
      await work();
      return true;
    }
    await wait(200);
  }
  return false;
}
