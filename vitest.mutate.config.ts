import { defineConfig } from "vitest/config";

// The tests of the room that scripts/mutate.mjs mutates.
export default defineConfig({
  test: { include: JSON.parse(process.env.MUTATE_TESTS ?? "[]"), testTimeout: 10_000 },
});
