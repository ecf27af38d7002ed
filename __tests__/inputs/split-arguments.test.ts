import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { splitArguments } from "../../src/inputs/split-arguments.js";

describe("splitArguments", () => {
  it.each([
    ["", []],
    ["  -v\t--diff\n--forks 5 ", ["-v", "--diff", "--forks", "5"]],
    [`-e 'a b=1' -e "c=\\"d\\""`, ["-e", "a b=1", "-e", 'c="d"']],
    [`--x=a" b "c`, ["--x=a b c"]],
    ["'' \"\"", ["", ""]],
    ["a\\ b c\\\nd", ["a b", "cd"]],
    ["-v \\\r\n--diff\\\r\nx", ["-v", "--diffx"]],
    ["a\\\rb", ["a\rb"]],
    ['"a\\\nb" "c\nd"', ["ab", "c\nd"]],
    ['"\\$a\\`b"', ["$a`b"]],
    ["-v # why", ["-v"]],
    ["\\a", ["a"]],
    ["-v # why\n--diff a#b", ["-v", "--diff", "a#b"]],
    ["'$HOME' \"`id`\"", ["$HOME", "`id`"]],
  ])("splits %j", (text, words) => {
    expect(splitArguments(text)).toEqual(words);
  });

  it.each(["a 'b  c' \"d'e\" f\\'g", '"a\\\\b" "c\\d" \'e\\f\'', "x''y z\\\\"])("agrees with a shell on %j", (text) => {
    const printed = execFileSync("sh", ["-c", `printf '%s\\0' ${text}`], { encoding: "utf8" });
    expect(splitArguments(text)).toEqual(printed.split("\0").slice(0, -1));
  });

  it("refuses an open quote", () => {
    expect(() => splitArguments('-e "a')).toThrow('extra-args has a " that is not closed: close it.');
  });
});
