import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { DeployError } from "../../src/errors.js";
import { leavesOf, parseLoosely, parseMapping, parseYaml } from "../../src/inputs/yaml.js";

/** A block mapping in a block mapping in a … */
const nested = (depth: number) => Array.from({ length: depth }, (_, level) => `${" ".repeat(level)}a:\n`).join("");

/** Each line repeats the one before it ten times. */
const bomb = (lines: number) =>
  Array.from({ length: lines }, (_, line) =>
    line === 0 ? "a0: &a0 [x, x]\n" : `a${line}: &a${line} [${`*a${line - 1}, `.repeat(10)}]\n`,
  ).join("");

describe("parseMapping", () => {
  it.each([
    ["", {}],
    ["# nothing\n", {}],
    ['{"a": 1, "b": [true, null]}', { a: 1, b: [true, null] }],
    ["a: yes\nb: 0o17\nc: 2024-01-01\nd: '{{ x }}'", { a: "yes", b: 15, c: "2024-01-01", d: "{{ x }}" }],
    ["base: &b {x: 1}\ncopy: *b", { base: { x: 1 }, copy: { x: 1 } }],
    ["---\na: 1\n...\n# the end\n", { a: 1 }],
    ["p: !unsafe 'a {{ b }}'", { p: { __ansible_unsafe: "a {{ b }}" } }],
    [
      "p: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n",
      { p: { __ansible_vault: "$ANSIBLE_VAULT;1.1;AES256\n6162\n" } },
    ],
  ])("reads %j", (text, expected) => {
    expect(parseMapping("vars", text)).toEqual(expected);
  });

  it.each([
    ["a: 1\na: 2", /^vars is not valid YAML at line 2, column 1: a mapping has this key twice, so keep one of them\.$/],
    ["a: [1", /^vars is not valid YAML at line 1, column 6/],
    ["a: !custom 1", /^vars is not valid YAML at line 1, column 4: a tag \(!name\) is none that Ansible has\.$/],
    ["a: 1\n---\n\nb: 2", /^vars is not valid YAML at line 2, column 1: a second document begins/],
    ["a: 1\n]", /^vars is not valid YAML at line 2, column 1: a sign stands where YAML expects none\.$/],
    ["a: 1\nb: {c: 1, c: 2}", /^vars is not valid YAML at line 2, column 11: a mapping has this key twice/],
    ["%YAML 5\n---\na: 1", /^vars is not valid YAML at line 1, column \d+: bad directive\.$/],
    ["a: *nothing", /^vars has an alias \(\*name\) that is unknown/],
    ["a: &x [*x]", /^vars has an alias \(\*name\) inside of what it stands for: write the value out\.$/],
    ["- ".repeat(50_000), /^vars has lists or mappings nested more than 100 deep: make it flatter\.$/],
    [`a: ${"[".repeat(50_000)}`, /^vars has lists or mappings nested more than 100 deep/],
    [`a: ${"{".repeat(50_000)}`, /^vars has lists or mappings nested more than 100 deep/],
    [nested(200), /^vars has lists or mappings nested more than 100 deep/],
    [bomb(9), /^vars has an alias \(\*name\) that is unknown or used too often/],
    ["just text", /^vars must be a mapping/],
    ["[1, 2]", /^vars must be a mapping/],
    ["my-key: 1", /^vars has the key "my-key": a variable's name is letters, digits and underscores\.$/],
  ])("refuses %j", (text, message) => {
    expect(() => parseMapping("vars", text)).toThrow(message);
  });

  it("never quotes the text, which may hold a secret", () => {
    const text = "password: sup3r-secret\n  broken: [";
    expect(() => parseMapping("vars", text)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining("sup3r") }),
    );
    expect(() => parseMapping("vars", text)).toThrow(/^vars is not valid YAML at line/);
  });

  it("takes what is deep in a text alone, and as many keys as there are", () => {
    const text =
      `a: "${"[".repeat(500)}"\nb: |\n  ${"{".repeat(500)}\nc: [${"[], ".repeat(500)}]\n${nested(90)}`.replace(
        /\na:/,
        "\nd:",
      );
    expect(Object.keys(parseMapping("vars", text))).toEqual(["a", "b", "c", "d"]);
    const many = Array.from({ length: 20_000 }, (_, index) => `k${index}:\n`).join("");
    expect(Object.keys(parseMapping("vars", many))).toHaveLength(20_000);
  });

  it.each([
    ["a word", `a: ${"x".repeat(120_000)}`],
    ["anchors", `a: ${"&x ".repeat(40_000)}b`],
    ["commas", `a: [${",".repeat(100_000)}]`],
    ["keys that are twice", "a:\n".repeat(40_000)],
    ["closing brackets", "]".repeat(120_000)],
    ["colons", ": ".repeat(60_000)],
    ["line ends", `a: "${"\n".repeat(110_000)}`],
  ])("takes no time for 120 kB of %s", (_, text) => {
    const start = process.cpuUsage();
    try {
      parseMapping("vars", text);
    } catch (error) {
      expect(String(error)).toMatch(/^DeployError: vars .*\.$/);
    }
    expect(process.cpuUsage(start).user / 1_000).toBeLessThan(1_500);
  });
});

