import { describe, expect, it } from "vitest";
import type { ResultEvent } from "../../src/ansible/events.js";
import { totalsOf } from "../../src/report/totals.js";
import { intent, type VerdictParts, verdict } from "../../src/report/verdict.js";
import { createInputs } from "../support/inputs.js";

const result = (host: string, status: ResultEvent["status"], deploy = {}): ResultEvent => ({
  ...{ event: "result", host, task: "1", name: "T", action: "x", status, deploy },
});
const totals = totalsOf([
  result("web1", "changed", { previous_revision: "0123456789", target_revision: "89abcdef01" }),
  result("web2", "ok"),
]);
const parts = (more: Partial<VerdictParts> = {}): VerdictParts => ({
  ...{ status: "succeeded", inputs: createInputs(), app: "mysite", phase: "", durationSeconds: 72, ...more },
});
const counts = "2 hosts, 1 changed, in 1 min 12 s";

describe("intent", () => {
  const revision = "0123456789abcdef0123456789abcdef01234567";
  it.each([
    [{}, "Deploy, commit 0123456, hosts of the input hosts"],
    [
      { hosts: "", inventoryFiles: ["inventory/production.yml"], appName: "mysite", limit: "app1", check: true },
      'Check of mysite, commit 0123456, hosts of inventory/production.yml within "app1"',
    ],
    [{ source: "git", revision: "v2", hosts: "", inventory: "x" }, "Deploy, v2, hosts of the input inventory"],
    [{ operation: "rollback" }, "Rollback, hosts of the input hosts"],
    [{ playbook: "site.yml" }, "site.yml, hosts of the input hosts"],
  ] as const)("is one line: %j", (more, line) => expect(intent(createInputs(more), revision)).toBe(line));
});

describe("verdict", () => {
  it.each([
    [parts(), `Deploy of mysite on web1 and web2, 0123456 → 89abcde: ${counts}`],
    [parts({ status: "cancelled" }), `Deploy of mysite on web1 and web2, 0123456 → 89abcde, was cancelled: ${counts}`],
    [
      parts({ status: "failed", phase: "Migrate" }),
      `Deploy of mysite on web1 and web2, 0123456 → 89abcde, failed in “Migrate”: ${counts}`,
    ],
    [
      parts({ status: "rolled-back" }),
      `Deploy of mysite on web1 and web2 rolled back to 0123456, since 89abcde failed: 2 hosts, in 1 min 12 s`,
    ],
    [
      parts({ inputs: createInputs({ check: true }) }),
      `Check of mysite on web1 and web2, 0123456 → 89abcde: ${counts.replace("changed", "would change")}`,
    ],
    [
      parts({ inputs: createInputs({ operation: "rollback" }) }),
      `Rollback of mysite on web1 and web2, 0123456 → 89abcde: ${counts}`,
    ],
    [parts({ inputs: createInputs({ operation: "status" }) }), `Status of mysite on web1 and web2: ${counts}`],
    [
      parts({ inputs: createInputs({ playbook: "site.yml" }) }),
      `site.yml on web1 and web2, 0123456 → 89abcde: ${counts}`,
    ],
  ])("is one line", (given, text) => expect(verdict(given, totals)).toBe(text));

  it("names no revision after a rollback where none is known, or both are one", () => {
    const none = totalsOf([result("web1", "failed")]);
    expect(verdict(parts({ status: "rolled-back", phase: "Activate" }), none)).toMatch(
      /^Deploy of mysite on web1 rolled back, since it failed in “Activate”: 1 host/,
    );
  });

  it("says of a look how many problems it found, and not that it changed nothing", () => {
    const status = {
      release: null,
      revision: null,
      since: null,
      slot: null,
      units: {},
      free_mib: 1,
      lock: null,
      releases: [],
    };
    const looked = (...problems: string[]) => totalsOf([result("web1", "ok", { status: { ...status, problems } })]);
    const given = parts({ inputs: createInputs({ operation: "status" }) });
    expect(verdict(given, looked("a", "b"))).toBe("Status of mysite on web1: 1 host, 2 problems, in 1 min 12 s");
    expect(verdict(given, looked())).toBe("Status of mysite on web1: 1 host, no problem, in 1 min 12 s");
  });

  it("has hosts in the order in which people count", () => {
    const hosts = totalsOf(["app10", "app9", "app1"].map((host) => result(host, "ok")));
    expect(verdict(parts(), hosts)).toMatch(/^Deploy of mysite on app1, app9 and app10: /);
  });

  it("names some of many hosts, and says when nothing moved", () => {
    const same = { previous_revision: "0123456789", target_revision: "0123456789" };
    const many = totalsOf(["a", "b", "c", "d", "e"].map((host) => result(host, "ok", same)));
    expect(verdict(parts(), many)).toMatch(
      /^Deploy of mysite on a, b, c and 2 more, 0123456 as before: 5 hosts, 0 changed/,
    );
    expect(verdict(parts({ status: "failed", app: "" }), totalsOf([]))).toBe(
      "Deploy failed: no host took part, in 1 min 12 s",
    );
  });
});
