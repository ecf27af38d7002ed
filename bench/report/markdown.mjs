/** @typedef {import("../statistics.mjs").Times} Times */

/**
 * @param {string[]} head
 * @param {string[][]} rows
 */
export const table = (head, rows) => [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);

/** @param {Times} times */
export const shown = ({ median, least, most }, digits = 1) =>
  `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;

/** @param {Times} one @param {Times} other */
export const ratio = (one, other) => (one.median / other.median).toFixed(2);

/** @param {boolean} reached */
export const verdict = (reached) => (reached ? "reached" : "**missed**");
