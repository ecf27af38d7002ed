// Run by scripts/mutate.mjs, which says what is mutated and which tests try it.
export default {
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner"],
  vitest: { configFile: "vitest.mutate.config.ts", related: false },
  // Stryker would rewrite it with TypeScript's programming interface, which TypeScript 7 does not have.
  tsconfigFile: "tsconfig.none.json",
  coverageAnalysis: "perTest",
  ignoreStatic: true,
  concurrency: 2,
  timeoutMS: 20_000,
  reporters: ["clear-text", "json"],
  clearTextReporter: { logTests: false, allowColor: false },
  jsonReporter: { fileName: process.env.MUTATE_REPORT ?? ".cache/mutation.json" },
  tempDirName: ".cache/stryker",
  ignorePatterns: [".cache", "dist", "lib", "bench", "examples", ".ci"],
};
