import { describe, expect, it } from "vitest";
import { DeployError } from "../../src/errors.js";
import { cutWarning, parseDotenv } from "../../src/inputs/dotenv.js";

describe("parseDotenv", () => {
  it.each([
    ["", {}],
    ["# only\n\n", {}],
    ["A=1\r\nexport B = two words  # why", { A: "1", B: "two words" }],
    ["A=a#b", { A: "a#b" }],
    ["A=", { A: "" }],
    ["A= # empty", { A: "" }],
    ["A='it is \\n literal # yes'", { A: "it is \\n literal # yes" }],
    ['A="line\\nnext \\"quoted\\" \\$X" # why', { A: 'line\nnext "quoted" $X' }],
    ['A="first\nsecond"\nB=2', { A: "first\nsecond", B: "2" }],
    ["A=${B} `id`", { A: "${B} `id`" }],
    ["A=1\nA=2", { A: "2" }],
    ["export   A=1\nexported=2", { A: "1", exported: "2" }],
    ["A='it\\'", { A: "it\\" }],
    ["A='one\n\ntwo'", { A: "one\n\ntwo" }],
    ["A=postgres://u:p@h/d?x=y", { A: "postgres://u:p@h/d?x=y" }],
  ])("reads %j", (text, expected) => {
    expect(parseDotenv(text).values).toEqual(expected);
  });

  it.each([
    ["A=s3cret #tail", ["A"]],
    ["A=1 # why\nB=2\nC=3\t#", ["A", "C"]],
    ["A=\"s3cret #tail\"\nB='x # y' # why", []],
    ["A=s3cret#tail", []],
    ["# A=1 # why\nA= # empty", []],
    ["A=1 # why\nA='1 # why'", []],
    ["A=1   ", []],
  ])("names what is cut of %j", (text, names) => {
    expect(parseDotenv(text).cut).toEqual(names);
  });

  it("warns of what is cut by its name alone", () => {
    expect(cutWarning([])).toBe("");
    expect(cutWarning(["SECRET_KEY"])).toBe(
      'The value of SECRET_KEY in env ends before " #", which begins a comment: put it in single quotes if that is part of the value.',
    );
    expect(cutWarning(["A", "B"])).toMatch(/^The values of A, B in env end before .*: put them in single quotes/);
  });

  it.each([
    [
      "A=1\n hunter2",
      "env has no NAME=value in line 2: give each variable a line, its name of letters, digits and underscores.",
    ],
    [
      "1A=hunter2",
      "env has no NAME=value in line 1: give each variable a line, its name of letters, digits and underscores.",
    ],
    ["A='hunter2", "env has a quote in line 1 that is not closed: close it, or leave quotes out."],
    ["A=1\nB='hunter2\nC=3", "env has a quote in line 2 that is not closed: close it, or leave quotes out."],
    [
      "A='1' hunter2",
      "env has text after the closing quote of the value in line 1: put all of the value inside of the quotes.",
    ],
  ])("refuses %j without quoting it", (text, message) => {
    expect(() => parseDotenv(text)).toThrow(new DeployError(message));
  });
});
