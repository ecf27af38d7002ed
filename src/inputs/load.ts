import * as core from "@actions/core";
import { INPUT_NAMES, type Inputs, NOT_GIVEN, type RawInputs, SECRET_INPUTS, type SecretInput } from "./inputs.js";
import { parseInputs } from "./parse.js";

/**
 * Reads every input; nothing else does.
 *
 * @param hide masks the secret texts, before anything that could print one happens.
 * @throws DeployError that names the input, the rule and what to do.
 */
export function loadInputs(hide: (raw: RawInputs) => void): Inputs {
  const texts = Object.fromEntries(
    INPUT_NAMES.map((name) => [name, core.getInput(name, { trimWhitespace: false })]),
  ) as RawInputs;
  const isEmpty = (name: SecretInput) => texts[name] === "";
  const notGiven = SECRET_INPUTS.filter((name) => texts[name] === NOT_GIVEN).map((name) => [name, ""]);
  const raw = { ...texts, ...Object.fromEntries(notGiven) } as RawInputs;
  hide(raw);
  return parseInputs(raw, SECRET_INPUTS.filter(isEmpty));
}
