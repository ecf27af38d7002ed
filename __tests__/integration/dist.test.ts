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

  it.each(["main", "post", "look"])("%s has modules of 1.2 MB at most that name no build folder", (entry) => {
    const modules = files(join(ROOT, "dist", entry)).filter((name) => name.endsWith(".js"));
    const texts = modules.map((name) => readFileSync(join(ROOT, "dist", entry, name), "utf8"));
    // The HTTP client is in a file of its own.
    const own = texts.filter((text) => !text.includes("node_modules/undici/"));
    expect(own.join("").length).toBeLessThanOrEqual(1_200_000);
    expect(texts.filter((text) => text.length > 1_200_000 || text.includes(ROOT))).toEqual([]);
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

  it("hides what is a secret as a whole before it reads the rest of itself, or of Node, that this does not need", () => {
    const folder = createFolder({
      "look.cjs": `const write = process.stdout.write;
process.stdout.write = function (text) {
  process.stdout.write = write;
  const loaded = process.moduleLoadList.filter((name) => name.startsWith("NativeModule ")).map((name) => name.slice(13));
  require("node:fs").writeFileSync("seen.json", JSON.stringify({ text, loaded }));
  return write.apply(this, arguments);
};
`,
    });
    const env = { "INPUT_BECOME-PASSWORD": "b3come-pass", RUNNER_TEMP: folder, GITHUB_WORKSPACE: folder };
    const look = ["--require", join(folder, "look.cjs"), join(ROOT, "dist/main/index.js")];
    expect(spawnSync(process.execPath, look, { cwd: folder, env }).status).toBe(1);
    const { text, loaded } = JSON.parse(readFileSync(join(folder, "seen.json"), "utf8"));
    expect(text).toBe("::add-mask::b3come-pass\n");
    expect(loaded).toContain("os");
    expect(["crypto", "child_process", "http"].filter((name) => loaded.includes(name))).toEqual([]);
    expect(statSync(join(ROOT, "dist/main/index.js")).size).toBeLessThan(100_000);
  });

  it("post ends well with nothing to do", () => {
    expect(spawnSync(process.execPath, [join(ROOT, "dist/post/index.js")], { env: {} }).status).toBe(0);
  });
});
