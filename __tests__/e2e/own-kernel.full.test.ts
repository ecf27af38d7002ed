import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type ActionResult,
  type Host,
  onHost,
  reboot,
  registryAddress,
  run,
  serveRegistry,
  until,
} from "../../scripts/lab/index.mjs";
import { composeFile, expectStatus, image, publish } from "./support/containers.js";
import { directly, expectRefused } from "./support/direct.js";
import { groupedInventory, inventory } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// What only a kernel of its own shows: limits that limit, and a reboot that is one. Debian's kernel for it has nftables without
// the family that the firewall of host_baseline needs.
const site = "mysite.example";
const env = "DATABASE_URL=sqlite:////opt/mysite/shared/db.sqlite3";
const unit = "$(systemctl list-units --plain --no-legend 'mysite@*.service' | cut -d' ' -f1)";

/** Takes memory until the kernel ends it, and threads until there are no more to be had. */
const greedy = `
import os
import threading
hoard = []
def leak(request):
    while True:
        hoard.append(b"x" * 10_000_000)
def threads(request):
    enough, started = threading.Event(), 0
    try:
        for started in range(200):
            threading.Thread(target=enough.wait, daemon=True).start()
    except RuntimeError:
        pass
    enough.set()
    return HttpResponse(str(started), content_type="text/plain")
def burn(request):
    while not os.path.exists("/opt/mysite/shared/enough"):
        sum(range(100_000))
    return HttpResponse("burnt", content_type="text/plain")
urlpatterns += [path("leak", leak), path("threads", threads), path("burn", burn)]
`;

/** A build that takes all of the processor until it is told to end. */
const spin = `import os
os.fork()
os.fork()
while not os.path.exists("/opt/mysite/shared/enough"):
    sum(range(100_000))
`;

/** Microseconds of the processor that two control groups got, from when both work until they had six seconds together. */
const shares = (one: string, other: string): string => `import json, time
def used():
    return [int(open("/sys/fs/cgroup%s/cpu.stat" % group).read().split()[1]) for group in ("${one}", "${other}")]
def since(first):
    return [now - before for now, before in zip(used(), first)]
first = used()
while min(since(first)) < 200_000:
    time.sleep(0.2)
first = used()
while sum(since(first)) < 6_000_000:
    time.sleep(0.5)
print(json.dumps(since(first)))
`;

/** How long the live release takes for a page, in the middle and for the slowest of twenty, in milliseconds. */
const latency = `import time, urllib.request
def ask():
    begun = time.monotonic()
    request = urllib.request.Request("http://127.0.0.1/healthz", headers={"Host": "${site}"})
    urllib.request.urlopen(request, timeout=60).read()
    return (time.monotonic() - begun) * 1000
times = sorted(ask() for _ in range(100))
print("%.0f ms, %.0f ms" % (times[49], times[94]))
`;

const limits = "django_app_memory_max: 300M\ndjango_app_tasks_max: 40";

