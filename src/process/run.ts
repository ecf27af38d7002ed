import { type ChildProcess, spawn } from "node:child_process";

/** What a run needs besides its arguments. */
export interface ProcessOptions {
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly onOutput: (stream: "stdout" | "stderr", chunk: string) => void;
  /** Ends the run when it is aborted. */
  readonly signal: AbortSignal;
  /** Milliseconds from the abort to SIGTERM, and from there to SIGKILL. Default 3,000 and 2,000. */
  readonly grace?: readonly [terminate: number, kill: number];
}

/** How a run ended. */
export interface ProcessResult {
  /** Exit code; 128 and more when a signal ended it, 127 when it could not be started. */
  readonly code: number;
  /** The last 64 kB of standard error, for the cause of a failure before any host. */
  readonly stderr: string;
}

const STDERR_TAIL = 65_536;

/** GitHub kills the step 10 s after its first signal, so a cancelled run has to end, and be cleaned up, before that. */
const GRACE = [3_000, 2_000] as const;

/**
 * Runs ansible-playbook in a process group of its own, so that a cancel reaches its workers and their ssh, and nothing
 * else reaches them before: Ansible is told first, by SIGINT, and gets time to end in an orderly way.
 */
export function runProcess(argv: readonly [string, ...string[]], options: ProcessOptions): Promise<ProcessResult> {
  const [command, ...args] = argv;
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => options.onOutput("stdout", chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr = (stderr + chunk).slice(-STDERR_TAIL);
      options.onOutput("stderr", chunk);
    });
    const timers: NodeJS.Timeout[] = [];
    const [terminate, kill] = options.grace ?? GRACE;
    const end = () => {
      signalGroup(child, "SIGINT");
      timers.push(setTimeout(() => signalGroup(child, "SIGTERM"), terminate));
      timers.push(setTimeout(() => signalGroup(child, "SIGKILL"), terminate + kill));
    };
    if (options.signal.aborted) end();
    else options.signal.addEventListener("abort", end, { once: true });
    let done = false;
    const finish = (code: number) => {
      if (done) return;
      done = true;
      for (const timer of timers) clearTimeout(timer);
      options.signal.removeEventListener("abort", end);
      // Workers that outlived Ansible must not outlive the step.
      if (options.signal.aborted) signalGroup(child, "SIGKILL");
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ code, stderr });
    };
    child.on("error", (error) => {
      stderr += error.message;
      finish(127);
    });
    child.on("close", (code, signal) => finish(code ?? signalCode(signal)));
    // A process that Ansible left behind may hold the pipes open; what Ansible wrote itself is there by then.
    child.on("exit", (code, signal) => {
      timers.push(setTimeout(() => finish(code ?? signalCode(signal)), 1_000));
    });
  });
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
