import { execFileSync, spawn } from "node:child_process";
import { describe, expect, it, vi } from "vitest";
import { leash } from "../../src/process/leash.js";
import { alive } from "../support/alive.js";

/** A process group of one that sleeps. */
function group(): number {
  const child = spawn("sleep", ["30"], { detached: true, stdio: "ignore" });
  child.unref();
  return child.pid ?? 0;
}

/** The shell that watches over a group. */
function watcherOf(pid: number): number {
  const lines = execFileSync("ps", ["-A", "-ww", "-o", "pid=,args="], { encoding: "utf8" }).split("\n");
  return Number(
    lines
      .find((line) => line.includes("read -r _;") && line.endsWith(` sh ${pid}`))
      ?.trim()
      .split(" ")[0],
  );
}

describe("leash", () => {
  it("lets a group go that has ended", async () => {
    const pid = group();
    const release = leash(pid);
    await vi.waitFor(() => expect(watcherOf(pid)).toBeGreaterThan(0), 5_000);
    release();
    await vi.waitFor(() => expect(watcherOf(pid)).toBeNaN(), 5_000);
    expect(alive(pid)).toBe(true);
    process.kill(pid, "SIGKILL");
  });
});
