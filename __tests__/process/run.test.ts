import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { runProcess } from "../../src/process/run.js";
import { createFolder } from "../support/folder.js";

function sh(script: string, signal = new AbortController().signal, grace: readonly [number, number] = [300, 300]) {
  const folder = createFolder();
  const output = { stdout: "", stderr: "" };
  const done = runProcess(["sh", "-c", script], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? "", ONLY: "this" },
    signal,
    grace,
    onOutput: (stream, chunk) => {
      output[stream] += chunk;
    },
  });
  return { done, output, folder };
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 500) throw new Error("it never happened");
    await sleep(10);
  }
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

describe("runProcess", () => {
  it("gives exit code, both streams and only its own environment", async () => {
    const { done, output } = sh("echo out; echo err >&2; env; exit 3");
    expect(await done).toEqual({ code: 3, stderr: "err\n" });
    expect(output.stdout).toContain("out\n");
    expect(output.stdout).toContain("ONLY=this\n");
    expect(output.stdout).not.toContain("HOME=");
  });

  it("tells a command that cannot be started", async () => {
    const result = await runProcess(["/nowhere/python"], {
      cwd: "/",
      env: {},
      signal: new AbortController().signal,
      onOutput: () => undefined,
    });
    expect(result.code).toBe(127);
    expect(result.stderr).toContain("ENOENT");
  });

  it("sends SIGINT first, to the whole group, and lets it end in order", async () => {
    const stop = new AbortController();
    const { done, output } = sh(
      "trap 'echo orderly; exit 99' INT; echo ready; while :; do sleep 0.05; done",
      stop.signal,
    );
    await until(() => output.stdout.includes("ready"));
    stop.abort("cancelled");
    expect((await done).code).toBe(99);
    expect(output.stdout).toContain("orderly");
  });

  it("kills what does not listen, with its children", async () => {
    const stop = new AbortController();
    const script =
      "trap '' INT TERM; (trap '' INT TERM; echo $$ > x; exec sleep 60) & echo $! > child; echo ready; wait; sleep 60";
    const { done, output, folder } = sh(script, stop.signal, [100, 100]);
    await until(() => output.stdout.includes("ready") && existsSync(join(folder, "child")));
    const child = Number(readFileSync(join(folder, "child"), "utf8"));
    expect(alive(child)).toBe(true);
    const started = Date.now();
    stop.abort("cancelled");
    expect((await done).code).toBe(137);
    expect(Date.now() - started).toBeLessThan(2_000);
    await until(() => !alive(child));
  });

  it("ends at once when it was aborted before", async () => {
    const stop = new AbortController();
    stop.abort("timeout");
    expect((await sh("sleep 60", stop.signal).done).code).toBeGreaterThan(127);
  });

  it("does not wait for a process that was left behind with the pipes open", async () => {
    const started = Date.now();
    const { done } = sh("(setsid sleep 5 &) ; echo done");
    expect((await done).code).toBe(0);
    expect(Date.now() - started).toBeLessThan(3_000);
  });
});
