// Compiles src/ and bundles the two entries into dist/. Node 20 or newer, after `npm ci`.
import { execFileSync } from "node:child_process";
import { renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
// A second argument builds elsewhere, so that a test can compare without touching dist/.
const dist = process.argv[2] ?? join(root, "dist");
const lib = join(root, "lib");
const bin = (path, ...args) =>
  execFileSync(process.execPath, [join(root, "node_modules", path), ...args], { cwd: root, stdio: "inherit" });

// Built beside it first: whoever runs the action meanwhile keeps the old one.
const fresh = `${dist}.new`;
rmSync(fresh, { recursive: true, force: true });
rmSync(lib, { recursive: true, force: true });
bin("typescript/bin/tsc", "--outDir", lib);
for (const entry of ["main", "post"]) {
  const options = ["-q", "--license", "licenses.txt"];
  bin("@vercel/ncc/dist/ncc/cli.js", "build", join(lib, `${entry}.js`), "-o", join(fresh, entry), ...options);
}
rmSync(dist, { recursive: true, force: true });
renameSync(fresh, dist);
