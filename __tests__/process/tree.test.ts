import { spawn } from "node:child_process";
import { describe, expect, it } from "vitest";
import { descendantsOf, killMembers, processTable, rowsOf } from "../../src/process/tree.js";
import { alive } from "../support/alive.js";

describe("descendantsOf", () => {
  it("finds children and theirs, and nobody else", () => {
    const row = (pid: number, parent: number) => ({ pid, parent, started: `s${pid}` });
    const table = () => [row(1, 0), row(10, 1), row(11, 10), row(12, 11), row(13, 10), row(20, 1), row(21, 20)];
    expect(
      descendantsOf(10, table)
        .map(({ pid }) => pid)
        .sort(),
    ).toEqual([11, 12, 13]);
    expect(descendantsOf(99, table)).toEqual([]);
  });
});

describe("killMembers", () => {
  it("kills a process only while it is the one that was meant", async () => {
    const child = spawn("sleep", ["30"], { stdio: "ignore" });
    const pid = child.pid ?? 0;
    const ended = new Promise((resolve) => child.on("exit", resolve));
    const me = descendantsOf(process.pid).find((member) => member.pid === pid);
    expect(me).toBeDefined();
    killMembers([{ pid, started: "another time" }]);
    expect(alive(pid)).toBe(true);
    if (me) killMembers([me]);
    await ended;
    expect(alive(pid)).toBe(false);
  });
});

describe("processTable", () => {
  it.each(["linux", "darwin"].filter((platform) => platform === "darwin" || process.platform === "linux"))(
    "has this process, its parent and its start on %s",
    (platform) => {
      const [row, ...more] = processTable(platform).filter(({ pid }) => pid === process.pid);
      expect(more).toEqual([]);
      expect(row?.parent).toBe(process.ppid);
      expect(row?.started).toMatch(/\d/);
      expect(processTable(platform).every(({ pid, parent }) => pid > 0 && parent >= 0)).toBe(true);
    },
  );
});

describe("rowsOf", () => {
  it("reads what ps prints on macOS", () => {
    const text = "    1     0 Mon Jul  6 09:12:01 2026    \n  501     1 Mon Jul  6 09:12:40 2026    \n";
    expect(rowsOf(text)).toEqual([
      { pid: 1, parent: 0, started: "Mon Jul  6 09:12:01 2026" },
      { pid: 501, parent: 1, started: "Mon Jul  6 09:12:40 2026" },
    ]);
  });
});
