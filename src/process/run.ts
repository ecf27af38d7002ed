import { type ChildProcess, spawn } from "node:child_process";
import { messageOf } from "../errors.js";
import { leash } from "./leash.js";
import type { ProgramEnvironment } from "./program-environment.js";
import { descendantsOf, killMembers, type Member } from "./tree.js";

export type Argv = readonly [string, ...string[]];

/** What a program is started with besides its arguments. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env: ProgramEnvironment;
  /** Milliseconds after which it is ended; default 10 minutes, Infinity for none. */
  readonly timeout?: number;
  /** Ends it when it is aborted; one that is aborted already starts nothing. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds from SIGINT to SIGTERM, and from there to SIGKILL. Default: SIGKILL at once. */
  readonly grace?: readonly [terminate: number, kill: number];
  /** Ends also when this process is killed: for what would go on for long. */
  readonly leashed?: boolean;
  /** What it reads, once that is there. Without it there is nothing to read. */
  readonly input?: Promise<string>;
  /** Takes the output as it comes. Without it the output is in the result. */
  readonly onOutput?: (stream: "stdout" | "stderr", chunk: string) => void;
  /** Characters of a stream after which a program whose output is kept is ended; default 32 million. */
  readonly most?: number;
}

/** How a program ended. */
export interface Ended {
  /** Exit code; 128 and more when a signal ended it, 127 when it could not be started. */
  readonly code: number;
  /** "" with `onOutput`. */
  readonly stdout: string;
  /** With `onOutput` its last 64 kB, for the cause of a failure. */
  readonly stderr: string;
}

const TAIL = 65_536;
const MOST = 32_000_000;

/** What runs now, for {@link killAll}. */
const running = new Set<() => void>();

/** Kills every program that was started here and what it started. For when nothing else ends a run. */
export function killAll(): void {
  for (const kill of running) kill();
}

/**
 * Runs a program to its end. Never fails: whoever calls it judges the code.
 *
 * It has a process group of its own, so that a signal reaches it and what it started, and nothing else reaches them before.
 */
export function run(argv: Argv, options: RunOptions): Promise<Ended> {
  if (options.signal?.aborted) return Promise.resolve({ code: 130, stdout: "", stderr: "" });
  return new Promise((resolve) => {
    let child: ChildProcess;
    try {
      const [command, ...args] = argv;
      const { cwd, env } = options;
      const stdin = options.input === undefined ? "ignore" : "pipe";
      child = spawn(command, args, { cwd, env, detached: true, stdio: [stdin, "pipe", "pipe"] });
    } catch (error) {
      // A NUL in an argument, for one.
      resolve({ code: 127, stdout: "", stderr: messageOf(error) });
      return;
    }
    const output = { stdout: "", stderr: "" };
    const ending = new Ending(child, options.grace);
    const release = options.leashed && child.pid !== undefined ? leash(child.pid) : () => undefined;
    const timers = [timer(options.timeout ?? 600_000, ending.start)];
    running.add(ending.kill);
    options.signal?.addEventListener("abort", ending.start, { once: true });
    // One that ended meanwhile reads nothing; what that means its code says.
    child.stdin?.on("error", () => undefined);
    options.input?.then((text) => child.stdin?.end(text));
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream]?.setEncoding("utf8").on("data", (chunk: string) => {
        options.onOutput?.(stream, chunk);
        if (options.onOutput === undefined) output[stream] += chunk;
        else if (stream === "stderr") output.stderr = (output.stderr + chunk).slice(-TAIL);
        if (output[stream].length <= (options.most ?? MOST)) return;
        output[stream] = output[stream].slice(0, options.most ?? MOST);
        ending.kill();
      });
    }
    const finish = (code: number) => {
      if (!running.delete(ending.kill)) return;
      for (const one of timers) clearTimeout(one);
      options.signal?.removeEventListener("abort", ending.start);
      release();
      ending.finish();
      child.stdin?.destroy();
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve({ code, ...output });
    };
    child.on("error", (error) => {
      output.stderr += error.message;
      finish(127);
    });
    child.on("close", (code, signal) => finish(code ?? signalCode(signal)));
    // A process that was left behind may hold the pipes open; what the program wrote itself is there by then.
    child.on("exit", (code, signal) => {
      timers.push(timer(1_000, () => finish(code ?? signalCode(signal))));
    });
  });
}

/** Ends a program with everything that it started. */
class Ending {
  readonly #child: ChildProcess;
  readonly #grace: RunOptions["grace"];
  readonly #timers: NodeJS.Timeout[] = [];
  /** What it had started when it was asked to end, also in groups of their own. */
  #members: Member[] = [];
  #begun = false;

  constructor(child: ChildProcess, grace: RunOptions["grace"]) {
    this.#child = child;
    this.#grace = grace;
  }

  /** By SIGINT first, when there is a grace. */
  readonly start = (): void => {
    if (this.#begun) return;
    if (this.#grace === undefined) {
      this.kill();
      return;
    }
    const [terminate, kill] = this.#grace;
    this.#signal("SIGINT");
    this.#timers.push(setTimeout(() => this.#signal("SIGTERM"), terminate));
    this.#timers.push(setTimeout(this.kill, terminate + kill));
  };

  readonly kill = (): void => {
    this.#signal("SIGKILL");
    killMembers(this.#members);
  };

  /** Workers that outlived a program that was ended must not outlive the step. */
  finish(): void {
    for (const one of this.#timers) clearTimeout(one);
    if (!this.#begun) return;
    signalGroup(this.#child, "SIGKILL");
    killMembers(this.#members);
  }

  #signal(name: NodeJS.Signals): void {
    this.#begun = true;
    if (this.#child.pid !== undefined) this.#members.push(...descendantsOf(this.#child.pid));
    signalGroup(this.#child, name);
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}

function signalCode(signal: NodeJS.Signals | null): number {
  return signal === "SIGINT" ? 130 : signal === "SIGKILL" ? 137 : 143;
}

function timer(milliseconds: number, action: () => void): NodeJS.Timeout | undefined {
  return Number.isFinite(milliseconds) ? setTimeout(action, milliseconds) : undefined;
}
