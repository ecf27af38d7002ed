import { type RunOptions, run } from "../../src/process/run.js";
import type { WaitingAnsible } from "../../src/toolchain/waiting.js";

/** An Ansible that only starts when it is told what to do, so that any program can stand in for its Python. */
export function standIn(python: string, signal?: AbortSignal): WaitingAnsible {
  const ends: Partial<RunOptions> = { signal, grace: [1_500, 500], timeout: Number.POSITIVE_INFINITY, leashed: true };
  return {
    python,
    version: Promise.resolve("2.21.5"),
    goOn: (words, options) => run([python, "-P", "-m", "ansible", ...words], { ...ends, ...options }),
    end: () => undefined,
  };
}
