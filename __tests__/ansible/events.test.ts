import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseEvents, type ResultEvent } from "../../src/ansible/events.js";
import { hostReports } from "../../src/report/host-report.js";
import { coursesOf } from "../../src/report/phases.js";
import { timeline } from "../../src/report/timeline.js";
import { totalsOf } from "../../src/report/totals.js";

describe("parseEvents", () => {
  it("leaves out a line that was cut off, and what is no event", () => {
    const result = { event: "result", host: "a", task: "1", name: "T", action: "x", status: "ok" };
    const text = [
      JSON.stringify({ event: "play", name: "P", time: 1 }),
      JSON.stringify(result),
      '"text"',
      "null",
      '{"event":"result","host":1}',
      '{"event":"new kind"}',
      '{"event":"stats","hosts":{}}',
      '{"event":"result","host":"b","sta',
    ].join("\n");
    expect(parseEvents(text)).toEqual([{ event: "play", name: "P", time: 1 }, result, { event: "stats", hosts: {} }]);
  });

  it("finds nothing in nothing", () => {
    expect(parseEvents("")).toEqual([]);
  });

  const of = (deploy: unknown, more: Record<string, unknown> = {}) => {
    const notes: string[] = [];
    const line = JSON.stringify({ event: "result", host: "a", name: "T", status: "ok", deploy, ...more });
    const [event] = parseEvents(line, (note) => notes.push(note));
    return { event: event as ResultEvent | undefined, notes };
  };

  it("takes facts as the collection gives them", () => {
    const status = {
      ...{
        release: "20260101T000000Z-0123456",
        revision: "0123456",
        since: "2026-01-01T00:00:00Z",
        slot: null,
        lock: null,
      },
      ...{ units: { "mysite.socket": "active" }, free_mib: 5_000, releases: ["20260101T000000Z-0123456"] },
    };
    const deploy = {
      ...{ app: "mysite", url: "https://www.example.org/", kept: true, status, warnings: ["one\ntwo"] },
      ...{ release: "20260101T000000Z-0123456-0a1b", migrations: ["shop.0001_initial"], packages: ["libpq-dev"] },
      ...{ images: { web: "ghcr.io/a/b:1@sha256:0123" }, requirements: ["+django==5.2.1"] },
    };
    expect(of(deploy)).toEqual({
      event: { event: "result", host: "a", name: "T", status: "ok", deploy },
      notes: [],
    });
  });

  it("takes nothing for no answer, and what the collection lets pass", () => {
    const deploy = { release: null, url: null, app: "", revision: null, status: null };
    expect(of(deploy)).toMatchObject({ event: { deploy: {} }, notes: [] });
    const others = {
      ...{ target_revision: "", migrations: ["shop.0002-with dash", "büro.0001"], packages: ["libpq5:amd64/stable"] },
      ...{ images: { web: "", db: "registry:5000/a/b@sha256:01" }, app: "2nd-site", url: "http://*.example.org/" },
    };
    expect(of(others)).toMatchObject({ event: { deploy: others }, notes: [] });
  });

  it.each<[string, unknown, unknown]>([
    ["an address of another kind", { url: "javascript:alert(1)" }, {}],
    ["an address with a password", { url: "https://u:p@example.org/" }, {}],
    ["an address with markup", { url: "https://example.org/<b>" }, {}],
    ["a number for a text", { release: 1, app: "x" }, { app: "x" }],
    ["a path for a release", { release: "../../etc/x", previous_release: "r1" }, { previous_release: "r1" }],
    ["a list for a mapping", { images: ["x"] }, {}],
    ["a text for a list", { migrations: "all" }, {}],
    ["half a status", { status: { release: null } }, {}],
    ["a text for a truth", { rolled_back: "true" }, {}],
    ["a deep thing", { app: { a: { b: [] } } }, {}],
    ["a name of JavaScript's own", { images: JSON.parse('{"__proto__": "x", "web": "y"}') }, { images: { web: "y" } }],
  ])("leaves out %s, and only that", (_, deploy, left) => {
    const { event, notes } = of(deploy);
    expect(event?.deploy).toEqual(left);
    if (!("images" in Object(left))) {
      expect(notes).toEqual([
        expect.stringMatching(/^a gave T with a value of "\w+" that cannot be right: it was left out\.$/),
      ]);
    }
  });

  it("cuts what is endless", () => {
    const { event } = of(
      { warnings: ["w".repeat(8_000_000)], migrations: Array.from({ length: 1e5 }, (_, index) => `a.m${index}`) },
      { msg: `${"m".repeat(1e6)}end`, name: "n".repeat(1e6), warnings: Array(1e5).fill("x") },
    );
    expect(event?.deploy?.warnings?.[0]?.length).toBe(20_000);
    expect(event?.deploy?.migrations?.length).toBe(2_000);
    expect(event?.msg).toMatch(/^m{19997}end$/);
    expect(event?.name.length).toBe(300);
    expect(event?.warnings?.length).toBe(200);
  });

  it("leaves out what has no host, and a recap's wrong counts", () => {
    const notes: string[] = [];
    const lines = [
      { event: "result", host: "__proto__", name: "T", status: "ok" },
      { event: "result", host: "a", name: "T", status: "great" },
      { event: "stats", hosts: { a: { ok: 1, failures: "none" }, b: 1 } },
    ];
    expect(parseEvents(lines.map((line) => JSON.stringify(line)).join("\n"), (note) => notes.push(note))).toEqual([
      { event: "stats", hosts: { a: { ok: 1 } } },
    ]);
    expect(notes.length).toBe(2);
  });

  it("never fails, and gives what reports can be made of", () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom("ok", "a", 1, null, true, {}, []));
    const keys = ["event", "host", "name", "status", "deploy", "msg", "hosts", "warnings", "start", "path"];
    const record = fc.dictionary(fc.constantFrom(...keys), value);
    const event = fc.constantFrom("play", "task", "result", "stats");
    fc.assert(
      fc.property(fc.array(fc.tuple(record, event)), (records) => {
        const lines = records.map(([one, kind]) =>
          JSON.stringify({ host: "a", name: "T", status: "ok", ...one, event: kind }),
        );
        const events = parseEvents(lines.join("\n"));
        expect(() => hostReports(events, totalsOf(events), { check: false, failed: true })).not.toThrow();
        expect(() => timeline(coursesOf(events))).not.toThrow();
      }),
      { numRuns: 300 },
    );
  });
});
