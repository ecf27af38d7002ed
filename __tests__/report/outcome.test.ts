import { describe, expect, it } from "vitest";
import type { HostStats, ResultEvent, RunEvent } from "../../src/ansible/events.js";
import type { Inputs } from "../../src/inputs/inputs.js";
import { earlyOutcome, outcomeOf } from "../../src/report/outcome.js";
import { outputsOf } from "../../src/report/outputs.js";
import { createInputs } from "../support/inputs.js";

const context = { inputs: createInputs({ timeoutMinutes: 5 }), closed: [], causes: new Map() };
const failed = (host: string): ResultEvent => ({
  event: "result",
  host,
  status: "failed",
  task: "1",
  name: "T",
  action: "x",
  msg: "no",
});
const recap = (hosts: Record<string, Partial<HostStats>>): RunEvent => ({
  event: "stats",
  hosts: hosts as Record<string, HostStats>,
});

describe("outcomeOf", () => {
  it.each<[string, number, readonly RunEvent[], "cancelled" | "timeout" | undefined, object]>([
    ["success", 0, [recap({ a: { ok: 1 } })], undefined, { status: "succeeded", error: "" }],
    [
      "one failure",
      2,
      [failed("a"), recap({ a: { failures: 1 } })],
      undefined,
      { status: "failed", error: 'a: the task "T" failed: no.' },
    ],
    [
      "two failures",
      2,
      [failed("b"), failed("a"), recap({ a: { failures: 1 }, b: { failures: 1 }, c: { ok: 1 } })],
      undefined,
      { status: "failed", error: '2 of 3 hosts failed (a, b). b: the task "T" failed: no.' },
    ],
    [
      "a failed host in spite of code 0",
      0,
      [recap({ a: { unreachable: 1 } })],
      undefined,
      { status: "failed", error: "a failed: see Ansible's output above." },
    ],
    [
      "no host",
      4,
      [],
      undefined,
      { status: "failed", error: "Ansible could not run: why. Its output above says more." },
    ],
    [
      "a deploy to nothing",
      0,
      [recap({})],
      undefined,
      { status: "failed", error: "No host took part: the inventory has none that the deploy is for." },
    ],
    ["a cancel", 99, [failed("a")], "cancelled", { status: "cancelled", error: "The run was cancelled." }],
    [
      "the time limit",
      99,
      [],
      "timeout",
      { status: "failed", error: "The run was ended after 5 minutes, the limit of timeout-minutes." },
    ],
  ])("tells %s", (_, code, events, reason, expected) => {
    expect(outcomeOf({ code, events, stderr: "ERROR! why" }, reason, context)).toMatchObject(expected);
  });
});

describe("outcomeOf of a run that may lose a host", () => {
  const activate = { action: "django_ansible.deploy.app_activate" };
  const switched = (host: string): ResultEvent => ({ ...failed(host), ...activate, status: "changed" });
  const lost = { ...failed("c"), ...activate, deploy: { kept: true, release: "r1" } };

  it("says which hosts have its release all the same", () => {
    const events = [switched("b"), switched("a"), lost, recap({ a: { ok: 1 }, b: { ok: 1 }, c: { failures: 1 } })];
    const { status, error } = outcomeOf({ code: 2, events, stderr: "" }, undefined, context);
    expect(status).toBe("failed");
    expect(error).toContain(" a, b serve the release of this run.");
  });

  it("does not when they went back", () => {
    const back: ResultEvent = { ...failed("a"), status: "changed", deploy: { rolled_back: true, release: "r1" } };
    const events = [switched("a"), lost, back, recap({ a: { ok: 1 }, c: { failures: 1 } })];
    expect(outcomeOf({ code: 2, events, stderr: "" }, undefined, context)).toMatchObject({
      status: "rolled-back",
      error: expect.not.stringContaining("of this run"),
    });
  });
});

