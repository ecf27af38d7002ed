import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, type Host, onHost } from "../../scripts/lab/index.mjs";
import { directly } from "./support/direct.js";
import { groupedInventory } from "./support/inventory.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// Redis that the deploy itself provides, on a host of its own, and Valkey beside the application.
const password = `p@ss:w/rd#1%$x'"\\ z`;

let trial: Trial;
let project: Project;
let app1: Host;
let cache1: Host;
let deploy: (more?: string[], given?: string) => Promise<ActionResult>;

beforeAll(async () => {
  trial = await startTrial("redis");
  [app1, cache1] = await Promise.all([
    trial.host({ name: "app1", suite: "trixie", kind: "ready" }),
    trial.host({ name: "cache1", suite: "bookworm", kind: "base" }),
  ]);
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory(cache1));
  await project.commit("A guestbook");
  const run = directly(trial, project, [app1, cache1]);
  deploy = (more = [], given = password) =>
    run({
      inputs: {
        env: "DATABASE_URL=sqlite:////opt/mysite/shared/db.sqlite3",
        vars: [
          "server_name: mysite.example",
          "django_app_redis: local",
          `vault_redis_password: ${JSON.stringify(given)}`,
          "django_app_python_packages: [redis==6.4.0]",
          ...more,
        ].join("\n"),
      },
    });
});

afterAll(() => trial?.end());

const inventory = (redis: Host): string =>
  groupedInventory({ web: [app1], redis: [redis], others: [cache1] }, { django_app_hosts: "web" });

/** What the application's own client gets from the server that its environment names. */
const ask = (expression: string): Promise<string> =>
  onHost(
    app1,
    `mysite-manage shell -v 0 -c "import os, redis; print(redis.from_url(os.environ['REDIS_URL']).${expression})"`,
  );

/** What the server that runs has, asked as its administrator. */
const setting = async (host: Host, name: string, kind = "redis"): Promise<string> => {
  const password = `$(cat /etc/django-ansible-deploy/${kind}/password)`;
  const said = await onHost(
    host,
    `${kind}-cli --no-auth-warning --user django-ansible-deploy --pass "${password}" CONFIG GET ${name}`,
  );
  return said.split("\n")[1] ?? "";
};

test("is provided from nothing on a host of its own, and the application finds it", async () => {
  const result = await deploy();
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-host-names": '["app1","cache1"]' });
  expect(result.log).not.toContain(password);
  expect(await ask("set('greeting', 'hello')")).toBe("True");
  expect(await ask("get('greeting')")).toBe("b'hello'");
  expect(await setting(cache1, "maxmemory-policy")).toBe("noeviction");
  expect(await onHost(cache1, "redis-cli ping 2>&1")).toContain("NOAUTH");
  expect(await onHost(cache1, "grep -rF 'p@ss' /etc/redis /etc/django-ansible-deploy /var/log/redis || true")).toBe("");
});

test("has nothing to change in a second run", async () => {
  const again = await deploy();
  expect(again.outputs, again.log).toMatchObject({ status: "succeeded", "changed-tasks": "0" });
});

test("a setting of one's own wins, and what is stored stays", async () => {
  const result = await deploy(["redis_server_settings: {maxmemory-policy: allkeys-lru, save: '60 1'}"]);
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-host-names": '["cache1"]' });
  expect(await setting(cache1, "maxmemory-policy")).toBe("allkeys-lru");
  expect(await ask("get('greeting')")).toBe("b'hello'");
});

test("another password takes the place of the first, and what runs with that still connects until it ends", async () => {
  const settings = "redis_server_settings: {maxmemory-policy: allkeys-lru, save: '60 1'}";
  const former = `vault_redis_former_password: ${JSON.stringify(password)}`;
  const next = secret("another");
  const old = await onHost(app1, `mysite-manage shell -v 0 -c "import os; print(os.environ['REDIS_URL'])"`);
  const python = "/opt/mysite/current/.venv/bin/python";
  // As a live release does that opens a connection for each request.
  await onHost(
    app1,
    `cat > /run/asks.py <<'PYTHON'
import os, sys, time, redis
asked = 0
while not os.path.exists("/run/enough"):
    redis.from_url(sys.argv[1]).ping()
    asked += 1
    time.sleep(0.05)
print("asked", asked)
PYTHON
systemd-run --quiet --unit=asks --remain-after-exit --property=StandardOutput=file:/run/asked $(readlink -f /opt/mysite/current)/.venv/bin/python /run/asks.py '${old}'`,
  );
  const both = await deploy([settings, former], next);
  expect(both.outputs, both.log).toMatchObject({ status: "succeeded", "changed-host-names": '["app1","cache1"]' });
  await onHost(
    app1,
    'touch /run/enough; while [ "$(systemctl show --value --property=SubState asks)" = running ]; do sleep 0.1; done',
  );
  expect(await onHost(app1, "cat /run/asked; systemctl show --value --property=Result asks")).toMatch(
    /^asked \d{2,}\nsuccess$/,
  );
  expect(await ask("get('greeting')")).toBe("b'hello'");
  expect((await deploy([settings, former], next)).outputs["changed-tasks"]).toBe("0");
  const ended = await deploy([settings], next);
  expect(ended.outputs, ended.log).toMatchObject({ status: "succeeded", "changed-host-names": '["cache1"]' });
  const again = `${python} -c "import redis, sys; redis.from_url(sys.argv[1]).ping()" '${old}' 2>&1 || true`;
  expect(await onHost(app1, again)).toMatch(/WRONGPASS|invalid username-password/);
  expect(await ask("ping()")).toBe("True");
});

test("can be Valkey beside the application, which goes over to it", async () => {
  project.write("inventory/hosts.yml", inventory(app1));
  const valkey = ["redis_server_packages: [valkey-server]"];
  const result = await deploy(valkey);
  expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-host-names": '["app1"]' });
  expect(await onHost(app1, "systemctl is-active valkey-server")).toBe("active");
  expect(await ask("get('greeting')")).toBe("None");
  expect(await setting(app1, "bind", "valkey")).toBe("127.0.0.1 -::1");
  const again = await deploy(valkey);
  expect(again.outputs, again.log).toMatchObject({ status: "succeeded", "changed-tasks": "0" });
});
