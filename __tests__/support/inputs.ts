import { INPUT_NAMES, type Inputs, type RawInputs } from "../../src/inputs/inputs.js";
import { parseInputs } from "../../src/inputs/parse.js";

/** Texts of all inputs: none given but those of `overrides`. */
export function createRaw(overrides: Partial<RawInputs> = {}): RawInputs {
  const empty = Object.fromEntries(INPUT_NAMES.map((name) => [name, ""])) as RawInputs;
  return { ...empty, ...overrides };
}

/** Valid inputs with one host, changed by `overrides`. */
export function createInputs(overrides: Partial<Inputs> = {}): Inputs {
  return { ...parseInputs(createRaw({ hosts: "web1.example.org" })), ...overrides };
}
