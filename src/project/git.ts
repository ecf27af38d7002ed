import { helperEnvironment } from "../process/program-environment.js";
import { run } from "../process/run.js";

/**
 * The commit that is checked out in a folder.
 *
 * @param job its environment.
 * @returns undefined when the folder is in no Git work tree, or git is missing.
 */
export async function headRevision(
  folder: string,
  job: Readonly<Record<string, string | undefined>>,
  signal?: AbortSignal,
): Promise<string | undefined> {
  // The workspace of a container job belongs to another user, which git refuses without safe.directory.
  const argv = ["git", "-c", "safe.directory=*", "-C", folder, "rev-parse", "--verify", "HEAD"] as const;
  const { code, stdout } = await run(argv, { env: helperEnvironment(job), timeout: 30_000, signal });
  const sha = stdout.trim();
  return code === 0 && /^[0-9a-f]{40,64}$/.test(sha) ? sha : undefined;
}
