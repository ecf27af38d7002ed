import { spawn } from "node:child_process";

/** How a short command ended. A command that cannot be started has code 127. */
export interface Captured {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CaptureOptions {
  readonly cwd?: string;
  /** The whole environment. Default: the action's own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds; default 600,000. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/** Runs a short command to its end without showing its output. Never fails: the caller judges the code. */
export function capture(argv: readonly [string, ...string[]], options: CaptureOptions = {}): Promise<Captured> {
  const [command, ...args] = argv;
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: (options.env ?? process.env) as NodeJS.ProcessEnv,
      stdio: ["ignore", "pipe", "pipe"],
      ...(options.signal ? { signal: options.signal } : {}),
    });
    // Not spawn's own timeout: its timer outlives a command that could not be started, and with it the action.
    const timer = setTimeout(() => child.kill("SIGKILL"), options.timeout ?? 600_000);
    const finish = (result: Captured) => {
      clearTimeout(timer);
      resolve(result);
    };
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
    });
    child.on("error", (error) => finish({ code: 127, stdout, stderr: stderr + error.message }));
    child.on("close", (code) => finish({ code: code ?? 128, stdout, stderr }));
  });
}
