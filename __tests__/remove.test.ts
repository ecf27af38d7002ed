import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { removeFolder } from "../src/remove.js";
import { createFolder } from "./support/folder.js";

describe("removeFolder", () => {
  it("removes a folder with all that it holds, and nothing where there is none", () => {
    const folder = createFolder({ "a/b/c": "x" });
    removeFolder(join(folder, "a"));
    removeFolder(join(folder, "a"));
    expect(readdirSync(folder)).toEqual([]);
  });

  it("leaves nothing of it where entries vanish meanwhile", async () => {
    for (let round = 0; round < 15; round++) {
      const folder = createFolder();
      for (let index = 0; index < 300; index++) writeFileSync(join(folder, `entry-${index}`), "");
      const other = spawn("sh", ["-c", "rm -f entry-*"], { cwd: folder, stdio: "ignore" });
      const ended = once(other, "exit");
      await pause(2 + (round % 5) * 2);
      removeFolder(folder);
      expect(existsSync(folder)).toBe(false);
      await ended;
    }
  });

  it("is how src/ removes folders everywhere", () => {
    const others = readdirSync("src", { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts") && path !== "remove.ts")
      .filter((path) => /\b(rmSync|rm)\([^;]*recursive/.test(readFileSync(join("src", path), "utf8")));
    expect(others).toEqual([]);
  });
});
