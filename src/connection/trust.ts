import { tell, warn } from "../announce.js";
import type { Inputs } from "../inputs/inputs.js";
import type { Identity } from "./identity.js";

/** Says what was repaired of the keys, and warns where hosts are trusted without proof. */
export function tellTrust({ hostKeyChecking }: Pick<Inputs, "hostKeyChecking">, { repairs }: Identity): void {
  if (repairs.length > 0) tell(`ssh-private-key: ${repairs.join(", ")}.`);
  if (hostKeyChecking === "off") {
    warn("host-key-checking is off: whoever answers at a host's address gets the deploy with its secrets.");
  }
  if (hostKeyChecking === "accept-new") {
    warn(
      "host-key-checking is accept-new: whoever answers first at the address of a host that known-hosts does not have gets the deploy with its secrets.",
    );
  }
}
