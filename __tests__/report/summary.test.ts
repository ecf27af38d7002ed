import { describe, expect, it } from "vitest";
import type { ResultEvent } from "../../src/ansible/events.js";
import { annotationsOf } from "../../src/report/annotations.js";
import { type SummaryParts, summaryMarkdown } from "../../src/report/summary.js";
import { totalsOf } from "../../src/report/totals.js";
import { verdict } from "../../src/report/verdict.js";

const EVIL = "<script>alert(1)</script> [link](https://evil.example) | `x` *y* @team ![i](z)\n# head";
const failed: ResultEvent = {
  event: "result",
  host: "web1",
  task: "1",
  name: EVIL,
  action: "x",
  status: "failed",
  msg: `${EVIL}</pre>`,
  path: "/w/site/roles/a/tasks/main.yml:7",
};
const NONE: SummaryParts = {
  verdict: "Deployed to 1 host, nothing changed.",
  ok: true,
  error: "",
  totals: totalsOf([]),
  failures: [],
  release: "",
  previousRelease: "",
  revision: "",
  url: "",
  ansibleVersion: "2.21.5",
  durationSeconds: 3,
};

describe("summaryMarkdown", () => {
  it("is short when nothing is to tell", () => {
    expect(summaryMarkdown(NONE)).toBe(
      "### ✅ Deployed to 1 host, nothing changed.\n\n<sub>ansible-core 2.21.5, 3 s</sub>\n",
    );
  });

  it("has facts, hosts, failures and warnings", () => {
    const totals = totalsOf([{ ...failed, deploy: { warnings: ["W004"], migrations: ["shop.0001"] } }]);
    const text = summaryMarkdown({
      ...NONE,
      ok: false,
      verdict: "Failed: of 1 host, 1 failed.",
      error: "web1: no",
      totals,
      failures: [["web1: no", failed]],
      release: "20260304T050607Z-0123456",
      url: "https://example.org/",
    });
    expect(text).toContain("### ❌ Failed: of 1 host, 1 failed.\n\nweb1: no\n");
    expect(text).toContain("| Release | <code>20260304T050607Z-0123456</code> |");
    expect(text).toContain("| Migrations | <code>shop.0001</code> |");
    expect(text).toContain("| <code>web1</code> | failed | 0 | 0 | 1 | 0 |");
    expect(text).toContain("- ⚠️ W004");
    expect(text).not.toContain("| Before |");
  });

  it("lets no text act as HTML, Markdown, link or mention", () => {
    const text = summaryMarkdown({
      ...NONE,
      error: EVIL,
      totals: totalsOf([failed]),
      failures: [[EVIL, failed]],
      url: EVIL,
    });
    expect(text).not.toContain("<script>");
    expect(text.match(/<\/pre>/g)).toHaveLength(1);
    const outside = text.replace(/<pre>[\s\S]*<\/pre>/, "");
    expect(outside).not.toMatch(/\]\(|@team|https:\/\/evil|`x`|^# head/m);
  });

  it("leaves ordinary texts readable, also in their source", () => {
    const error = 'web1: "roles/django_app/main.yml" (line 3) failed: it\'s 50% + _private_.';
    expect(summaryMarkdown({ ...NONE, error })).toContain("failed: it's 50% + &#95;private&#95;.");
    expect(summaryMarkdown({ ...NONE, error })).toContain('"roles/django_app/main.yml" (line 3)');
    for (const start of ["- a", "1. a", "# a"]) expect(summaryMarkdown({ ...NONE, error: start })).toMatch(/^&#\d+;/m);
  });

  it("shows nothing of a result under no_log", () => {
    const hidden = { ...failed, name: "T", no_log: true, msg: "hunter2" };
    expect(summaryMarkdown({ ...NONE, failures: [["web1: hidden", hidden]] })).not.toContain("hunter2");
  });
});

describe("verdict", () => {
  const totals = totalsOf([
    { ...failed, status: "changed" },
    { ...failed, host: "web2", status: "ok" },
  ]);
  it.each([
    ["succeeded", false, "Deployed to 2 hosts, 1 changed."],
    ["succeeded", true, "Check of 2 hosts: 1 would change."],
    ["cancelled", false, "Cancelled: 2 hosts had taken part, 1 changed."],
    ["failed", false, "Failed."],
    ["rolled-back", false, "Failed, and every host serves what it served before."],
  ] as const)("says of %s with check %s: %s", (status, check, text) => {
    expect(verdict(status, totals, { check, operation: "deploy" })).toBe(text);
  });

  it.each([
    ["rollback", "Rolled back 2 hosts, 1 changed."],
    ["status", "Status of 2 hosts."],
  ] as const)("says of the operation %s: %s", (operation, text) => {
    expect(verdict("succeeded", totals, { check: false, operation })).toBe(text);
  });

  it("counts failed and unreachable hosts", () => {
    const broken = totalsOf([failed, { ...failed, host: "web2", status: "unreachable" }]);
    expect(verdict("failed", broken, { check: false, operation: "deploy" })).toBe(
      "Failed: of 2 hosts, 1 failed and 1 unreachable.",
    );
    expect(verdict("succeeded", totalsOf([]), { check: true, operation: "deploy" })).toBe(
      "Check of 0 hosts: nothing would change.",
    );
  });
});

describe("annotationsOf", () => {
  it("points to a file of the workspace", () => {
    expect(annotationsOf([["sentence", { ...failed, name: "T" }]], "/w/site")).toEqual([
      { message: "sentence", title: "web1: T", file: "roles/a/tasks/main.yml", startLine: 7 },
    ]);
  });

  it.each(["/elsewhere/main.yml:7", "/w/site2/main.yml:7", "no place"])("names no file for %s", (path) => {
    expect(annotationsOf([["s", { ...failed, path }]], "/w/site")[0]).not.toHaveProperty("file");
  });

  it("has ten at most", () => {
    expect(
      annotationsOf(
        Array.from({ length: 12 }, () => ["s", failed] as const),
        "/w",
      ),
    ).toHaveLength(10);
  });
});
