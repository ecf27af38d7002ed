import { describe, expect, it } from "vitest";
import type { DeployFacts, ResultEvent, RunEvent } from "../../src/ansible/events.js";
import { coursesOf, failedPhase } from "../../src/report/phases.js";

const play = (name: string): RunEvent => ({ event: "play", name });
const prepared = (status: ResultEvent["status"], deploy: DeployFacts): RunEvent => ({
  ...{ event: "result", host: "a", task: "1", name: "Prepare the release", start: 100, duration: 4 },
  ...{ action: "django_ansible.deploy.app_release", status, deploy },
});
const release = "20260102T030405Z-0123456";

describe("a step that goes on to the next phases", () => {
  const run = (event: RunEvent) => coursesOf([play("Reach hosts"), play("Prepare"), event]);

  it("is in each of them, and traffic moved in the one that activates", () => {
    expect(run(prepared("changed", { release, phases: { Activate: 1500, Finish: 500 } }))).toEqual([
      {
        ...{ host: "a", switched: 103_500, returned: undefined },
        spans: [
          { phase: "Prepare", start: 100_000, end: 102_000, failed: false },
          { phase: "Activate", start: 102_000, end: 103_500, failed: false },
          { phase: "Finish", start: 103_500, end: 104_000, failed: false },
        ],
      },
    ]);
  });

  it.each<[DeployFacts, string]>([
    [{}, "Prepare"],
    [{ kept: true, phases: { Activate: 1500 } }, "Activate"],
    [{ release, phases: { Activate: 1500, Finish: 500 } }, "Finish"],
  ])("fails in the last that it came to: %j", (deploy, phase) => {
    expect(failedPhase(run(prepared("failed", deploy)))).toBe(phase);
  });

  it("has the role's phase where phases are roles", () => {
    const [course] = coursesOf([play("Deploy"), prepared("failed", { phases: { Activate: 1500 } })]);
    expect(course?.spans.map(({ phase }) => phase)).toEqual(["Deploy"]);
  });
});