describe("parseLoosely", () => {
  it.each([
    ["a: !custom 1", { a: "1" }],
    ["a: [1, 2]\n---\nb: 1", { a: [1, 2] }],
    ["", null],
    ["a: ]", undefined],
    [bomb(9), undefined],
    [`a: ${"[".repeat(50_000)}`, undefined],
  ])("reads %j as far as Ansible would", (text, expected) => {
    expect(parseLoosely(text)).toEqual(expected);
  });
});

describe("leavesOf", () => {
  it.each([
    [
      "a: &x one\nb: *x",
      [
        ["a", "one"],
        ["b", "one"],
      ],
    ],
    [
      "a: &x {k: one}\nb: *x",
      [
        ["a.k", "one"],
        ["b.k", "one"],
      ],
    ],
    [
      "a: &x [one]\nb: {c: *x}",
      [
        ["a", "one"],
        ["b.c", "one"],
      ],
    ],
    [
      "a: one\n---\nb: two",
      [
        ["a", "one"],
        ["b", "two"],
      ],
    ],
    [
      "a: 0123\nb:\n",
      [
        ["a", "0123"],
        ["b", ""],
      ],
    ],
  ])("finds each text of %j with its keys", (text, expected) => {
    const { leaves, valid } = leavesOf(text);
    expect(leaves.map(({ keys, text }) => [keys.join("."), text])).toEqual(expected);
    expect(valid).toBe(true);
  });

  it.each(["a: ]", `a: ${"[".repeat(50_000)}`, "a: 'open"])("says that %j is not all", (text) => {
    expect(leavesOf(text).valid).toBe(false);
  });

  it("repeats what aliases stand for so often and no more", () => {
    expect(leavesOf(`a: &x one\nb: [${"*x, ".repeat(500)}]`).leaves).toHaveLength(101);
  });
});

describe("any text", () => {
  const pieces = [
    "a",
    ": ",
    "- ",
    "? ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "\n",
    "  ",
    "&x ",
    "*x",
    "!t ",
    "|",
    ">",
    '"',
    "'",
    "#",
    "---",
    "...",
    "%",
    "<<",
    "\t",
    "@",
    "\\",
  ];
  const text = fc.oneof(
    fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((list) => list.join("")),
    fc.string({ unit: "binary", maxLength: 80 }),
  );

  it("is a value or one sentence, and its texts are found without failing", () => {
    fc.assert(
      fc.property(text, (yaml) => {
        try {
          JSON.stringify(parseYaml("vars", yaml));
        } catch (error) {
          expect(error).toBeInstanceOf(DeployError);
          expect(String(error)).toMatch(/^DeployError: vars [ -~]*\.$/);
        }
        expect(() => [leavesOf(yaml), parseLoosely(yaml)]).not.toThrow();
      }),
      { numRuns: 2_000 },
    );
  });

  it("that a program wrote is read as it was", () => {
    // As JSON has it, which knows no -0: YAML does.
    const value = fc
      .dictionary(fc.stringMatching(/^[A-Za-z_]\w{0,8}$/), fc.jsonValue({ maxDepth: 4 }))
      .map((mapping) => JSON.parse(JSON.stringify(mapping)));
    fc.assert(
      fc.property(value, (mapping) => {
        expect(parseMapping("vars", stringify(mapping))).toEqual(mapping);
        expect(parseMapping("vars", JSON.stringify(mapping))).toEqual(mapping);
      }),
    );
  });

  it("has each text below a key found by it, however it is written", () => {
    const secret = fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" });
    const style = fc.constantFrom("BLOCK_LITERAL", "BLOCK_FOLDED", "QUOTE_DOUBLE", "QUOTE_SINGLE", "PLAIN");
    fc.assert(
      fc.property(secret, style, (plain, type) => {
        const yaml = stringify({ a: { token: plain } }, { defaultStringType: type as "PLAIN" });
        // What the text means to Ansible: a blank one does not survive each style.
        const text = plain.trim() === "" ? parse(yaml).a.token : plain;
        expect(leavesOf(yaml)).toEqual({
          leaves: [{ keys: ["a", "token"], tag: expect.any(String), text }],
          valid: true,
        });
      }),
    );
  });
});
