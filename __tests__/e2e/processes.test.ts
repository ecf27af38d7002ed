import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, reboot, until } from "../../scripts/lab/index.mjs";
import { directly, expectRefused } from "./support/direct.js";
import { testInFull } from "./support/full.js";
import { inventory } from "./support/inventory.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// Celery and Redis, as most projects use them: workers on both hosts, beat on one of them.
const site = "mysite.example";
const token = secret("worker-token");

let trial: Trial;
let project: Project;
let app1: Host;
let app2: Host;
let deploy: (vars?: string[], inputs?: Record<string, string>) => Promise<ActionResult>;

const worker = (count: number, command = "celery -A mysite worker -l info -c 1 -n {slot}{number}@%h"): string =>
  JSON.stringify({ command, count, patience: 60, env: { WORKER_TOKEN: token, GREETING: 'a "b" $c%d' } });
const beat = JSON.stringify({ command: "celery -A mysite beat --schedule {shared}/beat", once: true });
const processes = `django_app_processes: {worker: ${worker(2)}, beat: ${beat}}`;
const timers =
  'django_app_timers: {hello: {command: "manage.py shell -c \\"from mysite import jobs; jobs.hello()\\"", schedule: "*:*:0/20"}}';

beforeAll(async () => {
  trial = await startTrial("processes");
  [app1, app2] = await Promise.all([
    trial.host({ name: "app1", suite: "bookworm", kind: "ready" }),
    trial.host({ name: "app2", suite: "bookworm", kind: "ready" }),
  ]);
  await onHost(
    app1,
    `export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq --no-install-recommends redis-server >/dev/null
sed -i 's/^bind .*/bind 0.0.0.0/; s/^protected-mode .*/protected-mode no/' /etc/redis/redis.conf
systemctl restart redis-server`,
  );
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory([app1, app2]));
  project.write("mysite/celery.py", celery);
  project.write("mysite/jobs.py", jobs);
  await version("1");
  const run = directly(trial, project, [app1, app2]);
  const common = [
    `server_name: ${site}`,
    "django_settings_module: mysite.settings.production",
    `vault_secret_key: ${secret("django-key")}`,
    "django_app_python_packages: ['celery[redis]==5.5.3']",
    "django_app_batch: 1",
    // SQLite is on the first host alone, and this page does not ask it.
    "django_app_health_path: /healthz",
  ];
  const env = "DATABASE_URL=sqlite:////opt/mysite/shared/db.sqlite3\nBROKER_URL=redis://app1:6379/0\n";
  deploy = (vars = [processes, timers], inputs = {}) =>
    run({ inputs: { vars: [...common, ...vars].join("\n"), env, ...inputs } });
});

afterAll(() => trial?.end());

const celery = `import os

from celery import Celery

app = Celery("mysite", broker=os.environ["BROKER_URL"])
app.conf.worker_prefetch_multiplier = 1
app.conf.beat_schedule = {"tick": {"task": "mysite.celery.tick", "schedule": 1.0}}


@app.task
def tick():
    pass


@app.task
def job(name, seconds):
    import time

    from mysite import __version__, jobs

    jobs.write("jobs", f"{name} begins in {__version__} as {os.environ['GREETING']}")
    time.sleep(seconds)
    from mysite import late

    jobs.write("jobs", f"{name} ends in {__version__}, {late.VERSION}")
`;

const jobs = `import os


def write(name, line):
    with open("/opt/mysite/shared/" + name, "a") as file:
        file.write(line + "\\n")


def hello():
    write("hellos", os.environ["DJANGO_SETTINGS_MODULE"])
`;

async function version(text: string): Promise<void> {
  project.write("mysite/__init__.py", `__version__ = "${text}"\n`);
  // Imported only when a job ends: code of another version in its place would show.
  project.write("mysite/late.py", `VERSION = "${text}"\n`);
  await project.commit(`Version ${text}`);
}

/** Asks the workers for a job, as the application would. */
const order = (name: string, seconds: number): Promise<string> =>
  onHost(
    app1,
    `cd /opt/mysite/current; set -a; . /etc/mysite/env
runuser -u mysite -- .venv/bin/celery -A mysite call mysite.celery.job --args='["${name}", ${seconds}]'`,
  );

