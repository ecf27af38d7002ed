// Makes the documentation site below .cache/site from the pages as they are in the repository, and fails at a link or heading
// that is not there and at a page that the navigation of mkdocs.yml leaves out.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheFolder, must, projectFolder, run } from "./lab/index.mjs";
import { pythonTool } from "./test/python-tool.mjs";

const source = join(cacheFolder, "site", "source");
const SHOWN =
  /^([A-Z]+\.md|LICENSE|action-types\.yml|ansible\.lock|llms\.txt|docs\/.*|bench\/RESULTS\.md|examples\/.*)$/;

const files = (
  await must(["git", "-C", projectFolder, "ls-files", "--cached", "--others", "--exclude-standard"])
).split("\n");
rmSync(source, { recursive: true, force: true });
for (const file of files.filter((name) => SHOWN.test(name))) {
  const to = join(source, file);
  mkdirSync(dirname(to), { recursive: true });
  // A folder is a page on GitHub, and none on a site.
  if (!file.endsWith(".md")) cpSync(join(projectFolder, file), to);
  else
    writeFileSync(
      to,
      readFileSync(join(projectFolder, file), "utf8").replaceAll(
        /\]\((\.\.\/)?examples\/workflows\)/g,
        "](https://github.com/org/django-ansible-deploy/tree/v1/examples/workflows)",
      ),
    );
}
const made = await run([join(await pythonTool("site"), "mkdocs"), "build", "--clean"], {
  cwd: projectFolder,
});
if (made.code !== 0) console.error(`${made.stdout}\n${made.stderr}`);
process.exitCode = made.code === 0 ? 0 : 1;
