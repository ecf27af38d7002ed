// Checks the workflows of this repository and those that users copy: actionlint for mistakes, zizmor for what could be abused.
// Both are installed below .cache the first time: actionlint from the Go proxy, zizmor from the package index with hashes.
import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, ensureCommands, must, projectFolder, run } from "./lab/index.mjs";
import { pythonTool } from "./test/python-tool.mjs";

const ACTIONLINT = "v1.7.12";
const QUIET = ["--offline", "--no-progress"];

/** @param {string} line */
const say = (line) => console.error(line);
const files = globSync([".github/workflows/*.yml", "examples/workflows/*.yml", "__tests__/e2e/workflows/*.yml"], {
  cwd: projectFolder,
}).sort();
// What the tests run is theirs alone; it has no business with permissions and pins.
const zizmor = join(await pythonTool("zizmor"), "zizmor");
const published = files.filter((file) => file.startsWith("examples"));
const shown = [
  await run([await actionlint(), "-no-color", ...files], { cwd: projectFolder }),
  // What runs here to the strictest rules; what users copy shall stay short.
  await run([zizmor, ...QUIET, "--persona", "pedantic", "action.yml", ".github"], { cwd: projectFolder }),
  await run([zizmor, ...QUIET, ...published], { cwd: projectFolder }),
];
for (const { code, stdout, stderr } of shown) {
  if (code === 0) continue;
  console.error(`${stdout}\n${stderr}`);
  process.exitCode = 1;
}

async function actionlint() {
  const folder = join(cacheFolder, `actionlint-${ACTIONLINT}`);
  const program = join(folder, "actionlint");
  if (existsSync(program)) return program;
  await ensureCommands(["go"], say);
  const env = { ...process.env, GOBIN: folder, CGO_ENABLED: "0" };
  await must(["go", "install", `github.com/rhysd/actionlint/cmd/actionlint@${ACTIONLINT}`], { env });
  return program;
}