const lines = async (name: string): Promise<string[]> => {
  const both = await Promise.all([app1, app2].map((host) => onHost(host, `cat /opt/mysite/shared/${name} || true`)));
  return both.join("\n").split("\n").filter(Boolean);
};

const said = (line: string): Promise<true> =>
  until(`"${line}"`, 90, async () => ((await lines("jobs")).includes(line) ? true : undefined));

/** The process units that systemd keeps running on a host, with their process ids. */
const running = async (host: Host): Promise<Record<string, string>> => {
  const told = await onHost(
    host,
    "cd /etc/systemd/system/multi-user.target.wants; for unit in mysite-*@*; do [ -e $unit ] || [ -L $unit ] || continue; echo $unit $(systemctl show --property=ActiveState,MainPID --value $unit); done",
  );
  return Object.fromEntries(
    told
      .split("\n")
      .filter(Boolean)
      .map((line) => [line.split(" ")[0] ?? "", line.split(" ").slice(1).join(" ")]),
  );
};

const units = async (host: Host): Promise<string[]> =>
  Object.keys(await running(host)).map((unit) => unit.replace(/-(blue|green)@/, "@"));

/** Looks ten times a second how many beats run. Its end tells the most that ran in the fleet at once. */
async function watchBeats(): Promise<() => Promise<number>> {
  const script = `cat > /root/beats.sh <<'SCRIPT'
while :; do echo $(date +%s%N) $(pgrep -fc '[c]elery -A mysite beat'); sleep 0.1; done > /root/beats
SCRIPT
systemd-run --quiet --unit=beats sh /root/beats.sh`;
  for (const host of [app1, app2]) await onHost(host, script);
  return async () => {
    const moments = new Map<number, Map<string, number>>();
    for (const host of [app1, app2]) {
      for (const line of (await onHost(host, "systemctl stop beats; cat /root/beats; rm /root/beats")).split("\n")) {
        const [time = 0, count = 0] = line.split(" ").map(Number);
        const moment = moments.get(Math.round(time / 2e8)) ?? new Map<string, number>();
        moment.set(host.name, Math.max(moment.get(host.name) ?? 0, count));
        moments.set(Math.round(time / 2e8), moment);
      }
    }
    return Math.max(...[...moments.values()].map((hosts) => [...hosts.values()].reduce((a, b) => a + b)));
  };
}

const everywhere = ["mysite-worker@1.service", "mysite-worker@2.service"];

