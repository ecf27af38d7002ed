import { getEventListeners } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { helperEnvironment } from "../../src/process/program-environment.js";
import { killAll, type RunOptions, run } from "../../src/process/run.js";
import { descendantsOf } from "../../src/process/tree.js";
import { alive } from "../support/alive.js";
import { createFolder } from "../support/folder.js";

const ENV = helperEnvironment({ PATH: process.env.PATH });

/** A program whose output is passed on, and that gets a moment to end. */
function follow(script: string, options: Partial<RunOptions> = {}) {
  const folder = createFolder();
  const output = { stdout: "", stderr: "" };
  const done = run(["sh", "-c", script], {
    ...{ cwd: folder, env: ENV, grace: [300, 300] },
    onOutput: (stream, chunk) => {
      output[stream] += chunk;
    },
    ...options,
  });
  const pidIn = async (name: string): Promise<number> => {
    const path = join(folder, name);
    await until(() => existsSync(path) && readFileSync(path, "utf8").endsWith("\n"));
    return Number(readFileSync(path, "utf8"));
  };
  return { done, output, folder, pidIn };
}

const until = (condition: () => boolean): Promise<void> =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 10_000, interval: 10 });

describe("run", () => {
  it("gives code and output, and nothing but the given environment", async () => {
    const env = helperEnvironment({ PATH: process.env.PATH, LANG: "C.UTF-8" }, { ONLY: "this" });
    const { code, stdout, stderr } = await run(["sh", "-c", "echo out; echo err >&2; env; exit 3"], { env });
    expect([code, stderr]).toEqual([3, "err\n"]);
    expect(stdout).toContain("out\n");
    expect(stdout).toContain("ONLY=this\n");
    expect(stdout).not.toContain("HOME=");
  });

  it("passes output on as it comes and keeps the end of the errors", async () => {
    const { done, output } = follow("echo out; echo err >&2");
    expect(await done).toEqual({ code: 0, stdout: "", stderr: "err\n" });
    expect(output).toEqual({ stdout: "out\n", stderr: "err\n" });
    const long = follow("head -c 70000 /dev/zero | tr '\\0' x >&2; echo end >&2");
    const { stderr } = await long.done;
    expect(stderr.length).toBe(65_536);
    expect(stderr.endsWith("xend\n")).toBe(true);
  });

  it.each<[string, readonly [string, ...string[]], string | undefined, RegExp]>([
    ["does not exist", ["/nowhere/python"], undefined, /ENOENT/],
    ["is asked for in a folder that does not exist", ["sh"], "/nowhere", /ENOENT/],
    ["has an argument with a NUL", ["sh", "a\0b"], undefined, /null bytes/],
  ])("never fails where a program %s", async (_, argv, cwd, problem) => {
    const { code, stderr } = await run(argv, { env: ENV, ...(cwd === undefined ? {} : { cwd }) });
    expect(code).toBe(127);
    expect(stderr).toMatch(problem);
  });

  it.each([
    ["INT", 130],
    ["TERM", 143],
    ["KILL", 137],
  ])("gives the code of SIG%s, which a shell would give", async (signal, code) => {
    expect(await run(["sh", "-c", `kill -${signal} $$`], { env: ENV })).toEqual({ code, stdout: "", stderr: "" });
  });

  it("ends with the program and not later, and listens to nothing more", { retry: 2 }, async () => {
    const { signal } = new AbortController();
    const started = Date.now();
    for (let times = 0; times < 3; times++) await run(["true"], { env: ENV, signal });
    expect(Date.now() - started).toBeLessThan(2_500);
    expect(getEventListeners(signal, "abort").length).toBe(0);
  });

  it("leaves no timer behind", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timers();
    await run(["/nowhere/uv"], { env: ENV });
    await run(["true"], { env: ENV });
    expect(timers()).toBeLessThanOrEqual(before);
  });

  it("ends a program after its time, with its children", async () => {
    const { done, pidIn } = follow("sleep 60 & echo $! > child; echo; wait", { timeout: 500 });
    const child = await pidIn("child");
    expect((await done).code).toBeGreaterThan(127);
    await until(() => !alive(child));
  });

  it("ends a program that prints without end", async () => {
    const { code, stdout } = await run(["yes"], { env: ENV, most: 100_000, timeout: 20_000 });
    expect(code).toBe(137);
    expect(stdout.length).toBe(100_000);
  });

  it("starts nothing once it is stopped", async () => {
    const folder = createFolder();
    const { code, stdout, stderr } = await run(["touch", join(folder, "made")], {
      env: ENV,
      signal: AbortSignal.abort("cancelled"),
    });
    expect([code, stdout, stderr]).toEqual([130, "", ""]);
    expect(existsSync(join(folder, "made"))).toBe(false);
  });

  it("ends a program at once when it is stopped and has no grace", async () => {
    const stop = new AbortController();
    const started = Date.now();
    const done = run(["sh", "-c", "trap '' INT TERM; sleep 60"], { env: ENV, signal: stop.signal });
    setTimeout(() => stop.abort(), 100);
    expect((await done).code).toBe(137);
    expect(Date.now() - started).toBeLessThan(5_000);
  });

  it("sends SIGINT first, to the whole group, and lets it end in order", async () => {
    const stop = new AbortController();
    const { done, output } = follow("trap 'echo orderly; exit 99' INT; echo ready; while :; do sleep 0.05; done", {
      signal: stop.signal,
      grace: [5_000, 300],
    });
    await until(() => output.stdout.includes("ready"));
    stop.abort("cancelled");
    expect((await done).code).toBe(99);
    expect(output.stdout).toContain("orderly");
  });

  it("sends SIGTERM next, and lets it end in order then", async () => {
    const stop = new AbortController();
    const script = "trap '' INT; trap 'exit 98' TERM; echo $$ > self; while :; do sleep 0.05; done";
    const { done, pidIn } = follow(script, { signal: stop.signal, grace: [100, 10_000] });
    await pidIn("self");
    stop.abort("cancelled");
    expect((await done).code).toBe(98);
  });

  it("tells the children as well", async () => {
    const stop = new AbortController();
    const child = `perl -e '$SIG{INT} = sub { open(F, ">told"); print F "1\\n"; exit }; $| = 1; print "ready\\n"; sleep 60'`;
    const { done, output, pidIn } = follow(`trap 'wait; exit 0' INT; ${child} & wait`, {
      ...{ signal: stop.signal, grace: [10_000, 10_000] },
    });
    await until(() => output.stdout.includes("ready"));
    stop.abort("cancelled");
    expect((await done).code).toBe(0);
    expect(await pidIn("told")).toBe(1);
  });

  it("kills what does not listen, with its children, also those that left the group", async () => {
    const stop = new AbortController();
    const script = [
      "trap '' INT TERM",
      "(trap '' INT TERM; exec sleep 60) & echo $! > child",
      "perl -MPOSIX -e 'setsid; exec @ARGV' sh -c 'trap \"\" INT TERM; echo $$ > strayed; sleep 60' &",
      "wait; sleep 60",
    ].join("\n");
    const { done, pidIn } = follow(script, { signal: stop.signal, grace: [100, 100] });
    const pids = [await pidIn("child"), await pidIn("strayed")];
    expect(pids.map(alive)).toEqual([true, true]);
    const started = Date.now();
    stop.abort("cancelled");
    expect((await done).code).toBe(137);
    expect(Date.now() - started).toBeLessThan(5_000);
    for (const pid of pids) await until(() => !alive(pid));
  });

  it("leaves no child behind of a program that ended in order after all", async () => {
    const stop = new AbortController();
    const script =
      "trap 'exit 0' INT; (trap '' INT TERM; exec sleep 60) & echo $! > child; while :; do sleep 0.05; done";
    const { done, pidIn } = follow(script, { signal: stop.signal, grace: [5_000, 5_000] });
    const child = await pidIn("child");
    stop.abort("cancelled");
    expect((await done).code).toBe(0);
    await until(() => !alive(child));
  });

  it("leaves none behind that had left the group either", async () => {
    const stop = new AbortController();
    const stray = "perl -MPOSIX -e 'setsid; exec @ARGV' sh -c 'trap \"\" INT TERM; echo $$ > strayed; sleep 60' &";
    const script = `trap 'exit 0' INT\n${stray}\nwhile :; do sleep 0.05; done`;
    const { done, pidIn } = follow(script, { signal: stop.signal, grace: [5_000, 5_000] });
    const strayed = await pidIn("strayed");
    stop.abort("cancelled");
    expect((await done).code).toBe(0);
    await until(() => !alive(strayed));
  });

  it("leaves alone what a program that ended by itself goes on with", async () => {
    const { done, pidIn } = follow("sleep 20 >/dev/null 2>&1 & echo $! > left");
    expect((await done).code).toBe(0);
    const left = await pidIn("left");
    expect(alive(left)).toBe(true);
    process.kill(left, "SIGKILL");
  });

  it("leaves no child behind that was started while it ended", async () => {
    const stop = new AbortController();
    const script =
      "trap '(trap \"\" INT TERM; exec sleep 60) & echo $! > late; exit 0' INT; echo $$ > self; while :; do sleep 0.05; done";
    const { done, pidIn } = follow(script, { signal: stop.signal, grace: [5_000, 5_000] });
    await pidIn("self");
    stop.abort("cancelled");
    expect((await done).code).toBe(0);
    const late = await pidIn("late");
    await until(() => !alive(late));
  });

  it("does not wait for a process that was left behind with the pipes open, and leaves it alone", async () => {
    const started = Date.now();
    const { done, pidIn } = follow(
      "(perl -MPOSIX -e 'setsid; exec @ARGV' sh -c 'echo $$ > left; exec sleep 20' &) ; echo done",
    );
    expect((await done).code).toBe(0);
    expect(Date.now() - started).toBeLessThan(10_000);
    const left = await pidIn("left");
    expect(alive(left)).toBe(true);
    process.kill(left);
  });

  it("has a program watched that must not outlive this process, and nobody watch once it has ended", async () => {
    const started = () => descendantsOf(process.pid).length;
    const before = started();
    for (const [leashed, processes] of [
      [true, 2],
      [false, 1],
    ] as const) {
      const { done, pidIn } = follow("echo $$ > self; exec sleep 60", { leashed });
      await pidIn("self");
      await until(() => started() - before === processes);
      killAll();
      await done;
      await until(() => started() === before);
    }
  });

  it("kills everything when nothing else ends a run", async () => {
    const { done, pidIn } = follow("trap '' INT TERM; echo $$ > self; sleep 60");
    await pidIn("self");
    killAll();
    expect((await done).code).toBe(137);
  });
});