describe("role mode on a host with a kernel of its own", () => {
  let trial: Trial;
  let project: Project;
  let host: Host;
  let other: Host;
  let deploy: (inputs?: Record<string, string>) => Promise<ActionResult>;

  beforeAll(async () => {
    trial = await startTrial("own-kernel");
    [host, other] = await Promise.all([
      trial.host({ name: "app1", suite: "own-kernel", kind: "ready" }),
      trial.host({ name: "other1", suite: "trixie", kind: "base" }),
    ]);
    project = await createProject(trial, "examples/mysite");
    project.write("inventory/hosts.yml", groupedInventory({ web: [host] }));
    project.write("group_vars/all.yml", `app_name: mysite\nserver_name: ${site}\n`);
    project.write("mysite/urls.py", `${project.read("mysite/urls.py")}${greedy}`);
    await project.commit("A guestbook");
    const start = directly(trial, project, [host]);
    deploy = (inputs = {}) => start({ inputs: { env, vars: limits, ...inputs } });
  });

  afterAll(() => trial?.end());

  function expectDone(result: ActionResult, changed: string): void {
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": changed });
  }

  /** What `operation: status` prints of the host. */
  const status = async (): Promise<Record<string, unknown>> => {
    const result = await deploy({ operation: "status" });
    expect(result.outputs.status, result.log).toBe("succeeded");
    return JSON.parse(result.outputs["host-status"] ?? "{}").app1;
  };

  const page = async (path = "/healthz"): Promise<string> => {
    const { status, body } = await fetchPage(host, site, path);
    return `${status} ${body}`;
  };

  const served = (): Promise<string> =>
    until("The page", 60, async () => {
      const said = await page().catch(() => "");
      return said === "200 ok" ? said : undefined;
    });

  /** Whether another host gets a connection to a port. */
  const reaches = async (port: number): Promise<boolean> => {
    const script = `exec 3<>/dev/tcp/${host.innerAddress}/${port}`;
    return (await run(["docker", "exec", other.container, "timeout", "3", "bash", "-c", script])).code === 0;
  };

  test("a first deploy is served, and a second one changes nothing", async () => {
    expect(await onHost(host, "systemd-detect-virt --container || true")).toBe("none");
    expectDone(await deploy(), "1");
    expect(await page()).toBe("200 ok");
    const again = await deploy();
    expectDone(again, "0");
    expect(again.outputs["changed-tasks"], again.log).toBe("0");
  });

  test("an application that leaks is ended at its limit and starts again, and status says so", async () => {
    expect(await onHost(host, `systemctl show --property MemoryMax --value ${unit}`)).toBe(String(300 * 1024 ** 2));
    expect(await page("/leak").catch(() => "no answer")).not.toContain("200");
    await served();
    const said = await status();
    expect(said.health).toBe("healthy");
    expect(said.problems).toContainEqual(
      expect.stringMatching(/^mysite@\w+\.service ran out of memory once within a day/),
    );
  });

  test("an application gets no more threads than its limit", async () => {
    const [code, started] = (await page("/threads")).split(" ");
    expect(code).toBe("200");
    expect(Number(started)).toBeGreaterThan(5);
    expect(Number(started)).toBeLessThan(40);
  });

  test("a build leaves the processor to the live release", async () => {
    const python = (program: string): Promise<string> => onHost(host, `python3 - <<'PYTHON'\n${program}PYTHON`);
    // As beside Docker: where services have shares of the processor, being nice counts within one's own alone.
    await onHost(host, "systemd-run --quiet --unit neighbour --property CPUWeight=100 sleep infinity");
    await until(
      "Shares of the processor",
      30,
      async () =>
        (await onHost(host, "cat /sys/fs/cgroup/system.slice/cgroup.subtree_control")).includes("cpu ") || undefined,
    );
    const idle = await python(latency);
    project.write("spin.py", spin);
    await project.commit("A build that takes its time");
    const building = deploy({ vars: `${limits}\ndjango_app_commands: [{command: spin.py, phase: build}]` });
    const early = building.then(({ log }) => Promise.reject(new Error(`The build ended by itself:\n${log}`)));
    // Not that of what starts it and waits.
    const groups = "for pid in $(pgrep -f '[s]pin.py$'); do sed -n 's/^0:://p' /proc/$pid/cgroup; done";
    const group = `(${groups}) 2>/dev/null | grep --max-count 1 '/django-ansible-deploy-' || true`;
    const build = await Promise.race([
      until("The build", 300, async () => (await onHost(host, group)) || undefined),
      early,
    ]);
    const live = await onHost(host, `systemctl show --property ControlGroup --value ${unit}`);
    const beside = await python(latency);
    const asking = `while [ ! -e /opt/mysite/shared/enough ]; do curl -s -o /dev/null -H 'Host: ${site}' http://127.0.0.1/burn; done`;
    await onHost(host, `systemd-run --quiet sh -c "${asking}"`);
    const [served, built] = JSON.parse(await python(shares(live, build)));
    await onHost(host, "touch /opt/mysite/shared/enough");
    expectDone(await building, "1");
    await onHost(host, "rm /opt/mysite/shared/enough; systemctl stop neighbour");
    const percent = Math.round((100 * built) / (served + built));
    console.log(`The build got ${percent} % of the processor. A page: ${idle}; beside the build: ${beside}`);
    // What nice 10 means: 11 of 111.
    expect(percent).toBeLessThan(20);
    expect(percent).toBeGreaterThan(2);
  });

  test("a release that needs more memory than its limit never gets live, and the deploy says why", async () => {
    const before = project.read("mysite/wsgi.py");
    project.write("mysite/wsgi.py", `hoard = b"x" * 350_000_000\n${before}`);
    await project.commit("A release that is too large");
    const result = await deploy();
    project.write("mysite/wsgi.py", before);
    await project.commit("A release of the usual size");
    expectRefused(result, /mysite@\w+\.service (is not healthy|does not start)/);
    expect(result.log).toContain("ran out of memory: lower gunicorn_workers, raise django_app_memory_max");
    expect(await page()).toBe("200 ok");
  });

  test("a reboot brings the live release back", async () => {
    const release = await onHost(host, "readlink /opt/mysite/current");
    await reboot(host);
    await served();
    expect(await onHost(host, "readlink /opt/mysite/current")).toBe(release);
    const failed = "systemctl list-units --failed --no-legend --plain 'mysite*' nginx.service";
    expect(await onHost(host, failed)).toBe("");
  });

  test("systemd keeps other hosts from a local Redis that listens to all of them", async () => {
    const settings = "redis_server_settings: {bind: '*', protected-mode: 'no'}";
    const redis = "vault_redis_password: a-long-password\ndjango_app_python_packages: [redis==6.4.0]";
    expectDone(await deploy({ vars: [limits, "django_app_redis: local", settings, redis].join("\n") }), "1");
    expect(await onHost(host, "ss -Hltn sport = :6379")).toContain("0.0.0.0:6379");
    expect(await onHost(host, "redis-cli ping 2>&1")).toContain("NOAUTH");
    expect(await reaches(6379)).toBe(false);
    // The same port without systemd's rules.
    await onHost(host, "systemctl stop redis-server; systemd-run --quiet --unit=open python3 -m http.server 6379");
    await expect.poll(() => reaches(6379), { timeout: 20_000 }).toBe(true);
  });
});

