import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { RunEvent } from "../../src/ansible/events.js";
import { FollowedFile } from "../../src/ansible/follow.js";
import { Progress } from "../../src/ansible/progress.js";

const play: RunEvent = { event: "play", name: "Prepare", hosts: 2 };
const task: RunEvent = { event: "task", id: "1", name: "a.b.role : Prepare the release", time: 100 };
const done: RunEvent = { event: "result", host: "a", task: "1", name: "x", action: "x", status: "ok" };

describe("Progress", () => {
  it("tells of a long task with its hosts and time, ever more seldom", () => {
    const progress = new Progress();
    progress.take([play, task]);
    expect(progress.line(109)).toBeUndefined();
    expect(progress.line(110)).toBe("… Prepare the release: 0 of 2 hosts done after 10 s");
    progress.take([done]);
    expect(progress.line(111)).toBeUndefined();
    expect(progress.line(120)).toBe("… Prepare the release: 1 of 2 hosts done after 20 s");
    expect(progress.line(130)).toBeDefined();
    expect(progress.line(159)).toBeUndefined();
    expect(progress.line(160)).toBeDefined();
    expect(progress.line(219)).toBeUndefined();
    expect(progress.line(220)).toBeDefined();
  });

  it("is silent before the first task and after the last", () => {
    const progress = new Progress();
    expect(progress.line(1e9)).toBeUndefined();
    progress.take([play, task, { event: "stats", hosts: {} }]);
    expect(progress.line(1e9)).toBeUndefined();
  });

  it("counts no hosts where there is one", () => {
    const progress = new Progress();
    progress.take([{ ...play, hosts: 1 }, task]);
    expect(progress.line(112)).toBe("… Prepare the release: after 12 s");
  });
});

describe("FollowedFile", () => {
  const folder = mkdtempSync(join(tmpdir(), "follow-"));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("gives whole lines once, also when a letter came in two pieces", () => {
    const path = join(folder, "events");
    const file = new FollowedFile(path);
    expect(file.read()).toBe("");
    const text = Buffer.from("one\ntwö\n");
    writeFileSync(path, text.subarray(0, 7));
    expect(file.read()).toBe("one\n");
    appendFileSync(path, text.subarray(7));
    expect(file.read()).toBe("twö\n");
    expect(file.read()).toBe("");
  });
});
