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
    expect(hiddenForms("  a line \nabcd\nxyz\nsay -----BEGIN it")).toEqual(
      expect.arrayContaining(["a line", "abcd", "say -----BEGIN it"]),
    );
    expect(hiddenForms("  a line \nabcd\nxyz")).not.toContain("xyz");
  });

  it("leaves a secret as it is whose other forms would turn up by chance", () => {
    expect(hiddenForms("p's")).toEqual(["p's"]);
    expect(hiddenForms("p'ss")).toContain("p''ss");
    expect(hiddenForms("abcd")).toEqual(["abcd"]);
    expect(hiddenForms("abcde")).toContain("YWJjZG");
  });

  it("covers all that comes from a secret alone in base64, at each of the three places", () => {
    expect(hiddenForms("secret")).toEqual(expect.arrayContaining(["c2VjcmV0", "NlY3Jld", "zZWNyZX"]));
  });

  it.each([
    ["JSON", `pass"word`, String.raw`pass\"word`],
    ["ASCII JSON", "passé", String.raw`pass\u00e9`],
    ["Python", `it's "x"`, String.raw`it\'s "x"`],
    ["YAML", "it's me", "it''s me"],
    ["a shell", "it's me", `it'"'"'s me`],
    ["a shell in single quotes", "it's me", `it'\\''s me`],
    ["a URL", "p/ss w'rd*", "p%2Fss%20w%27rd%2A"],
    ["a URL's path", "p/ss w'rd", "p/ss%20w%27rd"],
    ["a form", "pass word", "pass+word"],
    ["HTML", `a<b>"c'`, "a&lt;b&gt;&quot;c&#x27;"],
    ["HTML of others", `a&b"c'`, "a&amp;b&quot;c&#39;"],
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
