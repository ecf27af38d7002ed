import type { Inputs } from "../inputs.js";
import type { Status } from "../outputs.js";
import type { Totals } from "./totals.js";

/** The run's status in one line, for the summary's head and the log. */
export function verdict(status: Status, totals: Totals, inputs: Pick<Inputs, "check" | "operation">): string {
  const count = totals.hosts.length;
  const hosts = `${count} host${count === 1 ? "" : "s"}`;
  const many = totals.changed.length;
  const changed = many === 0 ? "nothing changed" : `${many} changed`;
  if (status === "cancelled") return `Cancelled: ${hosts} had taken part, ${changed}.`;
  if (status === "succeeded" && inputs.operation === "status") return `Status of ${hosts}.`;
  if (status === "succeeded" && inputs.check) {
    return `Check of ${hosts}: ${many === 0 ? "nothing would change" : `${many} would change`}.`;
  }
  if (status === "succeeded" && inputs.operation === "rollback") return `Rolled back ${hosts}, ${changed}.`;
  if (status === "succeeded") return `Deployed to ${hosts}, ${changed}.`;
  if (status === "rolled-back") return `Failed, and every host serves what it served before.`;
  const parts = [
    totals.failed.length > 0 && `${totals.failed.length} failed`,
    totals.unreachable.length > 0 && `${totals.unreachable.length} unreachable`,
  ].filter((part) => part !== false);
  return parts.length > 0 ? `Failed: of ${hosts}, ${parts.join(" and ")}.` : "Failed.";
}
