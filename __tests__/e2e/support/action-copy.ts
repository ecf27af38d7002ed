import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
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
  for (const file of files.split("\0").filter((name) => name !== "" && existsSync(join(projectFolder, name)))) {
    mkdirSync(join(actionCopy, dirname(file)), { recursive: true });
    cpSync(join(projectFolder, file), join(actionCopy, file), { verbatimSymlinks: true });
  }
}
