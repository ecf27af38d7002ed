import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { stopCommands } from "../src/announce.js";
import { createControlFolder } from "../src/connection/control-folder.js";
import { endNow } from "../src/end-now.js";
import { Known } from "../src/known.js";
import { helperEnvironment } from "../src/process/program-environment.js";
import { run } from "../src/process/run.js";
import { earlyOutcome } from "../src/report/outcome.js";
import { PrivateFolder } from "../src/secrets/private-folder.js";
import { saveWorkFolder } from "../src/state.js";
import { createFolder } from "./support/folder.js";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = 0;
});

/** Ends a run and gives what it wrote. */
async function end(known: Known, reason: "cancelled" | undefined): Promise<{ log: string; outputs: string }> {
  const file = join(createFolder({ outputs: "" }), "outputs");
  vi.stubEnv("GITHUB_OUTPUT", file);
  let log = "";
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    log += chunk;
    return true;
  });
  const exit = vi.spyOn(process, "exit").mockImplementation(() => undefined as never);
  stopCommands("t0ken");
  endNow(known, reason);
  await vi.waitFor(() => expect(exit).toHaveBeenCalled(), 5_000);
  return { log, outputs: readFileSync(file, "utf8") };
}

describe("endNow", () => {
  it("ends programs, removes secrets and half-filled folders, sets outputs and exits", async () => {
    const known = new Known();
    known.folder = PrivateFolder.create(createFolder());
    known.folder.file("key", "x");
    known.controlFolder = createControlFolder();
    const half = join(createFolder(), "django-ansible-deploy-uv", ".x64-Ab3xYz");
    mkdirSync(half, { recursive: true });
    saveWorkFolder(half);
    const program = run(["sleep", "60"], { env: helperEnvironment({ PATH: process.env.PATH }) });
    const { log, outputs } = await end(known, "cancelled");
    expect((await program).code).toBe(137);
    expect([known.folder.path, known.controlFolder, half].filter(existsSync)).toEqual([]);
    expect(() => known.folder?.file("late", "x")).toThrow(/the run has ended/);
    expect(outputs).toMatch(/^status<<.*\ncancelled$/m);
    expect(outputs).toMatch(/^url<</m);
    expect(log).toMatch(/^::t0ken::\n(.*\n)*::error::The run was cancelled\./m);
    expect(process.exitCode).toBe(1);
  });

  it("says so where nobody told the run to end, and removes nothing that is not there", async () => {
    const { log, outputs } = await end(new Known(), undefined);
    expect(log).toContain("::error::The run did not come to an end by itself.");
    expect(outputs).toMatch(/^status<<.*\nfailed$/m);
    expect(outputs).toMatch(/^summary-file<<(.*)\n\n\1$/m);
  });

  it("keeps what is known of the outcome", async () => {
    const known = new Known();
    known.outcome = { ...earlyOutcome("", undefined, undefined), status: "succeeded" };
    const { log, outputs } = await end(known, "cancelled");
    expect(outputs).toMatch(/^status<<.*\nsucceeded$/m);
    expect(log).not.toContain("::error::");
    expect(process.exitCode).toBe(0);
  });
});
