import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["__tests__/**/*.test.ts"],
    exclude: ["__tests__/e2e/**", "node_modules/**"],
    testTimeout: 20_000,
    setupFiles: ["__tests__/support/properties.ts"],
  },
});
