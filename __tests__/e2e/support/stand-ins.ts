import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectFolder } from "../../../scripts/lab/index.mjs";

// What stands in for GitHub's own actions and commands in the example workflows.

/** The actions/checkout that an example uses, `owner/name@commit`. */
export const checkoutUsed = (example: string): string =>
  /uses: (actions\/checkout@[0-9a-f]{40})/.exec(
    readFileSync(join(projectFolder, "examples/workflows", example), "utf8"),
  )?.[1] ?? "";

/** An actions/checkout, in `folder`, for the commits that act does not check out itself: of a repository on this machine. */
export function checkout(folder: string, repository: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "action.yml"),
    "name: Checkout\ndescription: Checkout\ninputs:\n  ref: {description: Commit}\n  persist-credentials: {description: None}\n  path: {description: Folder}\nruns: {using: node24, main: main.cjs}\n",
  );
  writeFileSync(
    join(folder, "main.cjs"),
    `const { execFileSync } = require("node:child_process");
const { readdirSync, rmSync } = require("node:fs");
const workspace = process.env.GITHUB_WORKSPACE;
for (const name of readdirSync(workspace)) rmSync(workspace + "/" + name, { recursive: true });
execFileSync("git", ["clone", "--quiet", ${JSON.stringify(repository)}, workspace]);
execFileSync("git", ["-C", workspace, "checkout", "--quiet", process.env.INPUT_REF]);
`,
  );
  execFileSync("git", ["init", "--quiet", folder]);
  return folder;
}

/** A `gh` that writes down how it was called, and the text that it was given. `open` is the number of an issue that is open. */
export const gh = (file: string, open = ""): string => `#!/usr/bin/env python3
import json, sys
OPEN = ${JSON.stringify(open)}
argv = sys.argv[1:]
if argv[0] == "auth":
    sys.exit(1)  # act asks for a token of its own
if argv[:2] == ["issue", "list"]:
    print(OPEN)
    sys.exit()
files = [argv[i + 1] for i, word in enumerate(argv) if word in ("--body-file", "--notes-file")]
json.dump({"argv": argv, "text": "".join(open(name).read() for name in files)}, open(${JSON.stringify(file)}, "w"))
`;

export function called(file: string): { argv: string[]; text: string } {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { argv: [], text: "" };
}