describe("outcomeOf after a migration", () => {
  const migrated: ResultEvent = { ...failed("a"), status: "changed", deploy: { migrations: ["shop.0002_price"] } };
  const errorOf = (deploy: object): string => {
    const events = [migrated, { ...failed("a"), deploy }, recap({ a: { failures: 1 } })];
    return outcomeOf({ code: 2, events, stderr: "" }, undefined, context).error;
  };

  it("says that the older code runs on the newer schema where a host is back on it", () => {
    const sentence = "Applied migrations stay, so the older code runs on the newer schema: shop.0002_price.";
    expect(errorOf({ kept: true, release: "r1" })).toContain(sentence);
    expect(errorOf({ rolled_back: true, images: { web: "sha256:1" } })).toContain(sentence);
  });

  it("does not after a first deploy, before which no code was live", () => {
    expect(errorOf({ kept: true })).not.toContain("schema");
    expect(errorOf({ rolled_back: true, images: {} })).not.toContain("schema");
  });

  it("does not where the new release serves", () => {
    expect(errorOf({})).not.toContain("schema");
  });
});

describe("earlyOutcome", () => {
  it.each([
    [undefined, { status: "failed", error: "why" }],
    ["cancelled", { status: "cancelled", error: "The run was cancelled." }],
  ] as const)("tells %s", (reason, expected) => {
    expect(earlyOutcome("why", reason, undefined)).toMatchObject(expected);
  });
});

describe("outputsOf", () => {
  it("has counts of 0 and empty lists when nothing happened", () => {
    const outcome = earlyOutcome("why", undefined, undefined);
    expect(
      outputsOf({ ...outcome, summaryFile: "/s", ansibleVersion: "", durationSeconds: 1, timings: { total: 1 } }),
    ).toEqual({
      status: "failed",
      "total-hosts": "0",
      "ok-hosts": "0",
      "changed-hosts": "0",
      "failed-hosts": "0",
      "unreachable-hosts": "0",
      "changed-host-names": "[]",
      "failed-host-names": "[]",
      "unreachable-host-names": "[]",
      "changed-tasks": "0",
      stats: "{}",
      release: "",
      "previous-release": "",
      revision: "",
      migrations: "[]",
      url: "",
      "summary-file": "/s",
      "ansible-version": "",
      "duration-seconds": "1",
      timings: '{"total":1}',
      "rolled-back": "false",
      "host-status": "{}",
      "command-output": "",
      "output-file": "",
      dump: "",
    });
  });

  it("gives images as the release of a container deploy", () => {
    const event: RunEvent = {
      ...failed("a"),
      status: "ok",
      deploy: { images: { web: "sha256:1" }, previous_images: { web: "sha256:0" } },
    };
    const outcome = outcomeOf({ code: 0, stderr: "", events: [event] }, undefined, context);
    expect(
      outputsOf({ ...outcome, summaryFile: "", ansibleVersion: "2.21.5", durationSeconds: 1, timings: { total: 1 } }),
    ).toMatchObject({
      release: '{"web":"sha256:1"}',
      "previous-release": '{"web":"sha256:0"}',
    });
  });

  it("gives an address that all hosts agree on and that the workflow knows, or none", () => {
    const urlOf = (urls: readonly string[], inputs: Partial<Inputs> = {}) => {
      const events = urls.map((url, index): RunEvent => ({ ...failed(`h${index}`), status: "ok", deploy: { url } }));
      const known = { ...context, inputs: { ...context.inputs, ...inputs } };
      const { totals } = outcomeOf({ code: 0, stderr: "", events }, undefined, known);
      return [totals.deploy.url, totals.deploy.warnings];
    };
    const site = "https://www.example.org/";
    expect(urlOf([site, site])).toEqual([site, undefined]);
    expect(urlOf([site], { serverName: "example.org www.example.org" })).toEqual([site, undefined]);
    expect(urlOf([site], { serverName: "*.example.org" })).toEqual([site, undefined]);
    expect(urlOf([site], { vars: { server_name: "{{ name }}" } })).toEqual([site, undefined]);
    expect(urlOf([site, "https://evil.example/"])).toEqual([
      undefined,
      ["The hosts give different addresses of the site, so the output url is empty."],
    ]);
    expect(urlOf(["https://evil.example/"], { serverName: "www.example.org" })).toEqual([
      undefined,
      [
        'A host gives "https://evil.example/" as the site\'s address, which server-name does not have: the output url is empty.',
      ],
    ]);
  });
});
