import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parse } from "yaml";
import { INPUT_NAMES } from "../../src/inputs/inputs.js";
import { loadInputs } from "../../src/inputs/load.js";
import { parseInputs } from "../../src/inputs/parse.js";
import { OUTPUT_NAMES } from "../../src/report/outputs.js";
import { secretsIn } from "../../src/secrets/values.js";
import { createRaw } from "../support/inputs.js";

interface Entry {
  description?: string;
  default?: unknown;
}
const action = parse(readFileSync("action.yml", "utf8")) as {
  inputs: Record<string, Entry>;
  outputs: Record<string, Entry>;
  runs: Record<string, string>;
};

afterEach(() => vi.unstubAllEnvs());

describe("action.yml", () => {
  it("lists exactly the inputs and outputs of the code", () => {
    expect(Object.keys(action.inputs)).toEqual([...INPUT_NAMES]);
    expect(Object.keys(action.outputs)).toEqual([...OUTPUT_NAMES]);
  });

  it("describes each of them, and gives defaults as texts", () => {
    for (const entry of [...Object.values(action.inputs), ...Object.values(action.outputs)]) {
      expect(entry.description).toMatch(/\w{3}.*\.$/);
      expect(["string", "undefined"]).toContain(typeof entry.default);
    }
  });

  it("has the defaults that the code has for an empty text", () => {
    const defaults = Object.fromEntries(
      Object.entries(action.inputs).map(([name, entry]) => [name, entry.default ?? ""]),
    );
    for (const [name, text] of Object.entries(defaults)) vi.stubEnv(`INPUT_${name.toUpperCase()}`, String(text));
    expect(loadInputs(() => {})).toEqual(parseInputs(createRaw()));
  });

  it("gives no default to an input that is a variable, since it would win over group_vars", () => {
    for (const name of ["app-name", "server-name", "source", "revision", "registry"]) {
      expect(action.inputs[name]?.default).toBeUndefined();
    }
  });

  it("starts the bundles", () => {
    expect(action.runs).toEqual({
      using: "node24",
      main: "dist/main/index.js",
      post: "dist/post/index.js",
      "post-if": "always()",
    });
  });
});

describe("loadInputs", () => {
  it("tells a secret that is given but empty from one that is not given", () => {
    for (const name of INPUT_NAMES)
      vi.stubEnv(`INPUT_${name.toUpperCase()}`, String(action.inputs[name]?.default ?? ""));
    vi.stubEnv("INPUT_ENV", "");
    vi.stubEnv("INPUT_BECOME-PASSWORD", "");
    const masked: string[] = [];
    expect(loadInputs((raw) => masked.push(...secretsIn(raw))).emptySecrets).toEqual(["become-password", "env"]);
    expect(masked).toEqual([]);
  });

  it("hands over secrets before it looks at any value", () => {
    vi.stubEnv("INPUT_MODE", "neither");
    vi.stubEnv("INPUT_BECOME-PASSWORD", "  kept spaces \n");
    const masked: string[] = [];
    expect(() => loadInputs((raw) => masked.push(...secretsIn(raw)))).toThrow(/^mode is "neither"/);
    expect(masked).toEqual(["  kept spaces "]);
  });
});
