import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { startBackground } from "../../src/process/background.js";
import { helperEnvironment } from "../../src/process/program-environment.js";
import { alive } from "../support/alive.js";
import { createFolder } from "../support/folder.js";

const ENV = helperEnvironment({ PATH: process.env.PATH });

describe("startBackground", () => {
  it("starts what goes on by itself", async () => {
    const made = join(createFolder(), "made");
    const { pid = 0, problem } = startBackground(["sh", "-c", `touch ${made}; exec sleep 30`], ENV);
    expect(problem).toBe("");
    await vi.waitFor(() => expect(existsSync(made)).toBe(true), 5_000);
    expect(alive(pid)).toBe(true);
    process.kill(-pid, "SIGKILL");
  });

  it("tells what cannot be started", async () => {
    const missing = startBackground(["/nowhere/agent"], ENV);
    await vi.waitFor(() => expect(missing.problem).toMatch(/ENOENT/), 5_000);
    expect(startBackground(["sh", "a\0b"], ENV).problem).toMatch(/null bytes/);
  });
});
