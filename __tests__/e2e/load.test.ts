import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { idleGroup } from "../../scripts/lab/control-groups.mjs";
import { type ActionResult, type Host, onHost } from "../../scripts/lab/index.mjs";
import { commitVersion, type Fleet, site, startFleet } from "./support/fault-fleet.js";
import { full } from "./support/full.js";
import { aroundSwitches, ask, failures, ninetyNine, type Sample, slowest, startLoad } from "./support/load.js";
import { measuredTable } from "./support/measured-table.js";

// 20 clients ask both hosts all the time. The application takes 3 s to import, as larger ones do.
const importSeconds = 3;

let fleet: Fleet;
let runner: ReturnType<typeof idleGroup> | undefined;
/** The commit of version 2. */
let second: string;

beforeAll(async () => {
  fleet = await startFleet("load");
  const { project } = fleet;
  project.write("mysite/wsgi.py", `import time\n\ntime.sleep(${importSeconds})\n${project.read("mysite/wsgi.py")}`);
  project.write("guestbook/urls.py", `${project.read("guestbook/urls.py")}\n${slowPage}`);
  await commitVersion(project, "1");
  const first = await fleet.deploy();
  expect(first.outputs.status, first.log).toBe("succeeded");
});

afterAll(async () => {
  await fleet?.trial.end();
  runner?.end();
});

/** A page that takes 20 s, as a report or an upload does. */
const slowPage = `
def slow(request):
    import time
    from django.http import HttpResponse
    from mysite import __version__

    time.sleep(20)
    return HttpResponse("Version %s " % __version__)


urlpatterns.append(path("slow", slow))
`;

/** The slowest request, in milliseconds, of a minute in which nothing else happens. */
async function quietMinute(): Promise<number> {
  const quiet = startLoad(fleet.hosts, site);
  await new Promise((resolve) => setTimeout(resolve, 60_000));
  return slowest(await quiet.stop());
}

const row = measuredTable("load", [
  "while",
  "requests",
  "failed",
  "slowest, ms",
  "99 of 100 within, ms",
  "slowest around a switch, ms",
]);

/** Does something under load and keeps what the clients saw. */
async function underLoad<T>(
  name: string,
  work: (samples: Sample[]) => Promise<T>,
): Promise<{ result: T; samples: Sample[] }> {
  const load = startLoad(fleet.hosts, site);
  const result = await work(load.samples).finally(() => load.stop());
  const { samples } = load;
  const near = aroundSwitches(samples);
  const milliseconds = (value: number): string => String(Math.round(value));
  row(
    name,
    samples.length.toLocaleString("en"),
    String(failures(samples).length),
    milliseconds(slowest(samples)),
    milliseconds(ninetyNine(samples)),
    near.length === 0 ? "" : milliseconds(slowest(near)),
  );
  expect(failures(samples)).toEqual([]);
  return { result, samples };
}

/** The versions that each host answered with, in the order in which they came. */
function versions(samples: Sample[], host: string): string[] {
  const seen = samples.filter((sample) => sample.host === host).sort((a, b) => a.start - b.start);
  return [...new Set(seen.map(({ version }) => version))];
}

/** The slow page of each host, asked for again and again until the host switches while it runs; one that fails is kept, too. */
async function askAcrossSwitches(samples: Sample[]): Promise<Sample[]> {
  const kept: Promise<Sample>[] = [];
  const askAcross = async (host: Host): Promise<void> => {
    const switched = (): boolean => samples.some((sample) => sample.host === host.name && sample.version === "2");
    let asked: Promise<Sample> | undefined;
    for (let waits = 0; waits < 600 && !switched(); waits++) {
      asked ??= ask(host, site, "/slow");
      const pause = new Promise<undefined>((resolve) => setTimeout(resolve, 100, undefined));
      const answered = await Promise.race([asked, pause]);
      if (switched() || answered?.failure !== undefined) kept.push(asked);
      if (answered !== undefined) asked = undefined;
    }
  };
  // Hosts switch right after each other.
  await Promise.all(fleet.hosts.map(askAcross));
  return Promise.all(kept);
}

/** To the release before, which leaves the newer one running. */
const rollback = (): Promise<ActionResult> =>
  fleet.deploy({ inputs: { operation: "rollback", vars: "django_app_standby: true" } });

