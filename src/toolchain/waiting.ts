import { dirname, join } from "node:path";
import { jobEnvironment } from "../process/program-environment.js";
import { type Ended, type RunOptions, run } from "../process/run.js";
import type { Machine } from "./machine.js";
import { PROGRAM } from "./waiting-program.js";

/**
 * Milliseconds that Ansible has from SIGINT to SIGTERM and from there to SIGKILL. Then the hosts still go back, with what
 * is secret gone 3 s and the step 8 s after a cancel.
 */
const GRACE = [1_500, 500] as const;

/** Milliseconds for looking through the installed files. */
const LOOK_LIMIT = 30_000;

/** Ansible that has started, and waits for what it is to do: most of its start passes while others work. */
export interface WaitingAnsible {
  readonly python: string;
  /** That of ansible-core, when its files are whole; "" where they are not, or nothing starts. */
  readonly version: Promise<string>;
  /**
   * Goes on as one of Ansible's programs.
   *
   * @param words the program and its arguments, `playbook` first.
   */
  goOn(words: readonly string[], options: GoOn): Promise<Ended>;
  /** Ends it, when nobody needs it. */
  end(): void;
}

type GoOn = Required<Pick<RunOptions, "cwd" | "env" | "onOutput">>;

/** A folder of what belongs to an installed Ansible. */
export const besideAnsible = (python: string, name: string) => join(dirname(dirname(python)), name);

/**
 * Starts an Ansible that is installed, without what only the run itself knows.
 *
 * @param actionRoot folder that holds `ansible_collections`.
 */
export function startAnsible(python: string, actionRoot: string, { environment, signal }: Machine): WaitingAnsible {
  const unneeded = new AbortController();
  let tell: (text: string) => void = () => undefined;
  const input = new Promise<string>((resolve) => {
    tell = resolve;
  });
  let known: (version: string) => void = () => undefined;
  const version = new Promise<string>((resolve) => {
    known = resolve;
  });
  let said = "";
  let onOutput: RunOptions["onOutput"] = (stream, chunk) => {
    if (stream === "stdout") said += chunk;
    if (said.endsWith("\n")) known(said.trim());
  };
  const ended = run(
    [
      ...([python, "-P", "-c", PROGRAM, join(actionRoot, "ansible_collections", "django_ansible", "deploy")] as const),
      // Bytecode is beside Ansible, so that the next run starts in half the time and nothing is left in the workspace.
      besideAnsible(python, "pycache"),
    ],
    {
      env: jobEnvironment(environment),
      signal: AbortSignal.any([unneeded.signal, ...(signal ? [signal] : [])]),
      timeout: Number.POSITIVE_INFINITY,
      grace: GRACE,
      leashed: true,
      input,
      onOutput: (stream, chunk) => onOutput?.(stream, chunk),
    },
  );
  const late = setTimeout(() => unneeded.abort(), LOOK_LIMIT);
  version.then(() => clearTimeout(late));
  ended.then(() => known(""));
  return {
    python,
    version,
    goOn: (words, options) => {
      onOutput = options.onOutput;
      tell(`${JSON.stringify({ words, env: options.env, cwd: options.cwd })}\n`);
      return ended;
    },
    end: () => unneeded.abort(),
  };
}
