import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, type Host, onHost } from "../../scripts/lab/index.mjs";
import { blocksOf } from "../support/blocks.js";
import { directly } from "./support/direct.js";
import { describeInFull } from "./support/full.js";
import { inventory } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// docs/one-host.md on a bare host, and what it takes there.
const site = "www.example.com";

let trial: Trial;
let host: Host;
let project: Project;
let deploy: () => Promise<ActionResult>;

/** Prints MiB by unit: the memory of each process, what it shares with others counted once; of so many seconds the moment with most in all. */
const MEMORY = `
import collections, glob, json, signal, sys, time
signal.signal(signal.SIGTERM, signal.default_int_handler)
def now():
    found = collections.Counter()
    for folder in glob.glob("/proc/[0-9]*"):
        try:
            unit = open(folder + "/cgroup").read().strip().splitlines()[-1].rpartition("/")[2]
            pss = next(int(line.split()[1]) for line in open(folder + "/smaps_rollup") if line.startswith("Pss:"))
        except (OSError, StopIteration, IndexError):
            continue
        found[unit] += pss / 1024
    return {unit: round(mib) for unit, mib in found.items() if mib >= 1}
most, end = now(), time.monotonic() + int((sys.argv + ["0"])[1])
try:
    while time.monotonic() < end:
        most = max(most, now(), key=lambda one: sum(one.values()))
        time.sleep(0.3)
except KeyboardInterrupt:
    pass
print(json.dumps(most))
`;

describeInFull("docs/one-host.md", () => {
  beforeAll(async () => {
    trial = await startTrial("one-host");
    host = await trial.host({ name: "app1", suite: "bookworm", kind: "base" });
    project = await createProject(trial, "examples/mysite");
    const [variables] = blocksOf("docs/one-host.md");
    project.write("group_vars/all.yml", variables?.text ?? "");
    project.write("inventory/hosts.yml", inventory([host]));
    project.write(
      "mysite/celery.py",
      `import os\n\nfrom celery import Celery\n\napp = Celery("mysite", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])\n\n\n@app.task\ndef add(a, b):\n    return a + b\n`,
    );
    await project.commit("A guestbook with Celery");
    const passwords = {
      vault_db_password: secret("database"),
      vault_redis_password: secret("redis"),
      vault_secret_key: secret("django-key"),
      django_app_python_packages: ["celery[redis]==5.5.3"],
    };
    const run = directly(trial, project, [host]);
    deploy = () => run({ inputs: { "server-name": site, vars: JSON.stringify(passwords) } });
  });
  afterAll(() => trial?.end());

  test("has the site, the database, Redis, workers, a scheduler and a timer after one deploy", async () => {
    const first = await deploy();
    expect(first.outputs.status, first.log).toBe("succeeded");
    expect(await fetchPage(host, site)).toMatchObject({ status: 200, body: expect.stringContaining("Version 1<") });
    const units = "mysite-worker-blue@1 mysite-beat-blue@1 mysite-clearsessions.timer nginx postgresql redis-server";
    expect(await onHost(host, `systemctl is-active ${units}`)).toBe(Array(6).fill("active").join("\n"));
    const sum = `mysite-manage shell -v 0 -c "from mysite.celery import add; print(add.delay(2, 3).get(timeout=20))"`;
    expect(await onHost(host, sum)).toBe("5");
  });

  test("takes the memory that docs/sizing.md says, at rest and while a deploy has two releases", async () => {
    const rest = JSON.parse(await onHost(host, `python3 -c '${MEMORY}'`)) as Record<string, number>;
    await onHost(
      host,
      `nohup python3 -c '${MEMORY}' 120 > /root/peak.json 2> /root/peak.err < /dev/null & echo $! > /root/peak.pid`,
    );
    project.write("mysite/__init__.py", '__version__ = "2"\n');
    await project.commit("Version 2");
    const next = await deploy();
    expect(next.outputs.status, next.log).toBe("succeeded");
    await onHost(host, "kill $(cat /root/peak.pid); sleep 2");
    const peak = JSON.parse(await onHost(host, "cat /root/peak.json")) as Record<string, number>;
    expect(rest["mysite@blue.service"]).toBeLessThan(200);
    expect(Object.keys(peak)).toEqual(expect.arrayContaining(["mysite@blue.service", "mysite@green.service"]));
    const all = Object.values(peak).reduce((sum, mib) => sum + mib, 0);
    expect(all, JSON.stringify({ rest, peak })).toBeLessThan(1024);
  });

  test("is left alone by a second deploy", async () => {
    const again = await deploy();
    expect(again.outputs, again.log).toMatchObject({ status: "succeeded", "changed-tasks": "0" });
  });
});
