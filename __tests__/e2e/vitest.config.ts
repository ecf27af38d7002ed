import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

// Real hosts and a real runner take minutes where a unit test takes milliseconds, and two files at a time are what two
// cores can do.
export default defineConfig({
  root: resolve(import.meta.dirname, "../.."),
  test: {
    include: ["__tests__/e2e/**/*.test.ts"],
    // Whole files of the full run.
    exclude: process.env.DAD_FULL === undefined ? ["**/*.full.test.ts"] : [],
    globalSetup: ["__tests__/e2e/support/action-copy.ts"],
    testTimeout: 600_000,
    hookTimeout: 600_000,
    teardownTimeout: 60_000,
    maxWorkers: 2,
  },
});
