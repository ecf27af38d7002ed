import { DeployError } from "../errors.js";

/** The machine that Ansible is made ready on. A parameter, so that each platform can be tried on any other. */
export interface Machine {
  /** The job's environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** As in `process.platform` and `process.arch`. */
  readonly platform: string;
  readonly arch: string;
  /** Ends what is started. */
  readonly signal?: AbortSignal | undefined;
}

export function thisMachine(environment: Machine["environment"], signal?: AbortSignal): Machine {
  return { environment, platform: process.platform, arch: process.arch, signal };
}

/**
 * Refuses a platform that Ansible cannot run on.
 *
 * @throws DeployError.
 */
export function requirePlatform(platform: string): void {
  if (platform === "linux" || platform === "darwin") return;
  const name = platform === "win32" ? "Windows" : platform;
  throw new DeployError(
    `The job runs on ${name}, where Ansible does not run: use a Linux or macOS runner, such as runs-on: ubuntu-latest.`,
  );
}
