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
    ["inventory", "web1\n", { inventory: "web1\n" }],
    ["hosts", "\n web1 \n", { hosts: "web1" }],
    ["jump-host", " bastion \n", { jumpHost: "bastion" }],
    ["mode", " container ", { mode: "container" }],
    ["check", " true ", { check: true }],
    ["check", " false ", { check: false }],
    ["timeout-minutes", " 90.25 ", { timeoutMinutes: 90.25 }],
    ["timeout-minutes", "35000", { timeoutMinutes: 35_000 }],
    ["timeout-minutes", " ", { timeoutMinutes: 60 }],
    ["vault-passwords", " \n", { vaultPasswords: {} }],
    [
      "vault-passwords",
      'prod: "one two\\n"\n_a.b-2: " kept "\n0: zero',
      { vaultPasswords: { prod: "one two", "_a.b-2": " kept ", "0": "zero" } },
    ],
  ])("reads %s %j", (name, text, expected) => {
    expect(parseInputs(createRaw({ [name]: text }))).toMatchObject(expected);
  });

  it.each<[InputName, string, string]>([
    ["mode", "roles", 'mode is "roles": use "role" or "container".'],
    ["host-key-checking", "no", 'host-key-checking is "no": use "strict", "accept-new" or "off".'],
    ["source", "svn", 'source is "svn": use "workspace" or "git".'],
    ["check", "yes", 'check is "yes": use "true" or "false".'],
    ["summary", "1", 'summary is "1": use "true" or "false".'],
    ["timeout-minutes", "0", 'timeout-minutes is "0": use a number of minutes above 0 and up to 35000.'],
    ["timeout-minutes", "1h", 'timeout-minutes is "1h": use a number of minutes above 0 and up to 35000.'],
    ["timeout-minutes", "40000", 'timeout-minutes is "40000": use a number of minutes above 0 and up to 35000.'],
    ["timeout-minutes", "1.", 'timeout-minutes is "1.": use a number of minutes above 0 and up to 35000.'],
    ["timeout-minutes", "x1", 'timeout-minutes is "x1": use a number of minutes above 0 and up to 35000.'],
    ["timeout-minutes", "35000.5", 'timeout-minutes is "35000.5": use a number of minutes above 0 and up to 35000.'],
    ["check", "untrue", 'check is "untrue": use "true" or "false".'],
    ["check", "falsely", 'check is "falsely": use "true" or "false".'],
    ["check", "notfalse", 'check is "notfalse": use "true" or "false".'],
    ["check", "truely", 'check is "truely": use "true" or "false".'],
    ["vault-passwords", "- a", 'vault-passwords must be a mapping of vault ids to passwords, like "prod: …".'],
    ...["-a", "a b", "a/b"].map((id): [InputName, string, string] => [
      "vault-passwords",
      `"${id}": long-enough`,
      `vault-passwords has the id "${id}": use letters, digits, and the signs "_", "." and "-" in it.`,
    ]),
    ...["prod:", "prod: ''", 'prod: " \\n"', "prod: []"].map((text): [InputName, string, string] => [
      "vault-passwords",
      text,
      'vault-passwords has the id "prod", whose password is empty: the secret is probably not configured for this repository or environment.',
    ]),
    [
      "vault-passwords",
      "prod: 12345678",
      'vault-passwords has the id "prod", whose password is no text: put it in quotes.',
    ],
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