describe("20 clients never see a failed request", () => {
  test("without a deploy", async () => {
    await underLoad("nothing happens", () => new Promise((resolve) => setTimeout(resolve, 10_000)));
  });

  test("while a deploy has nothing to do", async () => {
    const { result } = await underLoad("a deploy that changes nothing", () => fleet.deploy());
    expect(result.outputs["changed-tasks"], result.log).toBe("0");
  });

  test("while a new release goes out, and a request of 20 s that is running is answered by the old one", async () => {
    second = await commitVersion(fleet.project, "2");
    let long: Promise<Sample[]> | undefined;
    const { result, samples } = await underLoad("a deploy of a new release", (soFar) =>
      fleet.deploy({
        say: (line) => {
          if (line === "▸ Prepare") long ??= askAcrossSwitches(soFar);
        },
      }),
    );
    expect(result.outputs.status, result.log).toBe("succeeded");
    const answers = (await long) ?? [];
    for (const { name } of fleet.hosts) {
      expect(versions(samples, name)).toEqual(["1", "2"]);
      const answer = answers.find(({ host }) => host === name);
      expect(answer).toMatchObject({ version: "1" });
      expect(answer).not.toHaveProperty("failure");
      const switched = samples.find(({ host, version }) => host === name && version === "2");
      expect(answer?.end).toBeGreaterThan(switched?.start ?? Number.POSITIVE_INFINITY);
    }
  });

  test("while a release fails on the second host and the first one goes back", async () => {
    await onHost(fleet.app2, "echo 'include /etc/nginx/not-there-yet.conf;' > /etc/nginx/conf.d/broken.conf");
    await commitVersion(fleet.project, "3");
    // A file that is not there may come with the release, so nginx is asked about it only when its site changes.
    const inputs = { vars: "django_app_max_upload: 11m" };
    const { result, samples } = await underLoad("a deploy that fails on the second host", () =>
      fleet.deploy({ inputs }),
    );
    await onHost(fleet.app2, "rm /etc/nginx/conf.d/broken.conf");
    expect(result.outputs, result.log).toMatchObject({ status: "rolled-back", "failed-host-names": '["app2"]' });
    expect(result.log).toContain("not-there-yet.conf");
    // The first host had switched.
    expect(versions(samples, "app1")).toEqual(["2", "3"]);
    expect(versions(samples, "app2")).toEqual(["2"]);
    for (const host of fleet.hosts) expect(await ask(host, site, "/")).toMatchObject({ version: "2" });
  });

  test("while the fleet goes back to the release before", async () => {
    const { result, samples } = await underLoad("a rollback", rollback);
    expect(result.outputs.status, result.log).toBe("succeeded");
    for (const { name } of fleet.hosts) expect(versions(samples, name)).toEqual(["2", "1"]);
  });

  test("while it goes on to a release that stands by, which is not started anew", async () => {
    const started = () =>
      Promise.all(
        fleet.hosts.map((host) => onHost(host, "systemctl show --value --property MainPID mysite@blue mysite@green")),
      );
    const before = await started();
    const inputs = { operation: "rollback", revision: second, vars: "django_app_standby: true" };
    const { result, samples } = await underLoad("a rollback to a release that stands by", () =>
      fleet.deploy({ inputs }),
    );
    expect(result.outputs.status, result.log).toBe("succeeded");
    for (const { name } of fleet.hosts) expect(versions(samples, name)).toEqual(["1", "2"]);
    expect(await started()).toEqual(before);
  });

  if (full) {
    test("while 100 releases go out in a row", async () => {
      const quiet = [await quietMinute(), await quietMinute()];
      const times: number[] = [];
      const own = idleGroup("load-runner");
      runner = own;
      const { samples } = await underLoad("100 deploys in a row", async (soFar) => {
        for (let number = 1; number <= 100; number++) {
          const from = soFar.length;
          await commitVersion(fleet.project, `row-${number}`);
          const result = await fleet.deploy({ onStart: own.enter });
          expect(result.outputs.status, result.log).toBe("succeeded");
          times.push(slowest(aroundSwitches(soFar.slice(from))));
          console.log(`deploy ${number}: ${Math.round(times.at(-1) ?? 0)} ms`);
        }
      });
      for (const { name } of fleet.hosts) expect(versions(samples, name)).toHaveLength(101);
      quiet.push(await quietMinute());
      console.log(
        `slowest around each switch: ${times
          .toSorted((a, b) => a - b)
          .map(Math.round)
          .join(" ")}`,
      );
      for (const minute of quiet) {
        const within = times.filter((time) => time <= 1.5 * minute).length;
        console.log(
          `a quiet minute's slowest: ${Math.round(minute)} ms; at most 1.5 times that: ${within} of 100 deploys`,
        );
      }
    }, 3_600_000);
  }
});