describe("container mode on a host with a kernel of its own", () => {
  const compose = (command: string, restart: string): string => `services:
  web:
    image: ${image()}
    command: ${command}
    restart: ${restart}
    mem_limit: 48m
    ports: ["80:8000"]
    stop_grace_period: 1s
`;
  const login = { username: "deployer", password: secret("registry") };
  let trial: Trial;
  let project: Project;
  let host: Host;
  let deploy: () => Promise<ActionResult>;

  beforeAll(async () => {
    trial = await startTrial("own-kernel-containers");
    host = await trial.host({ name: "docker1", suite: "own-kernel", kind: "engine" });
    await serveRegistry(host, login);
    project = await createProject(trial, "examples/mysite");
    project.write("inventory/hosts.yml", inventory([host]));
    const run = directly(trial, project, [host]);
    const registry = {
      registry: registryAddress,
      "registry-username": login.username,
      "registry-password": login.password,
    };
    const files = { "compose-file": composeFile, "compose-source": "compose.yml" };
    deploy = () => run({ inputs: { mode: "container", ...files, ...registry } });
    await publish(host, login, "1");
  });

  afterAll(() => trial?.end());

  const served = (): Promise<true> =>
    until("The page", 60, async () => {
      const body = await fetchPage(host, "shop.example").then(
        ({ body }) => body,
        () => "",
      );
      return body === "Version 1\n" ? true : undefined;
    });

  test("a release is served, also after a reboot", async () => {
    project.write("compose.yml", compose('["/busybox", "httpd", "-f", "-p", "8000", "-h", "/www"]', "unless-stopped"));
    await project.commit("Serve a page from a container");
    expectStatus(await deploy(), "succeeded", 1);
    await served();
    await reboot(host);
    await served();
  });

  test("a release that needs more memory than its limit is rolled back, and the deploy says why", async () => {
    project.write("compose.yml", compose('["/busybox", "tail", "/dev/zero"]', '"no"'));
    await project.commit("A release that is too large");
    const result = await deploy();
    expectStatus(result, "rolled-back", 0);
    expect(result.log).toContain("ended with exit code 137 (out of memory)");
    await served();
  });
});
