import { expect, it } from "vitest";
import type { HostStatus } from "../../src/ansible/events.js";
import { withMixed } from "../../src/report/mixed.js";

const status = (revision: string | null, more: Partial<HostStatus> = {}): HostStatus => ({
  ...{ release: "20260102T030405Z-0000000", revision, since: null, slot: "blue", units: {}, free_mib: 4711 },
  ...{ lock: null, releases: [], problems: [], ...more },
});
const [one, other] = ["1".repeat(40), "2".repeat(40)];
const problemsOf = (hosts: Record<string, HostStatus>): Record<string, readonly string[] | undefined> =>
  Object.fromEntries(Object.entries(withMixed(hosts)).map(([host, { problems }]) => [host, problems]));

it("names hosts on which another commit is live than on most, beside what they say themselves", () => {
  const hosts = {
    app1: status(one),
    app2: status(other, { problems: ["mysite@blue.service does not run"] }),
    app3: status(one, { lock: "locked by octocat since 2026-11-27: no deploys until January" }),
    workers: status(null, { release: null }),
  };
  expect(problemsOf(hosts)).toEqual({
    app1: [],
    app2: [
      "mysite@blue.service does not run",
      "2222222 is live here, and 1111111 on app1 and app3: run a deploy, which brings all hosts to one release",
    ],
    app3: [],
    workers: [],
  });
});

it("compares releases where no commit is known", () => {
  const hosts = { app1: status(null), app2: status(null, { release: "20260102T030405Z-1111111" }), app3: status(null) };
  expect(problemsOf(hosts).app2).toEqual([expect.stringMatching(/^20260102T030405Z-1111111 is live here, and 20/)]);
});

it.each([
  ["all have one", { app1: status(one), app2: status(one) }],
  ["a deploy is under way", { app1: status(one, { lock: "run 7-1-a of mona" }), app2: status(other) }],
  ["there are none", {}],
])("says nothing when %s", (_, hosts: Record<string, HostStatus>) => {
  expect(withMixed(hosts)).toEqual(hosts);
});
