import { describe, expect, it } from "vitest";
import { capture } from "../../src/process/capture.js";

describe("capture", () => {
  it("gives code and output", async () => {
    expect(await capture(["sh", "-c", "echo out; echo err >&2; exit 3"])).toEqual({
      code: 3,
      stdout: "out\n",
      stderr: "err\n",
    });
  });

  it("ends a command after its time", async () => {
    const started = Date.now();
    expect((await capture(["sleep", "30"], { timeout: 50 })).code).toBe(128);
    expect(Date.now() - started).toBeLessThan(5_000);
  });

  it("ends a command that is cancelled", async () => {
    const signal = AbortSignal.timeout(50);
    expect((await capture(["sleep", "30"], { signal })).code).toBe(127);
  });

  it("leaves nothing behind that keeps the action alive when a command does not exist", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timers();
    expect((await capture(["/nowhere/uv"])).code).toBe(127);
    expect(timers()).toBeLessThanOrEqual(before);
  });
});
