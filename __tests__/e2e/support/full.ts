import { describe, type TestContext, test } from "vitest";

/** Whether this is `npm run test:full`, which runs whole matrices where `npm test` has their typical cases. */
export const full = process.env.DAD_FULL !== undefined;

/** A test of the full run alone. It is not there otherwise, rather than skipped. */
export function testInFull(name: string, work: (context: TestContext) => Promise<void> | void, timeout?: number): void {
  if (full) test(name, work, timeout);
}

/** Tests of the full run alone, likewise. */
export function describeInFull(name: string, tests: () => void): void {
  if (full) describe(name, tests);
}
