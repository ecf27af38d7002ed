import { describe, expect, it, vi } from "vitest";
import { annotate, warn } from "../src/announce.js";

function written(say: () => void): string {
  const chunks: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => chunks.push(String(chunk)) > 0);
  say();
  vi.restoreAllMocks();
  return chunks.join("");
}

describe("an annotation", () => {
  it("is at most 4 kB, and ends with a whole character", () => {
    for (const text of ["w".repeat(8_000_000), "é".repeat(10_000), `x${"☃".repeat(10_000)}`]) {
      const line = written(() => warn(text))
        .replace("::warning::", "")
        .trimEnd();
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(4_096);
      expect(Buffer.byteLength(line)).toBeGreaterThan(4_080);
      expect(line).not.toContain("\ufffd");
      expect(line).toMatch(/ …$/);
    }
    expect(written(() => annotate("short", {}))).toBe("::error::short\n");
  });
});
