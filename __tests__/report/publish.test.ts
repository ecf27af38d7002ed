import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { ResultEvent } from "../../src/ansible/events.js";
import { type Outcome, outcomeOf } from "../../src/report/outcome.js";
import { publish } from "../../src/report/publish.js";
import { createFolder } from "../support/folder.js";
import { createInputs } from "../support/inputs.js";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** The outcome of a run whose events nobody has redacted. */
function leaking(): Outcome {
  const inputs = createInputs();
  const failed: ResultEvent = {
    ...{ event: "result", host: "s3cret-host", task: "1", name: "Do s3cret", action: "command", status: "failed" },
    ...{ msg: "s3cret", deploy: { warnings: Array.from({ length: 30 }, (_, index) => `s3cret-${index}`) } },
  };
  const stats = { ok: 0, changed: 0, unreachable: 0, failures: 1, skipped: 0, rescued: 0, ignored: 0 };
  const outcome = outcomeOf(
    { code: 2, stderr: "", events: [failed, { event: "stats", hosts: { "s3cret-host": stats } }] },
    undefined,
    { inputs, closed: [], causes: new Map() },
  );
  return { ...outcome, error: "no s3cret here" };
}

/** Publishes an outcome and gives all that people see of it, by where they see it. */
function published(outcome: Outcome, inputs = createInputs()) {
  const folder = createFolder({ summary: "before\n", outputs: "" });
  vi.stubEnv("RUNNER_TEMP", folder);
  vi.stubEnv("GITHUB_OUTPUT", join(folder, "outputs"));
  vi.stubEnv("GITHUB_STEP_SUMMARY", join(folder, "summary"));
  vi.stubEnv("GITHUB_WORKSPACE", folder);
  writeFileSync(join(folder, "deploy.yml"), "- hosts: all\n");
  vi.stubEnv("GITHUB_SERVER_URL", "https://github.com");
  vi.stubEnv("GITHUB_REPOSITORY", "example/mysite");
  mkdirSync(join(folder, ".github/workflows"), { recursive: true });
  writeFileSync(join(folder, ".github/workflows/rollback.yml"), "name: Roll back\n");
  let log = "";
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    log += chunk;
    return true;
  });
  publish(
    { ...outcome, blamed: `${join(folder, "deploy.yml")}:3` },
    {
      ...{
        inputs,
        summary: true,
        ansibleVersion: "2.21.5",
        durationSeconds: 3,
        marks: { started: 0, now: 3_000 },
      },
      redact: (text) => text.replaceAll("s3cret", "***"),
    },
  );
  const file = /^summary-file<<.*\n(.*)$/m.exec(readFileSync(join(folder, "outputs"), "utf8"))?.[1] ?? "";
  return { log, summary: readFileSync(join(folder, "summary"), "utf8"), comment: readFileSync(file, "utf8") };
}

describe("publish", () => {
  it("shows no secret in log, annotations, warnings and summaries, also of an outcome that holds them", () => {
    const seen = published(leaking());
    expect(seen.log).toMatch(/^::error title=\*\*\*-host%3A Do \*\*\*::/m);
    expect(seen.log).toMatch(/^::error .*deploy\.yml.*::no \*\*\* here$/m);
    expect(seen.log).toMatch(/^::warning::\*\*\*-0$/m);
    expect(seen.log).toMatch(/^Warning: \*\*\*-29$/m);
    expect(seen.summary).toMatch(/^before\n[\s\S]*\*\*\*-host/);
    expect(seen.comment).toContain("***-host");
    for (const text of Object.values(seen)) expect(text).not.toContain("s3cret");
  });

  it("offers a rollback only where the deploy's release is live", () => {
    const activated = { event: "result", task: "1", name: "T", action: "a.b.app_activate" } as const;
    const live: ResultEvent = { ...activated, host: "app1", status: "changed", deploy: { release: "new" } };
    const kept: ResultEvent = { ...activated, host: "app2", status: "failed", deploy: { kept: true, release: "old" } };
    const offered = (events: ResultEvent[], given: Parameters<typeof createInputs>[0] = {}) => {
      const inputs = createInputs(given);
      const code = events.some(({ status }) => status === "failed") ? 2 : 0;
      const outcome = outcomeOf({ code, stderr: "", events }, undefined, { inputs, closed: [], causes: new Map() });
      return published(outcome, inputs).summary.includes("[roll back]");
    };
    expect(offered([live])).toBe(true);
    expect(offered([live, kept])).toBe(true);
    expect(offered([kept])).toBe(false);
    expect(offered([live], { check: true })).toBe(false);
    expect(offered([live], { operation: "rollback" })).toBe(false);
  });
});
