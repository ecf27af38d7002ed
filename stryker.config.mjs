// Run by scripts/mutate.mjs, which says what is mutated and which tests try it.
export default {
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner"],
  // Tests set the umask, which threads may not.
  vitest: { configFile: "vitest.mutate.config.ts", related: false, pool: "forks" },
  // Stryker would rewrite it with TypeScript's programming interface, which TypeScript 7 does not have.
  tsconfigFile: "tsconfig.none.json",
  coverageAnalysis: "perTest",
  ignoreStatic: true,
  concurrency: Number(process.env.MUTATE_AT_ONCE ?? 2),
  // What a mutant may take longer than the tests took before: one that never ends costs this much.
  timeoutMS: 8_000,
  incremental: process.env.MUTATE_AGAIN === "1",
  incrementalFile: process.env.MUTATE_KEPT ?? ".cache/mutation-kept.json",
  reporters: ["clear-text", "json"],
  clearTextReporter: { logTests: false, allowColor: false },
  jsonReporter: { fileName: process.env.MUTATE_REPORT ?? ".cache/mutation.json" },
  tempDirName: ".cache/stryker",
  ignorePatterns: [".cache", "dist", "lib", "bench", "examples", ".ci"],
};
