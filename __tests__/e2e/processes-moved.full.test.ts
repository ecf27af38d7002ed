import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, type Host, must, onHost, reboot } from "../../scripts/lab/index.mjs";
import { commitVersion, type Fleet, startFleet, stateOf } from "./support/fault-fleet.js";

// What one host of the fleet runs, whose host loses its power and comes back. The database and the lead are with a third one.
const hosts = ["app2", "app3"];
let fleet: Fleet;
let app3: Host;

beforeAll(async () => {
  fleet = await startFleet(
    "processes-moved",
    {
      django_app_max_failures: 1,
      django_app_processes: { beat: { command: "beat.py {shared}/beats", hosts, once: true } },
      django_app_timers: { tick: { command: "manage.py check", hosts, schedule: "daily" } },
    },
    ["app3"],
  );
  app3 = fleet.hosts[2] as Host;
  fleet.project.write("beat.py", beat);
  await commitVersion(fleet.project, "1");
});

afterAll(() => fleet?.trial.end());

/** Writes down when it starts and ends, by a clock that all hosts of this machine share, and from which release. */
const beat = `import os
import signal
import sys
import time


def note(word):
    with open(sys.argv[1], "a") as file:
        print(word, "%.3f" % time.monotonic(), os.getcwd(), file=file)


def end(*_):
    note("end")
    sys.exit()


signal.signal(signal.SIGTERM, end)
note("start")
while True:
    time.sleep(1)
`;

/** The units that a host runs of what only one may run, as systemd would start them at a boot. */
const alone = (host: Host): Promise<string[]> =>
  onHost(
    host,
    "cd /etc/systemd/system; ls multi-user.target.wants timers.target.wants | grep -E '^mysite-(beat|tick)' || true",
  ).then((told) => told.split("\n").filter(Boolean));

interface Noted {
  word: string;
  at: number;
  from: string;
}

const notes = async (host: Host): Promise<Noted[]> =>
  (await onHost(host, "cat /opt/mysite/shared/beats 2>/dev/null || true"))
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split(" "))
    .map(([word = "", at = "", from = ""]) => ({ word, at: Number(at), from }));

async function problems(): Promise<{ all: string; log: string }> {
  const result = await fleet.deploy({ inputs: { operation: "status" } });
  return { all: result.outputs["host-status"] ?? "", log: result.log };
}

function expectWithoutApp2(result: ActionResult): void {
  expect(result.outputs, result.log).toMatchObject({ status: "failed", "unreachable-host-names": '["app2"]' });
  expect(result.outputs["failed-hosts"]).toBe("0");
}

const onEither = [expect.stringMatching(/^mysite-beat-(blue|green)@1\.service$/), "mysite-tick.timer"];

test("it is on the first of its hosts", async () => {
  const result = await fleet.deploy();
  expect(result.outputs.status, result.log).toBe("succeeded");
  expect(await alone(fleet.app2)).toEqual(onEither);
  expect(await alone(app3)).toEqual([]);
  expect((await problems()).all).not.toContain("belongs on");
});

test("status names it when its host is dead, and the next deploy of the same commit moves it", async () => {
  await must(["docker", "kill", fleet.app2.container]);
  expect((await problems()).log).toContain("Warning: beat runs on no host that answers, since app2 does not");
  const moved = await fleet.deploy();
  expectWithoutApp2(moved);
  expect(moved.outputs["changed-host-names"]).toBe('["app3"]');
  expect(moved.log).toMatch(/beat runs on this host from now on, since app2 does not answer/);
  expect(moved.log).toMatch(/tick runs on this host from now on, since app2 does not answer/);
  expect(await alone(app3)).toEqual(onEither);
  expect((await notes(app3)).map(({ word }) => word)).toEqual(["start"]);
  expect((await problems()).log).not.toContain("runs on no host that answers");
  for (const host of [fleet.app1, app3]) expect(await stateOf(host)).toMatchObject({ lock: "", undo: false });
});

test("it stays where it is as long as its host is dead, and a new commit replaces it there", async () => {
  const again = await fleet.deploy();
  expectWithoutApp2(again);
  expect(again.outputs["changed-hosts"], again.log).toBe("0");
  await commitVersion(fleet.project, "2");
  const next = await fleet.deploy();
  expectWithoutApp2(next);
  expect(next.log).not.toContain("from now on, since app2");
  const [first, end, second, ...rest] = await notes(app3);
  expect([first?.word, end?.word, second?.word, rest]).toEqual(["start", "end", "start", []]);
  expect(second?.at).toBeGreaterThan(end?.at ?? 0);
  expect(second?.from).not.toBe(first?.from);
});

test("status names that it runs twice when the host is back, and the next deploy leaves one that starts when the others have ended", async () => {
  await reboot(fleet.app2);
  expect(await alone(fleet.app2)).toEqual(onEither);
  const found = JSON.parse((await problems()).all);
  expect(found.app3.problems.join()).toMatch(/beat runs here and belongs on app2.*tick runs here and belongs on app2/);
  expect(found.app2.problems.join()).not.toContain("belongs on");
  const result = await fleet.deploy();
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "ok-hosts": "3" });
  expect(await alone(fleet.app2)).toEqual(onEither);
  expect(await alone(app3)).toEqual([]);
  const [two, three] = [await notes(fleet.app2), await notes(app3)];
  const last = two.at(-1);
  expect([two.at(-2)?.word, last?.word, three.at(-1)?.word]).toEqual(["end", "start", "end"]);
  expect(last?.at).toBeGreaterThan(two.at(-2)?.at ?? Number.POSITIVE_INFINITY);
  expect(last?.at).toBeGreaterThan(three.at(-1)?.at ?? Number.POSITIVE_INFINITY);
  expect(last?.from).toBe(three.at(-1)?.from);
});
