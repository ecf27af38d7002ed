import { describe, expect, it } from "vitest";
import { ending } from "../../src/report/outputs.js";

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