describe("processes and timers", () => {
  test("start with the first deploy, each where it belongs", async () => {
    const result = await deploy();
    expect(result.outputs.status, result.log).toBe("succeeded");
    expect(await units(app1)).toEqual(["mysite-beat@1.service", ...everywhere]);
    expect(await units(app2)).toEqual(everywhere);
    await order("first", 0);
    await said("first ends in 1, 1");
    expect(await lines("jobs")).toContain('first begins in 1 as a "b" $c%d');
    await until("A run of the timer", 60, async () => ((await lines("hellos")).length > 0 ? true : undefined));
    expect(new Set(await lines("hellos"))).toEqual(new Set(["mysite.settings.production"]));
    expect(await onHost(app2, "ls /etc/systemd/system | grep hello || true")).toBe("");
    // A variable's value is for the application alone.
    expect(await onHost(app1, "stat -c '%a %U:%G' /etc/mysite/*.worker.env")).toBe("640 root:mysite");
    expect(await onHost(app1, "cat /etc/systemd/system/mysite-*")).not.toContain(token);
    expect(result.log).not.toContain(token);
  });

  test("have nothing to change in a second run", async () => {
    const before = await running(app1);
    const again = await deploy();
    expect(again.outputs, again.log).toMatchObject({ status: "succeeded", "changed-tasks": "0" });
    expect(await running(app1)).toEqual(before);
  });

  test("a job that runs ends in the code it began in, new ones run in the new, and there is never a second beat", async () => {
    await order("long", 25);
    await until("The start of the job", 60, async () =>
      (await lines("jobs")).some((line) => line.startsWith("long begins")) ? true : undefined,
    );
    const beats = await watchBeats();
    await version("2");
    const result = await deploy();
    expect(result.outputs.status, result.log).toBe("succeeded");
    await order("next", 0);
    await said("next ends in 2, 2");
    await said("long ends in 1, 1");
    expect(await beats()).toBe(1);
    expect(await units(app1)).toEqual(["mysite-beat@1.service", ...everywhere]);
  });

  test("a release whose processes do not stay up goes back everywhere, and the old ones have never stopped", async () => {
    const before = await Promise.all([running(app1), running(app2)]);
    project.write(
      "mysite/celery.py",
      `import socket\nif socket.gethostname() == "app2":\n    raise RuntimeError("out of celery, but not of ${token}")\n${celery}`,
    );
    await version("3");
    // As long as an import may take here when other work keeps the machine busy.
    const result = await deploy([processes, timers, "django_app_process_settle: 20"]);
    project.write("mysite/celery.py", celery);
    await version("4");
    expectRefused(result, /app2.*mysite-worker-blue@\d\.service does not stay up/s);
    expect(result.log).toContain("out of celery, but not of ***");
    expect(result.outputs.status).toBe("rolled-back");
    const [first, second] = await Promise.all([running(app1), running(app2)]);
    // The second host never stopped them; the first had handed over already, and its old ones run again.
    expect(second).toEqual(before[1]);
    expect(Object.keys(first ?? {})).toEqual(Object.keys(before[0] ?? {}));
    await order("after", 0);
    await said("after ends in 2, 2");
  });

  testInFull("go back with a rollback", async () => {
    const result = await deploy(undefined, { operation: "rollback" });
    expect(result.outputs.status, result.log).toBe("succeeded");
    await order("back", 0);
    await said("back ends in 1, 1");
  });

  testInFull("survive a reboot, with one beat", async () => {
    await reboot(app1);
    await until("The processes", 60, async () =>
      Object.values(await running(app1)).every((state) => state.includes("active")) ? true : undefined,
    );
    expect(await units(app1)).toEqual(["mysite-beat@1.service", ...everywhere]);
    await order("rebooted", 0);
    await said("rebooted ends in 1, 1");
  });

  testInFull("beat moves to another host when it is told to, and never runs twice", async () => {
    const beats = await watchBeats();
    const moved = JSON.stringify({ ...JSON.parse(beat), hosts: "app2" });
    const result = await deploy([`django_app_processes: {worker: ${worker(2)}, beat: ${moved}}`, timers]);
    expect(result.outputs.status, result.log).toBe("succeeded");
    expect(await units(app1)).toEqual(everywhere);
    expect(await units(app2)).toEqual(["mysite-beat@1.service", ...everywhere]);
    expect(await beats()).toBe(1);
  });

  testInFull("a changed command restarts what runs it, and nothing else", async () => {
    const web = (): Promise<string> =>
      onHost(app1, "systemctl show --property=MainPID --value mysite@blue mysite@green");
    const before = await web();
    const command = "celery -A mysite worker -l info -c 2 -n {slot}{number}@%h";
    const result = await deploy([`django_app_processes: {worker: ${worker(2, command)}}`, timers]);
    expect(result.outputs.status, result.log).toBe("succeeded");
    expect(await web()).toBe(before);
    expect(await onHost(app1, "pgrep -fa '[c]elery -A mysite worker.* -c 2' | wc -l")).not.toBe("0");
  });

  test("what is no longer wanted is stopped, and its units go", async () => {
    const result = await deploy([]);
    expect(result.outputs.status, result.log).toBe("succeeded");
    for (const host of [app1, app2]) {
      expect(await units(host)).toEqual([]);
      expect(await onHost(host, "pgrep -fc '[c]elery -A mysite' || true")).toBe("0");
      expect(await onHost(host, "ls /etc/systemd/system | grep mysite-hello || true")).toBe("");
    }
  });

  test("a mistake is named before any host is touched", async () => {
    const result = await deploy(["django_app_processes: {worker: {command: 'celery worker | tee log', cuont: 2}}"]);
    expectRefused(result, /django_app_processes\.worker\.cuont is 2: there is no such key/);
  });
});
