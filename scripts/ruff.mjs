// Checks the project's Python with ruff, as ruff.toml says.
import { join } from "node:path";
import { projectFolder, run } from "./lab/index.mjs";
import { pythonTool } from "./test/python-tool.mjs";

const ruff = join(await pythonTool("ruff"), "ruff");
const { code, stdout, stderr } = await run([ruff, "check", "--no-cache", "--output-format", "concise"], {
  cwd: projectFolder,
});
if (code !== 0) {
  console.error(`${stdout}\n${stderr}`);
  process.exitCode = 1;
}
