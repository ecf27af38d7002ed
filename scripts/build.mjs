// Compiles src/ and bundles the three entries into dist/. Node 20 or newer, after `npm ci`.
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
// A second argument builds elsewhere, so that a test can compare without touching dist/.
const dist = process.argv[2] ?? join(root, "dist");
const lib = join(root, "lib");
/** @param {string} path @param {string[]} args */
const bin = (path, ...args) =>
  execFileSync(process.execPath, [join(root, "node_modules", path), ...args], { cwd: root, stdio: "inherit" });

// Built beside it first: whoever runs the action meanwhile keeps the old one.
const fresh = `${dist}.new`;
rmSync(fresh, { recursive: true, force: true });
rmSync(lib, { recursive: true, force: true });
bin("typescript/bin/tsc", "--outDir", lib);
leaveOutUnused();
for (const entry of ["main", "post", "look"]) {
  bin("@vercel/ncc/dist/ncc/cli.js", "build", join(lib, `${entry}.js`), "-o", join(fresh, entry), "-q");
  writeFileSync(join(fresh, entry, "licenses.txt"), licensesOf(join(fresh, entry)));
}
rmSync(dist, { recursive: true, force: true });
renameSync(fresh, dist);

/**
 * @actions/core brings what the action does not use and would pay for at the start of each step: an HTTP client of 1 MB for
 * GitHub's identity tokens, a writer of summaries that has Node load its streams, a look at the platform, and the whole of
 * Node's `crypto` for a random id, which the global of that name gives as well. The bundles get a copy of the package without
 * those parts; what downloads uv brings the client in a file of its own, loaded when it is needed.
 */
function leaveOutUnused() {
  const copy = join(lib, "node_modules", "@actions", "core");
  cpSync(join(root, "node_modules", "@actions", "core"), copy, { recursive: true });
  const stubs = {
    "oidc-utils.js":
      'export class OidcClient {\n  static async getIDToken() {\n    throw new Error("not in this bundle");\n  }\n}\n',
    "summary.js": "export const summary = undefined;\nexport const markdownSummary = undefined;\n",
    "platform.js": "export {};\n",
  };
  for (const [name, text] of Object.entries(stubs)) writeFileSync(join(copy, "lib", name), text);
  const commands = join(copy, "lib", "file-command.js");
  const whole = readFileSync(commands, "utf8");
  const line = "import * as crypto from 'crypto';";
  if (!whole.includes(line)) throw new Error(`${commands} has no ${line}`);
  writeFileSync(commands, whole.replace(line, ""));
}

/** The licences of the packages in a bundle, whose parts name the modules that they hold. ncc's own list knows one part only. */
function licensesOf(/** @type {string} */ folder) {
  const parts = readdirSync(folder).filter((name) => name.endsWith(".js"));
  const named = parts.flatMap((name) => [
    ...readFileSync(join(folder, name), "utf8").matchAll(/node_modules\/((?:@[\w.-]+\/)?[a-z][\w.-]*)\//g),
  ]);
  const packages = [...new Set(named.map(([, name = ""]) => name))].sort();
  return packages.map(licenseOf).join("\n");
}

function licenseOf(/** @type {string} */ name) {
  const folder = join(root, "node_modules", name);
  const { license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (!file) throw new Error(`${name} is bundled and has no licence file`);
  return `${name}\n${license}\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
}
