import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, run as command, type Host, onHost } from "../../scripts/lab/index.mjs";
import { directly, expectRefused } from "./support/direct.js";
import { inventory } from "./support/inventory.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// Two applications on one host, each with Redis and PostgreSQL that its deploy provides there.
const apps = ["mysite", "shop"] as const;
type App = (typeof apps)[number];
const key = secret("django-key");
const passwords = Object.fromEntries(
  apps.map((app) => [app, { redis: secret(`${app}-redis`), database: secret(`${app}-database`) }]),
) as Record<App, { redis: string; database: string }>;

let trial: Trial;
let project: Project;
let host: Host;
let deploy: (app: App, more?: string[]) => Promise<ActionResult>;

beforeAll(async () => {
  trial = await startTrial("shared-servers");
  host = await trial.host({ name: "app1", suite: "bookworm", kind: "ready" });
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory([host]));
  await project.commit("A guestbook");
  const run = directly(trial, project, [host]);
  deploy = (app, more = []) =>
    run({
      inputs: {
        vars: [
          `app_name: ${app}`,
          `server_name: ${app}.example`,
          "django_settings_module: mysite.settings.production",
          `vault_secret_key: ${key}`,
          "django_app_redis: local",
          `vault_redis_password: ${passwords[app].redis}`,
          "django_app_database: local",
          `vault_db_password: ${passwords[app].database}`,
          "django_app_python_packages: [redis==6.4.0]",
          ...more,
        ].join("\n"),
      },
    });
});

afterAll(() => trial?.end());

async function expectDeployed(app: App, more?: string[]): Promise<ActionResult> {
  const result = await deploy(app, more);
  expect(result.outputs.status, result.log).toBe("succeeded");
  return result;
}

/** What an application's own client gets, with the addresses that its environment has. */
const python = (app: App, code: string): Promise<string> =>
  onHost(
    host,
    `${app}-manage shell -v 0 -c "import os, redis; mine = redis.from_url(os.environ['REDIS_URL']); ${code}" 2>&1 || true`,
  );
const databaseOf = (app: App): Promise<string> => python(app, "print(mine.connection_pool.connection_kwargs['db'])");
const started = (): Promise<string> =>
  onHost(
    host,
    "systemctl show --value --property ActiveEnterTimestampMonotonic redis-server.service 'postgresql@*-main.service'",
  );

describe("two applications with Redis and PostgreSQL on one host", () => {
  test("the second one leaves the first one as it is, and restarts nothing", async () => {
    await expectDeployed("mysite");
    expect(await python("mysite", "print(mine.set('greeting', 'of mysite'))")).toBe("True");
    const before = await started();
    const { log } = await expectDeployed("shop");
    expect(await started()).toBe(before);
    expect(log).not.toMatch(/restarts now/);
    expect(await python("mysite", "print(mine.get('greeting'))")).toBe("b'of mysite'");
    expect(await python("shop", "print(mine.get('greeting'))")).toBe("None");
    for (const app of apps) {
      const again = await expectDeployed(app);
      expect(again.outputs["changed-tasks"], again.log).toBe("0");
    }
    expect(await started()).toBe(before);
  });

  test("neither gets into what is the other's", async () => {
    const theirs = await databaseOf("mysite");
    expect(Number(theirs)).toBeGreaterThan(0);
    expect(await databaseOf("shop")).not.toBe(theirs);
    for (const words of [
      `'SELECT', '${theirs}'`,
      "'MOVE', 'a', '0'",
      `'COPY', 'a', 'b', 'DB', '${theirs}'`,
      `'SWAPDB', '0', '${theirs}'`,
      "'FLUSHALL'",
      "'CONFIG', 'GET', '*'",
      "'ACL', 'LIST'",
      "'SHUTDOWN'",
      `'EVAL', 'return redis.call(\\'SELECT\\', ${theirs})', '0'`,
    ])
      expect(await python("shop", `print(mine.execute_command(${words}))`)).toMatch(
        /NoPermissionError|no permissions|can't run this command/i,
      );
    expect(await onHost(host, "redis-cli ping 2>&1; redis-cli -a wrong ping 2>&1")).toMatch(/NOAUTH[\s\S]*NOAUTH/);
    const connect = (database: string) =>
      command(["docker", "exec", "-i", "--env", `PGPASSWORD=${passwords.shop.database}`, host.container, "psql", "-XAt", "-h", "localhost", "-U", "shop", "-d", database, "-c", "SELECT 1"]); // biome-ignore format: one command
    expect(await connect("shop")).toMatchObject({ code: 0 });
    expect((await connect("mysite")).stderr).toContain("permission denied for database");
  });

  test("a little less memory changes nothing; much less restarts PostgreSQL, which is said first, and not Redis", async () => {
    const total = Number(await onHost(host, "awk '/MemTotal/ {print $2}' /proc/meminfo"));
    const have = (kilobytes: number): Promise<string> =>
      onHost(
        host,
        `umount /proc/meminfo 2>/dev/null; sed 's/^MemTotal:.*/MemTotal: ${kilobytes} kB/' /proc/meminfo > /run/meminfo && mount --bind /run/meminfo /proc/meminfo`,
      );
    await have(total - 7000);
    const before = await started();
    const little = await expectDeployed("mysite");
    expect(little.outputs["changed-tasks"], little.log).toBe("0");
    await have(Math.round(total / 2));
    const neighbour = await expectDeployed("shop");
    expect(neighbour.outputs["changed-tasks"], neighbour.log).toBe("0");
    expect(await started()).toBe(before);
    const { log } = await expectDeployed("mysite");
    expect(log).toMatch(/PostgreSQL restarts now, since these settings change: shared_buffers \(\d+MB -> \d+MB\)/);
    expect(log).not.toMatch(/Redis restarts now/);
    const [redis, postgresql] = (await started()).split(/\s+/);
    expect(redis).toBe(before.split(/\s+/)[0]);
    expect(postgresql).not.toBe(before.split(/\s+/)[1]);
    expect(await onHost(host, "grep ^maxmemory /etc/django-ansible-deploy/redis/server.conf")).toContain("mb");
    await onHost(host, "umount /proc/meminfo");
  });

  test("settings belong to the first one, and another password changes while Redis runs", async () => {
    expectRefused(
      await deploy("shop", ["redis_server_settings: {maxmemory-policy: allkeys-lru}"]),
      /its settings are those of the application mysite, which was here first, and they differ in maxmemory-policy/,
    );
    expectRefused(
      await deploy("shop", ["postgresql_server_settings: {work_mem: 99MB}"]),
      /its settings are those of the application mysite, which was here first, and they differ in work_mem/,
    );
    passwords.shop.redis = secret("another");
    const before = await started();
    await expectDeployed("shop");
    expect((await started()).split(/\s+/)[0]).toBe(before.split(/\s+/)[0]);
    expect(await python("shop", "print(mine.ping())")).toBe("True");
    await onHost(host, "systemctl restart redis-server.service");
    for (const app of apps) expect(await python(app, "print(mine.ping())")).toBe("True");
    expect(await python("mysite", "print(mine.get('greeting'))")).toBe("b'of mysite'");
    expect(
      await onHost(host, "grep -rlF -e '-redis-' -e 'another-' /etc/redis /etc/django-ansible-deploy || true"),
    ).toBe("");
  });
});
