import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../src/ansible/events.js";
import { redactEvents } from "../../src/report/redact.js";
import { timingsOf } from "../../src/report/timings.js";

const phase = (name: string, time: number): RunEvent => ({ event: "play", name, time });
const result = (start: number, duration: number, action = "x"): RunEvent => ({
  ...{ event: "result", host: "a", task: "1", name: "T", action, status: "changed", start, duration },
});
const marks = { started: 10_000, looked: 10_400, ready: 10_500, played: 10_510, ended: 19_000, now: 19_250 };

describe("where the time of a run went", () => {
  const events = [
    phase("Reach hosts", 11.5),
    result(11.6, 1),
    phase("Activate", 13),
    result(13, 2.5, "django_ansible.deploy.app_activate"),
    result(15, 1.25, "django_ansible.deploy.app_activate"),
    phase("Finish", 17),
    result(17, 1.5),
  ];

  it("follows the run from its start to its end", () => {
    expect(timingsOf(marks, events)).toEqual({
      total: 9.25,
      look: 0.4,
      "ansible-ready": 0.1,
      "ansible-start": 1,
      phases: { "Reach hosts": 1.5, Activate: 4, Finish: 1.5 },
      "ansible-end": 0.5,
      switched: 6.25,
    });
  });

  it("knows a rollback that moves traffic while it looks at the hosts", () => {
    const looked = [
      phase("Reach hosts", 11.5),
      result(11.6, 1.4, "django_ansible.deploy.app_host"),
      phase("Finish", 13.5),
    ];
    expect(timingsOf(marks, looked)).toMatchObject({ switched: 3 });
  });

  it("knows a deploy that moves traffic in the step that prepares a release, and one that does not", () => {
    const prepared = result(11.6, 1.4, "django_ansible.deploy.app_release");
    const live = { ...prepared, deploy: { release: "20260102T030405Z-0123456" } } as RunEvent;
    expect(timingsOf(marks, [phase("Prepare", 11.5), live])).toMatchObject({ switched: 3 });
    expect(timingsOf(marks, [phase("Prepare", 11.5), prepared])).not.toHaveProperty("switched");
  });

  it("knows the phases that a step went on to, by what its hosts say", () => {
    const went = (start: number, duration: number, phases: Record<string, number>): RunEvent =>
      ({
        ...result(start, duration, "django_ansible.deploy.app_release"),
        deploy: { release: "20260102T030405Z-0123456", phases },
      }) as RunEvent;
    const run = [
      ...[phase("Reach hosts", 11), result(11, 1), phase("Prepare", 12)],
      ...[went(12, 4, { Activate: 1500, Finish: 500 }), went(12.2, 3.9, { Activate: 1000, Finish: 400 })],
      ...[phase("Migrate", 16.2), phase("Activate", 16.3), phase("Finish", 16.4)],
    ];
    const { phases, switched } = timingsOf(marks, run);
    expect(Object.entries(phases ?? {})).toEqual([
      ...[
        ["Reach hosts", 1],
        ["Prepare", 2],
        ["Migrate", 0.1],
        ["Activate", 1.6],
        ["Finish", 0.7],
      ],
    ]);
    expect(switched).toBe(5.7);
  });

  it("believes no host that was longer in a phase than its step took", () => {
    const lie = {
      ...result(12, 2, "django_ansible.deploy.app_release"),
      deploy: { phases: { Activate: 9e8, Finish: -5 } },
    };
    expect(timingsOf(marks, [phase("Prepare", 11.5), lie as RunEvent]).phases).toEqual({
      Prepare: 0.5,
      Activate: 2,
      Finish: 0,
    });
  });

  it("leaves nothing out but the report", () => {
    const { total, look, phases, ...rest } = timingsOf(marks, events);
    const parts = [look, rest["ansible-ready"], rest["ansible-start"], ...Object.values(phases ?? {})];
    const sum = [...parts, rest["ansible-end"]].reduce<number>((whole, part) => whole + (part ?? 0), 0);
    expect(total - sum).toBeCloseTo((marks.now - marks.ended) / 1000);
  });

  it.each([
    ["the inputs", { started: 0, now: 70 }, { total: 0.07 }],
    ["installing", { started: 0, looked: 50, now: 70 }, { total: 0.07, look: 0.05 }],
    ["what comes between", { started: 0, looked: 50, ready: 60, now: 70 }, { "ansible-ready": 0.01, total: 0.07 }],
  ])("ends where the run ended: %s", (_, points, expected) => {
    expect(timingsOf(points, [])).toMatchObject(expected);
    expect(timingsOf(points, [])).not.toHaveProperty("ansible-start");
  });

  it("gives the start of Ansible where it came to no phase, and no phases", () => {
    const found = timingsOf(marks, []);
    expect(found).toMatchObject({ "ansible-start": 8.5 });
    expect(found).not.toHaveProperty("phases");
    expect(found).not.toHaveProperty("switched");
  });

  it("adds plays of one name, and takes at most 100", () => {
    const plays = Array.from({ length: 300 }, (_, index) => phase(`Play ${index}`, index));
    expect(timingsOf(marks, [phase("A", 1), phase("B", 2), phase("A", 4), result(4, 3)]).phases).toEqual({
      A: 4,
      B: 2,
    });
    expect(Object.keys(timingsOf(marks, plays).phases ?? {})).toHaveLength(100);
  });

  it("is never negative, whatever clock was set back, and shows no secret", () => {
    const back = timingsOf({ ...marks, ended: 1 }, [phase("of s3cret", 5), phase("Then", 4)]);
    expect(
      Object.values(back).flatMap((value) => (typeof value === "number" ? [value] : Object.values(value))),
    ).toEqual(expect.arrayContaining([0]));
    expect(JSON.stringify(back)).not.toContain("-0.");
    const [hidden] = redactEvents([phase("of s3cret", 5)], (text) => text.replaceAll("s3cret", "***"));
    expect(hidden).toMatchObject({ name: "of ***" });
  });
});
