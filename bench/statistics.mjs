/**
 * What several runs took, in seconds.
 * @typedef {{ median: number, least: number, most: number, count: number }} Times
 *
 * @param {number[]} seconds
 * @returns {Times}
 */
export function summarize(seconds) {
  const sorted = [...seconds].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const at = (/** @type {number} */ index) => sorted[index] ?? Number.NaN;
  return {
    median: Number.isInteger(middle) ? (at(middle - 1) + at(middle)) / 2 : at(Math.floor(middle)),
    least: at(0),
    most: at(sorted.length - 1),
    count: sorted.length,
  };
}

/**
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<{ seconds: number, result: T }>}
 */
export async function timed(work) {
  const start = performance.now();
  const result = await work();
  return { seconds: (performance.now() - start) / 1000, result };
}

/**
 * How much the second number of each pair grows with the first one: the line of least squares.
 * @param {(readonly [number, number])[]} pairs
 */
export function slope(pairs) {
  const mean = (/** @type {0 | 1} */ part) => pairs.reduce((sum, pair) => sum + pair[part], 0) / pairs.length;
  const [x, y] = [mean(0), mean(1)];
  const product = pairs.reduce((sum, pair) => sum + (pair[0] - x) * (pair[1] - y), 0);
  return product / pairs.reduce((sum, pair) => sum + (pair[0] - x) ** 2, 0);
}
