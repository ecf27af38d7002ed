import { getExecOutput } from "@actions/exec";

/**
 * The commit that is checked out in a folder.
 *
 * @returns undefined when the folder is in no Git work tree, or git is missing.
 */
export async function headRevision(folder: string): Promise<string | undefined> {
  try {
    // The workspace of a container job belongs to another user, which git refuses without safe.directory.
    const args = ["-c", "safe.directory=*", "-C", folder, "rev-parse", "--verify", "HEAD"];
    const { exitCode, stdout } = await getExecOutput("git", args, { silent: true, ignoreReturnCode: true });
    const sha = stdout.trim();
    return exitCode === 0 && /^[0-9a-f]{40,64}$/.test(sha) ? sha : undefined;
  } catch {
    return undefined;
  }
}
