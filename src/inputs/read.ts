import * as core from "@actions/core";
import { INPUT_NAMES, NOT_GIVEN, type RawInputs, SECRET_INPUTS, type SecretInput } from "./inputs.js";

/** What the runner gave. */
export interface Read {
  readonly raw: RawInputs;
  /** Secrets that were given, but are empty. */
  readonly emptySecrets: readonly SecretInput[];
}

/** Reads the text of every input; nothing else does. */
export function readInputs(): Read {
  const texts = Object.fromEntries(
    INPUT_NAMES.map((name) => [name, core.getInput(name, { trimWhitespace: false })]),
  ) as RawInputs;
  const notGiven = SECRET_INPUTS.filter((name) => texts[name] === NOT_GIVEN).map((name) => [name, ""]);
  return {
    raw: { ...texts, ...Object.fromEntries(notGiven) },
    emptySecrets: SECRET_INPUTS.filter((name) => texts[name] === ""),
  };
}
