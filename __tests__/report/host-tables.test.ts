import { describe, expect, it } from "vitest";
import type { HostStatus } from "../../src/ansible/events.js";
import { statusSection } from "../../src/report/host-tables.js";
import { totalsOf } from "../../src/report/totals.js";

const sectionOf = (status: HostStatus): string => {
  const event = {
    event: "result",
    host: "app1",
    status: "ok",
    task: "1",
    name: "T",
    action: "x",
    deploy: { status },
  } as const;
  return statusSection(totalsOf([event])).join("\n");
};
const usual = {
  ...{
    release: "20260102T030405Z-0123456",
    revision: "0".repeat(40),
    since: "2026-01-02T03:04:05Z",
    slot: null,
    lock: null,
  },
  ...{ releases: [], units: { "shop-web-1": "healthy" }, free_mib: 5000 },
};

describe("statusSection", () => {
  it("shows of containers what there is of them", () => {
    const status = {
      ...usual,
      ...{ services: [], maintenance: "since 2026-01-02T03:04:05Z", runs: ["sleep 60: goes on"], drift: [] },
      ...{ last_dump: "2026-01-03T03:00:00Z", last_rehearsal: null, problems: ["there is no container of worker"] },
    };
    const text = sectionOf(status);
    expect(text).toMatch(/^#### Problems\n\n- ⚠️ <code>app1<\/code>: there is no container of worker\n\n#### Hosts\n/);
    expect(text).toContain("<summary><code>app1</code>: 1 problem</summary>");
    expect(text).toContain("<code>maintenance</code> | <code>since 2026-01-02T03:04:05Z</code>");
    expect(text).toContain("<code>last dump</code> | <code>2026-01-03T03:00:00Z, none was tried</code>");
    expect(text).toContain("sleep 60: goes on");
    expect(text).not.toContain("certificate");
  });

  it("has at a glance whether the site is healthy, and below it what that rests on", () => {
    const status = { ...usual, ...{ health: "healthy", slot: "blue", problems: [], free_mib: 700, dump_bytes: 900 } };
    const role = { ...status, units: { "shop@blue.service": "active" }, memory_mib: { "shop@blue.service": 124 } };
    const text = sectionOf({ ...role, restarts: { "shop@blue.service": 1 }, last_dump: "2026-01-03T03:00:00Z" });
    expect(text).toContain("| host | health | live release | commit | since | free disk | deploy lock |");
    expect(text).toContain("| <code>healthy</code> |");
    expect(text).toContain("<code>700 MiB</code>");
    expect(text).toContain("<code>shop&#64;\u200bblue.service</code> | <code>active, 124 MiB, 1 restart</code>");
    expect(text).toContain("less than 0.1 MB");
    expect(sectionOf({ ...status, maintenance: "since today" })).toContain("healthy, under maintenance");
    expect(sectionOf({ ...status, health: null })).toContain("serves no requests");
  });

  it("shows no more than the table of a Swarm", () => {
    const text = sectionOf(usual);
    expect(text).toContain("4.9 GiB");
    expect(text).not.toMatch(/maintenance|health/);
  });
});
