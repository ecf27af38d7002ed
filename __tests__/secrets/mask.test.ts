import { describe, expect, it, vi } from "vitest";
import { Mask } from "../../src/secrets/mask.js";

describe("Mask", () => {
  it("tells the runner each form once, and hides them in texts", () => {
    const written: string[] = [];
    vi.spyOn(process.stdout, "write").mockImplementation((chunk) => written.push(String(chunk)) > 0);
    const mask = new Mask();
    mask.add(["pass word", "pass word", "pass"]);
    vi.restoreAllMocks();
    const lines = written.join("").split("\n").filter(Boolean);
    expect(lines).toContain("::add-mask::pass word");
    expect(lines).toContain("::add-mask::pass%2520word");
    expect(new Set(lines).size).toBe(lines.length);
    expect(mask.redact("a pass word, a pass, pass%20word")).toBe("a ***, a ***, ***");
  });
});
