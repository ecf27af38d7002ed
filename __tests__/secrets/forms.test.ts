import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hiddenForms } from "../../src/secrets/forms.js";

/** Whether a text holds a form of the secret. */
const shows = (secret: string, text: string): boolean => hiddenForms(secret).some((form) => text.includes(form));

describe("hiddenForms", () => {
  it("covers lines, but not a key's frame", () => {
    const forms = hiddenForms("-----BEGIN X-----\nfirst\n/=\n-----END X-----");
    expect(forms).toContain("first");
    expect(forms).not.toContain("-----BEGIN X-----");
    expect(forms).not.toContain("/=");
  });

  it.each([
    ["JSON", `pass"word`, String.raw`pass\"word`],
    ["ASCII JSON", "passé", String.raw`pass\u00e9`],
    ["Python", `it's "x"`, String.raw`it\'s "x"`],
    ["YAML", "it's me", "it''s me"],
    ["a shell", "it's me", `it'"'"'s me`],
    ["a URL", "p/ss w'rd", "p%2Fss%20w%27rd"],
    ["a form", "pass word", "pass+word"],
    ["HTML", `a<b>"c'`, "a&lt;b&gt;&quot;c&#x27;"],
  ])("covers what %s makes of it", (_, secret, form) => {
    expect(hiddenForms(secret)).toContain(form);
  });

  const secret = fc.string({ minLength: 6, maxLength: 60, unit: "grapheme" });

  it("finds a secret in JSON, URL and base64 with anything around it", () => {
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (text, before, after) => {
        const whole = before + text + after;
        expect(shows(text, JSON.stringify({ [whole]: whole }))).toBe(true);
        expect(shows(text, encodeURIComponent(text))).toBe(true);
        expect(shows(text, Buffer.from(whole).toString("base64"))).toBe(true);
        expect(shows(text, Buffer.from(whole).toString("base64url"))).toBe(true);
      }),
    );
  });
});
