// One host of a fleet leaves while visitors come through a load balancer, and parts of the application leave alone.
import { createServer, get, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, servePostgres } from "../../scripts/lab/index.mjs";
import { directly, expectRefused } from "./support/direct.js";
import { describeInFull } from "./support/full.js";
import { inventory } from "./support/inventory.js";
import { failures, startLoad } from "./support/load.js";
import { fetchPage } from "./support/page.js";
import { createProject } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

const site = "removal.example";

let trial: Trial;
let hosts: Host[];
let env: string;
let act: (inputs?: Record<string, string>, vars?: object) => Promise<ActionResult>;

const succeeded = (result: ActionResult): void => expect(result.outputs.status, result.log).toBe("succeeded");

/** A load balancer that goes by the health check: asked each second, twice wrong is out. */
async function balance(): Promise<{ address: Host; close: () => void }> {
  const bad = new Map(hosts.map((host) => [host, 0]));
  let turn = 0;
  const timer = setInterval(() => {
    for (const host of hosts) {
      const heard = (status: number): void => {
        bad.set(host, status === 200 ? 0 : (bad.get(host) ?? 0) + 1);
      };
      const options = {
        host: host.address,
        port: host.httpPort,
        path: "/healthz",
        headers: { Host: site },
        agent: false,
      };
      get(options, (answer) => heard(answer.resume().statusCode ?? 0)).on("error", () => heard(0));
    }
  }, 1_000);
  const server: Server = createServer((asked, answer) => {
    const well = hosts.filter((host) => (bad.get(host) ?? 0) < 2);
    const host = well[turn++ % well.length] ?? (hosts[0] as Host);
    const options = { host: host.address, port: host.httpPort, path: asked.url, headers: asked.headers, agent: false };
    const passed = request(options, (got) => {
      answer.writeHead(got.statusCode ?? 500, got.headers);
      got.pipe(answer);
    });
    passed.on("error", () => answer.writeHead(502).end(`${host.name} does not answer`));
    asked.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: { ...(hosts[0] as Host), name: "balancer", address: "127.0.0.1", httpPort: port },
    close: () => {
      clearInterval(timer);
      server.close();
    },
  };
}

describeInFull("a removal", () => {
  beforeAll(async () => {
    trial = await startTrial("removal");
    hosts = await Promise.all(["app1", "app2"].map((name) => trial.host({ name, suite: "bookworm", kind: "ready" })));
    const password = secret("database");
    await servePostgres(hosts[0] as Host, { database: "mysite", user: "mysite", password });
    const project = await createProject(trial, "examples/mysite");
    project.write("inventory/hosts.yml", inventory(hosts));
    await project.commit("A guestbook");
    const run = directly(trial, project, hosts);
    const variables = {
      app_name: "mysite",
      server_name: site,
      django_settings_module: "mysite.settings.production",
      django_app_health_path: "/healthz",
      vault_secret_key: secret("django-key"),
      django_app_processes: {
        worker: { command: "manage.py shell -c 'import time; time.sleep(9999)'", count: 2 },
        beat: { command: "manage.py shell -c 'import time; time.sleep(9999)'", once: true },
      },
      django_app_timers: { clean: { command: "manage.py clearsessions", schedule: "daily" } },
      django_app_standby: true,
    };
    act = (inputs = {}, vars = {}) => run({ inputs: { vars: JSON.stringify({ ...variables, ...vars }), ...inputs } });
    env = `DATABASE_URL=postgres://mysite:${password}@${hosts[0]?.innerAddress}/mysite`;
    succeeded(await act({ env }));
    project.write("mysite/__init__.py", '__version__ = "2"\n');
    await project.commit("Version 2");
    succeeded(await act({ env: `${env}\nONE_MORE=1` }));
  });
  afterAll(() => trial?.end());

  const units = (host: Host | undefined): Promise<string> =>
    onHost(host as Host, "systemctl list-units --no-legend --plain 'mysite*' | awk '{print $1}' | sort");

  test("of a process or a timer takes nothing else along, until the next deploy", async () => {
    const before = await units(hosts[0]);
    expect(before).toContain("mysite-worker-");
    const confirm = "mysite";
    expectRefused(
      await act({ operation: "remove", confirm, command: "beet" }),
      /mysite has no part beet on this host: use blue, green, beat, clean, worker/,
    );
    expectRefused(
      await act({ operation: "remove", confirm, command: "worker beat" }),
      /with remove, name one process or timer/,
    );
    expectRefused(
      await act({ operation: "remove", confirm: "other", command: "worker" }),
      /type the application's name/,
    );
    const result = await act({ operation: "remove", confirm, command: "worker", limit: "app1" });
    succeeded(result);
    expect(result.log).toMatch(
      /app1: the next deploy brings worker back, unless it is taken out of the variables before/,
    );
    succeeded(await act({ operation: "remove", confirm, command: "clean", limit: "app1" }));
    const left = before.split("\n").filter((unit) => !/^mysite-(worker|clean)/.test(unit));
    expect((await units(hosts[0])).split("\n")).toEqual(left.filter((unit) => !/worker/.test(unit)));
    expect(await onHost(hosts[0] as Host, "ls /etc/systemd/system /etc/mysite | grep -E 'worker|clean' || true")).toBe(
      "",
    );
    expect(await units(hosts[1])).toContain("mysite-worker-");
    succeeded(await act({ env: `${env}\nONE_MORE=1` }));
    expect(await units(hosts[0])).toMatch(/mysite-clean\.timer[\s\S]*mysite-worker-/);
  });

  test("of a slot is refused for the live one, and ends the one that stands by", async () => {
    const live = await onHost(hosts[0] as Host, "basename $(readlink /run/mysite/gunicorn.sock) .sock");
    const other = live === "blue" ? "green" : "blue";
    expectRefused(
      await act({ operation: "remove", confirm: "mysite", command: live, limit: "app1" }),
      /is live: deploy or roll back first/,
    );
    expect(await units(hosts[0])).toContain(`mysite@${other}.service`);
    succeeded(await act({ operation: "remove", confirm: "mysite", command: other, limit: "app1" }));
    expect(await units(hosts[0])).not.toContain(`mysite@${other}.service`);
    expect((await fetchPage(hosts[0] as Host, site)).status).toBe(200);
    const rollback = await act({ operation: "rollback" });
    succeeded(rollback);
    expect((await fetchPage(hosts[0] as Host, site)).status).toBe(200);
  });

  test("of one host of a fleet is heard of by the load balancer first, and no request fails", async () => {
    const { address, close } = await balance();
    const load = startLoad([address], site, { clients: 12, rest: 100 });
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const result = await act(
      { operation: "remove", confirm: "mysite", limit: "app2" },
      { django_app_drain_seconds: 8 },
    );
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const samples = await load.stop();
    close();
    succeeded(result);
    console.log(`removal of one host: ${samples.length} requests, ${failures(samples).length} failed`);
    expect(failures(samples)).toEqual([]);
    // Neither was anybody shown what nginx has by itself.
    expect(samples.filter(({ version }) => version === "")).toEqual([]);
    expect(await units(hosts[1])).toBe("");
    expect((await fetchPage(hosts[0] as Host, site)).status).toBe(200);
  });
});
