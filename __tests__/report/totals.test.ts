import { describe, expect, it } from "vitest";
import type { HostStats, ResultEvent, RunEvent } from "../../src/ansible/events.js";
import { totalsOf } from "../../src/report/totals.js";

const result = (host: string, status: ResultEvent["status"], more: Partial<ResultEvent> = {}): ResultEvent => ({
  event: "result",
  host,
  status,
  task: "1",
  name: "T",
  action: "x",
  ...more,
});
const stats = (hosts: Record<string, Partial<HostStats>>): RunEvent => ({
  event: "stats",
  hosts: hosts as Record<string, HostStats>,
});

describe("totalsOf", () => {
  it("takes Ansible's recap", () => {
    const totals = totalsOf([
      result("web2", "changed"),
      result("web2", "failed", { msg: "no" }),
      result("web1", "ok"),
      result("db1", "unreachable"),
      stats({ web2: { ok: 1, changed: 1, failures: 1 }, web1: { ok: 1 }, db1: { unreachable: 1 } }),
    ]);
    expect(totals).toMatchObject({
      hosts: ["db1", "web1", "web2"],
      ok: ["web1"],
      changed: ["web2"],
      failed: ["web2"],
      unreachable: ["db1"],
      changedTasks: 1,
    });
    expect(totals.failures.map(({ host }) => host)).toEqual(["web2", "db1"]);
    expect(totals.stats.web1).toEqual({
      ok: 1,
      changed: 0,
      unreachable: 0,
      failures: 0,
      skipped: 0,
      rescued: 0,
      ignored: 0,
    });
  });

  it("counts results when the run was killed before its recap", () => {
    const totals = totalsOf([
      result("b", "changed"),
      result("b", "failed"),
      result("a", "failed", { ignored: true }),
      result("a", "skipped"),
      result("c", "unreachable"),
      result("d", "failed", { rescued: true }),
    ]);
    expect(totals).toMatchObject({
      hosts: ["a", "b", "c", "d"],
      changed: ["b"],
      failed: ["b"],
      unreachable: ["c"],
      ok: ["a", "d"],
    });
    expect(totals.stats.a).toMatchObject({ ok: 1, ignored: 1, skipped: 1, failures: 0 });
    expect(totals.changedTasks).toBe(1);
  });

  it("counts what a failure had changed before it, which Ansible does not", () => {
    const events = [
      result("a", "failed", { changed: true, msg: "no" }),
      stats({ a: { failures: 1 }, b: { ok: 1, changed: 2 } }),
    ];
    expect(totalsOf(events)).toMatchObject({ changed: ["a", "b"], changedTasks: 3 });
  });

  it("counts a host as changed by one result, whatever followed", () => {
    expect(totalsOf([result("a", "changed"), stats({ a: { unreachable: 1 } })]).changed).toEqual(["a"]);
  });

  it("does not count what was rescued or ignored as a failure", () => {
    const totals = totalsOf([
      result("a", "failed", { name: "rescued" }),
      result("a", "failed", { name: "ignored", ignored: true }),
      result("b", "failed", { name: "rescued first" }),
      result("b", "failed", { name: "real" }),
      stats({ a: { rescued: 1, ignored: 1 }, b: { failures: 1, rescued: 1 } }),
    ]);
    expect(totals.failures.map(({ name }) => name)).toEqual(["real"]);
    expect(totals.failed).toEqual(["b"]);
  });

  it("unites what modules report, the later winning", () => {
    const totals = totalsOf([
      result("a", "ok", { deploy: { release: "r1", migrations: ["shop.0001"], warnings: ["w"] } }),
      result("b", "ok", { deploy: { release: "r2", migrations: ["shop.0002", "shop.0001"] } }),
      result("b", "ok"),
    ]);
    expect(totals.deploy).toEqual({ release: "r2", migrations: ["shop.0001", "shop.0002"], warnings: ["w"] });
  });

  it("does not count migrations as applied that were taken back", () => {
    const totals = totalsOf([
      result("a", "changed", { deploy: { migrations: ["shop.0001", "shop.0002"] } }),
      result("a", "failed", { deploy: { kept: true, taken_back: ["shop.0002", "shop.0001"] } }),
    ]);
    expect(totals.deploy.migrations ?? []).toEqual([]);
  });

  describe("wentBack", () => {
    const activate = { action: "django_ansible.deploy.app_activate" };
    const kept = result("b", "failed", { ...activate, deploy: { kept: true, release: "r1" } });
    const switched = result("a", "changed", activate);
    const back = result("a", "changed", { deploy: { rolled_back: true, release: "r1" } });
    const keptNothing = result("b", "failed", { ...activate, deploy: { kept: true, images: {} } });
    const backToNothing = result("a", "changed", { deploy: { rolled_back: true } });
    const failed = stats({ a: { changed: 2 }, b: { failures: 1 } });
    it.each<[string, readonly RunEvent[], boolean]>([
      ["the only host kept what it served", [kept, stats({ b: { failures: 1 } })], true],
      ["the switched host went back", [switched, kept, back, failed], true],
      ["the first deploy of all hosts failed", [switched, keptNothing, backToNothing, failed], false],
      ["one host went back and another is new", [switched, keptNothing, back, failed], true],
      [
        "the step of the only host was killed, and it went back",
        [
          result("b", "failed", activate),
          result("b", "changed", { deploy: { rolled_back: true, release: "r1" } }),
          failed,
        ],
        true,
      ],
      ["a switched host did not go back", [switched, kept, failed], false],
      [
        "a host is unreachable",
        [switched, kept, back, stats({ a: {}, b: { failures: 1 }, c: { unreachable: 1 } })],
        false,
      ],
      [
        "another host went back and this one had not got that far",
        [switched, result("b", "failed", { deploy: { kept: true } }), back, failed],
        true,
      ],
      [
        "a host failed before any was switched",
        [result("b", "failed", { deploy: { kept: true } }), stats({ b: { failures: 1 } })],
        false,
      ],
      ["another task failed", [result("b", "failed"), stats({ b: { failures: 1 } })], false],
      ["nothing failed", [switched, stats({ a: { changed: 1 } })], false],
    ])("when %s", (_, events, expected) => {
      expect(totalsOf(events).wentBack).toBe(expected);
    });
  });

  it("has what is new with this deploy before what Django's checks say of every one", () => {
    const warnings = [
      "security.W004: no HSTS",
      "shop.0002: takes something away",
      "models.W042: no key",
      "no request came",
    ];
    expect(totalsOf([result("a", "ok", { deploy: { warnings } })]).deploy.warnings).toEqual([
      "shop.0002: takes something away",
      "no request came",
      "security.W004: no HSTS",
      "models.W042: no key",
    ]);
  });

  it("says once what is new on one host and known on another", () => {
    const [known, fresh, other] = ["security.W004: no HSTS", "DEBUG is on", "no request came"];
    const totals = totalsOf([
      result("a", "ok", { deploy: { warnings: [fresh, known] } }),
      result("b", "ok", { deploy: { warnings: [`new: ${fresh}`, known, other] } }),
    ]);
    expect(totals.deploy.warnings).toEqual([`new: ${fresh}`, other, known]);
  });

  it("keeps what a status found by host", () => {
    const status = {
      release: "r1",
      revision: null,
      since: null,
      slot: "blue",
      units: {},
      free_mib: 1,
      lock: null,
      releases: [],
    };
    expect(totalsOf([result("a", "ok", { deploy: { status } }), result("b", "ok")]).hostStatus).toEqual({ a: status });
  });

  it("knows of nothing when nothing happened", () => {
    expect(totalsOf([])).toMatchObject({ stats: {}, hosts: [], failures: [], changedTasks: 0 });
  });
});
