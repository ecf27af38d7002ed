import type { RawInputs } from "../inputs/inputs.js";
import { withoutLastLineEnds } from "../text.js";

/** The inputs that are a secret as a whole, as they are used: what can be hidden without a parser. */
export function passwordsIn(raw: RawInputs): string[] {
  return [
    raw["become-password"],
    raw["vault-password"],
    raw["registry-password"],
    raw["ssh-private-key"],
    raw["ssh-private-key-passphrase"],
  ]
    .map(withoutLastLineEnds)
    .filter((text) => text.trim() !== "");
}
