import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { annotate, fail, plainLine, resumeCommands, stopCommands, warn } from "../src/announce.js";

let log = "";
function listen(): void {
  log = "";
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    log += chunk;
    return true;
  });
}
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = 0;
});

describe("what is announced", () => {
  it("is said at once while commands count", () => {
    listen();
    warn("w");
    annotate("e", { file: "a.yml", startLine: 3 });
    expect(log).toBe("::warning::w\n::error file=a.yml,line=3::e\n");
  });

  it("waits while commands are stopped, and the step fails nevertheless", () => {
    listen();
    stopCommands("t0ken");
    warn("w");
    fail("f");
    expect(log).toBe("::stop-commands::t0ken\n");
    expect(process.exitCode).toBe(1);
    resumeCommands();
    expect(log).toBe("::stop-commands::t0ken\n::t0ken::\n::warning::w\n::error::f\n");
    resumeCommands();
    warn("again");
    expect(log.endsWith("::error::f\n::warning::again\n")).toBe(true);
  });

  it("is announced here and nowhere else in src/", () => {
    const others = readdirSync("src", { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts") && path !== "announce.ts")
      .filter((path) =>
        /core\.(warning|error|notice|setFailed|debug|info)\b/.test(readFileSync(join("src", path), "utf8")),
      );
    expect(others).toEqual([]);
  });
});

describe("a plain line", () => {
  it.each(["::error::x", "  ::set-output name=a::b", "##[error]x", "a\n::error::x"])("%j is no command", (text) => {
    expect(plainLine(text)).not.toMatch(/^\s*::|##\[|\n/);
  });
});

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
