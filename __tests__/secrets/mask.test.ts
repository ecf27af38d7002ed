import fc from "fast-check";
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

  it("hides nothing of a secret that would blank the log, nor its forms", () => {
    const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    const mask = new Mask();
    mask.add(["password", " test  ", "  ab "]);
    expect(write).not.toHaveBeenCalled();
    vi.restoreAllMocks();
    expect(mask.redact("password cGFzc3dvcmQ= test")).toBe("password cGFzc3dvcmQ= test");
  });

  it("leaves no piece of secrets that overlap", () => {
    vi.spyOn(process.stdout, "write").mockReturnValue(true);
    const mask = new Mask();
    mask.add(["abcdefgh", "efghijkl"]);
    vi.restoreAllMocks();
    expect(mask.redact("<abcdefghijkl>")).toBe("<***>");
  });

  it("hides every secret in any text, and nothing else", () => {
    vi.spyOn(process.stdout, "write").mockReturnValue(true);
    const text = fc.string({ minLength: 8, maxLength: 30 }).filter((value) => value.trim().length >= 8);
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), fc.array(fc.string()), (secrets, between) => {
        const mask = new Mask();
        mask.add(secrets);
        const shown = mask.redact(secrets.map((secret, index) => `${between[index] ?? ""}${secret}`).join(""));
        for (const secret of secrets) expect(shown).not.toContain(secret);
        expect(mask.redact("\u2603 harmless \u2603")).toBe("\u2603 harmless \u2603");
      }),
    );
    vi.restoreAllMocks();
  });
});
