import { cpSync, lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheFolder, must, projectFolder } from "../../../scripts/lab/index.mjs";

/** Where the action is that workflows get for `uses: org/django-ansible-deploy@v1`. */
export const actionCopy = join(cacheFolder, "e2e", "action");

/** Copies what a commit of this working tree would hold, and nothing that git ignores. */
export default async function setup(): Promise<void> {
  rmSync(actionCopy, { recursive: true, force: true });
  const files = await must([
    "git",
    "-C",
    projectFolder,
    "ls-files",
    "-z",
    "--cached",
    "--others",
    "--exclude-standard",
  ]);
  // A repository inside this one is listed too, but is no file that a commit would hold.
  const kept = (name: string): boolean =>
    lstatSync(join(projectFolder, name), { throwIfNoEntry: false })?.isDirectory() === false;
  for (const file of files.split("\0").filter((name) => name !== "" && kept(name))) {
    const [from, to] = [join(projectFolder, file), join(actionCopy, file)];
    mkdirSync(dirname(to), { recursive: true });
    if (lstatSync(from).isSymbolicLink()) symlinkSync(readlinkSync(from), to);
    else cpSync(from, to);
  }
}
