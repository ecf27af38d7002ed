// Compiles src/ and bundles the two entries into dist/. Node 20 or newer, after `npm ci`.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
// A second argument builds elsewhere, so that a test can compare without touching dist/.
const dist = process.argv[2] ?? join(root, "dist");
const lib = process.argv[2] ? mkdtempSync(join(root, "lib-")) : join(root, "lib");
const bin = (path, ...args) =>
  execFileSync(process.execPath, [join(root, "node_modules", path), ...args], { cwd: root, stdio: "inherit" });

try {
  rmSync(dist, { recursive: true, force: true });
  rmSync(lib, { recursive: true, force: true });
  bin("typescript/bin/tsc", "--outDir", lib);
  for (const entry of ["main", "post"]) {
    bin(
      "@vercel/ncc/dist/ncc/cli.js",
      "build",
      join(lib, `${entry}.js`),
      "-o",
      join(dist, entry),
      "-q",
      "--license",
      "licenses.txt",
    );
  }
} finally {
  if (process.argv[2]) rmSync(lib, { recursive: true, force: true });
}
