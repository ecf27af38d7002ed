import { describe, expect, it } from "vitest";
import { DeployError } from "../../src/errors.js";
import type { InputName } from "../../src/inputs/inputs.js";
import { parseInputs } from "../../src/inputs/parse.js";
import { createRaw } from "../support/inputs.js";

describe("parseInputs", () => {
  it("has defaults for everything", () => {
    expect(parseInputs(createRaw())).toMatchObject({
      mode: "role",
      workingDirectory: ".",
      check: false,
      hostKeyChecking: "strict",
      source: "",
      timeoutMinutes: 60,
      summary: true,
      env: {},
      vars: {},
      tags: [],
      extraArgs: [],
    });
  });

  it.each<[InputName, string, object]>([
    ["mode", "container", { mode: "container" }],
    ["check", "True", { check: true }],
    ["summary", "FALSE", { summary: false }],
    ["tags", "one, two\nthree\n", { tags: ["one", "two", "three"] }],
    ["inventory-file", "a.yml\r\n\n b.yml \n", { inventoryFiles: ["a.yml", "b.yml"] }],
    ["timeout-minutes", "0.5", { timeoutMinutes: 0.5 }],
    ["become-password", " pass word \r\n", { becomePassword: " pass word " }],
    ["vault-password", "a\nb\n", { vaultPassword: "a\nb" }],
    ["source", "git", { source: "git" }],
    ["extra-args", "-v --diff", { extraArgs: ["-v", "--diff"] }],
    ["env", "A=1", { env: { A: "1" } }],
    ["vars", "a: {b: [1]}", { vars: { a: { b: [1] } } }],
    ["inventory", " \n", { inventory: "" }],
  ])("reads %s %j", (name, text, expected) => {
    expect(parseInputs(createRaw({ [name]: text }))).toMatchObject(expected);
  });

  it.each<[InputName, string, string]>([
    ["mode", "roles", 'mode is "roles": use "role" or "container".'],
    ["host-key-checking", "no", 'host-key-checking is "no": use "strict" or "accept-new" or "off".'],
    ["source", "svn", 'source is "svn": use "workspace" or "git".'],
    ["check", "yes", 'check is "yes": use "true" or "false".'],
    ["summary", "1", 'summary is "1": use "true" or "false".'],
    ["timeout-minutes", "0", 'timeout-minutes is "0": use a number of minutes above 0 and up to 35000.'],
    ["timeout-minutes", "1h", 'timeout-minutes is "1h": use a number of minutes above 0 and up to 35000.'],
    ["timeout-minutes", "40000", 'timeout-minutes is "40000": use a number of minutes above 0 and up to 35000.'],
    ["limit", "web1\nweb2", "limit must be one line without control characters."],
    ["app-name", "a\u0007b", "app-name must be one line without control characters."],
    ["extra-args", "'open", "extra-args has a ' that is not closed: close it."],
    ["vars", "- a", 'vars must be a mapping of names to values, like "key: value".'],
    [
      "env",
      "A=1\nsecret-text",
      "env has no NAME=value in line 2: give each variable a line, its name of letters, digits and underscores.",
    ],
    [
      "ssh-private-key",
      " \n",
      "ssh-private-key holds only white space: the secret is probably not configured for this repository or environment, so set it or leave the input out.",
    ],
  ])("refuses %s %j", (name, text, message) => {
    expect(() => parseInputs(createRaw({ [name]: text }))).toThrow(new DeployError(message));
  });

  it.each(["known-hosts", "become-password", "vault-password", "registry-password"] as const)(
    "takes a blank %s for a secret that is not configured",
    (name) => {
      expect(() => parseInputs(createRaw({ [name]: "\n" }))).toThrow(
        /^\S+ holds only white space: the secret is probably/,
      );
    },
  );
});
