import { describe, expect, it } from "vitest";
import { parseMapping } from "../../src/inputs/yaml.js";

describe("parseMapping", () => {
  it.each([
    ["", {}],
    ["# nothing\n", {}],
    ['{"a": 1, "b": [true, null]}', { a: 1, b: [true, null] }],
    ["a: yes\nb: 0o17\nc: 2024-01-01\nd: '{{ x }}'", { a: "yes", b: 15, c: "2024-01-01", d: "{{ x }}" }],
    ["base: &b {x: 1}\ncopy: *b", { base: { x: 1 }, copy: { x: 1 } }],
    ["p: !unsafe 'a {{ b }}'", { p: { __ansible_unsafe: "a {{ b }}" } }],
    [
      "p: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n",
      { p: { __ansible_vault: "$ANSIBLE_VAULT;1.1;AES256\n6162\n" } },
    ],
  ])("reads %j", (text, expected) => {
    expect(parseMapping("vars", text)).toEqual(expected);
  });

  it.each([
    ["a: 1\na: 2", /^vars is not valid YAML at line 2, column 1 \(duplicate key\)\.$/],
    ["a: [1", /^vars is not valid YAML at line 1, column 6/],
    ["a: !custom 1", /^vars is not valid YAML at line 1/],
    ["a: *nothing", /^vars is not valid YAML/],
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
});
