import { table, verdict } from "./markdown.mjs";

/** @param {import("../round-trips.mjs").RoundTrips} trips */
export function roundTripSection({ login, noop, revision, rollback }) {
  /** @type {(what: string, count: number, bar?: number) => string[]} */
  const row = (what, count, bar) => [
    what,
    count.toFixed(1),
    bar === undefined ? "" : `≤ ${bar}`,
    bar === undefined ? "" : verdict(count <= bar),
  ];
  return [
    "## Round trips",
    "",
    "To one host, waited for one after another: the seconds that a run takes longer for each second that a round trip takes longer (the slope over",
    "0, 250 and 500 ms added, which what the machine itself takes does not reach).",
    "",
    ...table(
      ["what", "round trips", "bar", ""],
      [
        row("`ssh HOST true`", login),
        row("nothing to do", noop, 13),
        row("new revision", revision, 22),
        row("rollback to a release that is not running", rollback),
      ],
    ),
    "",
  ];
}
