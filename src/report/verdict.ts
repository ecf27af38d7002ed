import type { Status } from "../outputs.js";
import type { Totals } from "./totals.js";

/** The run's status in one line, for the summary's head and the log. */
export function verdict(status: Status, totals: Totals, check: boolean): string {
  const count = totals.hosts.length;
  const hosts = `${count} host${count === 1 ? "" : "s"}`;
  const many = totals.changed.length;
  const changed = many === 0 ? "nothing changed" : `${many} changed`;
  if (status === "cancelled") return `Cancelled: ${hosts} had taken part, ${changed}.`;
  if (status === "succeeded" && check) {
    return `Check of ${hosts}: ${many === 0 ? "nothing would change" : `${many} would change`}.`;
  }
  if (status === "succeeded") return `Deployed to ${hosts}, ${changed}.`;
  const parts = [
    totals.failed.length > 0 && `${totals.failed.length} failed`,
    totals.unreachable.length > 0 && `${totals.unreachable.length} unreachable`,
  ].filter((part) => part !== false);
  return parts.length > 0 ? `Failed: of ${hosts}, ${parts.join(" and ")}.` : "Failed.";
}
