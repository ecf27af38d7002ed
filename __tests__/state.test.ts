import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { DeployError } from "../src/errors.js";
import { saveState } from "../src/state.js";
import { createFolder } from "./support/folder.js";

afterEach(() => vi.unstubAllEnvs());

describe("saveState", () => {
  it("leaves a path for post", () => {
    const file = join(createFolder({ state: "" }), "state");
    vi.stubEnv("GITHUB_STATE", file);
    saveState("privateFolder", "/tmp/x");
    expect(readFileSync(file, "utf8")).toMatch(/^privateFolder<<(.*)\n\/tmp\/x\n\1\n$/);
  });

  it.each([
    ["/nowhere/state", "it does not exist"],
    ["/dev/full", "the disk is full"],
  ])("says of %s which file of the runner cannot be written", (file, cause) => {
    vi.stubEnv("GITHUB_STATE", file);
    expect(() => saveState("privateFolder", "/tmp/x")).toThrow(
      new DeployError(
        `The runner's file GITHUB_STATE could not be written: ${cause}. Make room on the runner's disk, or start the runner anew.`,
      ),
    );
  });
});
