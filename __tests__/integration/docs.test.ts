import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { INPUT_NAMES } from "../../src/inputs.js";
import { OUTPUT_NAMES } from "../../src/outputs.js";

const ROOT = join(import.meta.dirname, "../..");

describe("the documentation", () => {
  it("has the tables that action.yml and the roles' argument_specs make", () => {
    // Ends with an error, and names the file, when a table is not up to date.
    execFileSync(process.execPath, [join(ROOT, "scripts/docs.mjs"), "--check"], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  });

  it("has a row for each input and output that the code knows", () => {
    const readme = readFileSync(join(ROOT, "README.md"), "utf8");
    for (const name of [...INPUT_NAMES, ...OUTPUT_NAMES]) expect(readme).toContain(`\n| \`${name}\` |`);
  });
});
