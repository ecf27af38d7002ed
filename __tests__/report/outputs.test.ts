import { describe, expect, it } from "vitest";
import { ending, statusOf } from "../../src/report/outputs.js";

describe("the end of what was printed", () => {
  it.each([
    ["whole", "one\ntwo\n", 8, "one\ntwo\n"],
    ["by whole lines", "one\ntwo\nthree\n", 9, "three\n"],
    ["of one long line", "x".repeat(20), 5, "xxxxx"],
    ["never through a character", "€€€", 7, "€€"],
  ])("is %s", (_, text, most, end) => {
    expect(ending(text, most)).toBe(end);
    expect(Buffer.byteLength(ending(text, most))).toBeLessThanOrEqual(most);
  });
});

describe("what hosts say of themselves", () => {
  const host = {
    ...{ release: "20260102T030405Z-0123456", revision: null, since: null, slot: "blue", free_mib: 4711, lock: null },
    ...{ units: { "mysite@blue.service": "active" }, releases: [], problems: Array(9).fill("x".repeat(300)) },
  };

  it("is whole where it fits", () => {
    expect(JSON.parse(statusOf({ app1: host }))).toEqual({ app1: host });
  });

  it("is what workflows decide by for a fleet that is too large for an output", () => {
    const fleet = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`app${index}`, host]));
    const found = statusOf(fleet);
    expect(Buffer.byteLength(found)).toBeLessThanOrEqual(512 * 1024);
    expect(Object.keys(JSON.parse(found))).toHaveLength(300);
    const { release } = host;
    const problems = Array(5).fill("x".repeat(200));
    expect(JSON.parse(found).app299).toEqual({
      release,
      revision: null,
      since: null,
      health: null,
      lock: null,
      problems,
    });
  });

  it("is nothing rather than an output that GitHub does not take", () => {
    expect(statusOf({ app1: host }, 100)).toBe("{}");
  });
});
