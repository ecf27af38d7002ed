import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createFolder } from "../support/folder.js";
import { ROOT } from "./support/runner.js";

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

describe("dist", () => {
  it("is what the sources build to", { timeout: 120_000 }, () => {
    const fresh = join(createFolder(), "dist");
    execFileSync(process.execPath, [join(ROOT, "scripts/build.mjs"), fresh], { cwd: ROOT });
    expect(files(fresh)).toEqual(files(join(ROOT, "dist")));
    for (const file of files(fresh)) {
      expect(readFileSync(join(fresh, file), "utf8") === readFileSync(join(ROOT, "dist", file), "utf8"), file).toBe(
        true,
      );
    }
  });

  it.each(["main", "post"])("%s is a module of 1.2 MB at most that names no build folder", (entry) => {
    const file = join(ROOT, "dist", entry, "index.js");
    expect(statSync(file).size).toBeLessThanOrEqual(1_200_000);
    expect(readFileSync(file, "utf8")).not.toContain(ROOT);
    expect(JSON.parse(readFileSync(join(ROOT, "dist", entry, "package.json"), "utf8"))).toMatchObject({
      type: "module",
    });
  });

  it("names the licence of each package, also of what is loaded later", () => {
    const licenses = readFileSync(join(ROOT, "dist/main/licenses.txt"), "utf8");
    for (const name of ["@actions/core", "@actions/tool-cache", "undici", "yaml"]) {
      expect(licenses).toContain(`${name}\n`);
    }
    // The HTTP client is no part of what each start reads.
    expect(readFileSync(join(ROOT, "dist/main/index.js"), "utf8")).not.toContain("node_modules/undici/");
  });

  it("post ends well with nothing to do", () => {
    expect(spawnSync(process.execPath, [join(ROOT, "dist/post/index.js")], { env: {} }).status).toBe(0);
  });
});
