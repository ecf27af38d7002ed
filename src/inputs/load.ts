import type { Inputs, RawInputs } from "./inputs.js";
import { parseInputs } from "./parse.js";
import { readInputs } from "./read.js";

/**
 * Reads and parses every input.
 *
 * @param hide masks the secret texts, before anything that could print one happens.
 * @throws DeployError that names the input, the rule and what to do.
 */
export function loadInputs(hide: (raw: RawInputs) => void): Inputs {
  const { raw, emptySecrets } = readInputs();
  hide(raw);
  return parseInputs(raw, emptySecrets);
}
