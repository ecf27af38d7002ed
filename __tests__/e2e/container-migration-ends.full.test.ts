import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, onHost, until } from "../../scripts/lab/index.mjs";
import { stateOf } from "./support/containers.js";
import { type DjangoFleet, migration, startDjangoFleet } from "./support/django-containers.js";
import { killRunner } from "./support/fault-breakage.js";
import { LIMIT } from "./support/healing.js";

// The runner dies while a container of the host that migrates waits for the database, and nobody comes: what has not begun ends, what has begun does not.
let django: DjangoFleet;
let version = 1;

beforeAll(async () => {
  django = await startDjangoFleet("container-ends");
  await django.publish("1");
  const first = await deploy();
  expect(first.outputs.status, first.log).toBe("succeeded");
});

afterAll(() => django?.fleet.trial.end());

const deploy = (folder?: string): Promise<ActionResult> =>
  django.fleet.deploy({
    ...(folder === undefined ? {} : { folder }),
    inputs: {
      "compose-source": "compose",
      env: django.env,
      vars: JSON.stringify({
        compose_app_rollout: ["web"],
        compose_app_migrate: { service: "web", python: "python3" },
        compose_app_dump: false,
        compose_app_schema_proof: "off",
      }),
    },
  });

const sql = (text: string): Promise<string> =>
  onHost(django.database, `su postgres -c 'psql -qXAt mysite' <<'SQL'\n${text}\nSQL`);

/** Containers besides those of the services. */
const oneOffs = (): Promise<string> =>
  onHost(django.fleet.hosts[0], "docker ps --all --quiet --filter label=com.docker.compose.oneoff=True");

/** Publishes a version with one more migration, and kills the runner of its deploy once *reached*. Returns how many seconds later the lock is free. */
async function killed(operation: string, reached: () => Promise<boolean>): Promise<number> {
  version += 1;
  const before = version === 2 ? "0001_initial" : `000${version - 1}_more`;
  await django.publish(String(version), { [`migrations/000${version}_more.py`]: migration(before, operation) });
  const folder = mkdtempSync(join(django.fleet.trial.folder, "killed-"));
  const running = deploy(folder);
  await until("What it waits for", 60, async () => ((await reached()) ? true : undefined));
  killRunner(folder);
  const since = Date.now();
  await running;
  return until("A host that nobody holds", 120, async () =>
    (await stateOf(django.fleet.hosts[0])).lock === "" ? (Date.now() - since) / 1000 : undefined,
  );
}

const applied = async (): Promise<boolean> =>
  (await sql(`SELECT count(*) FROM django_migrations WHERE name = '000${version}_more'`)) === "1";

async function deploysAgain(): Promise<void> {
  const next = await deploy();
  expect(next.outputs, next.log).toMatchObject({ status: "succeeded", "ok-hosts": "2" });
  expect(await applied()).toBe(true);
}

test("a migration that waits for the lock of the database ends with its run, and its container with it", async () => {
  await onHost(
    django.database,
    `systemd-run --quiet --unit holds su postgres -c "psql -qX mysite -c 'SELECT pg_advisory_lock(${0x646a616e676f}), pg_sleep(600)'"`,
  );
  const asks =
    "SELECT count(*) FROM pg_stat_activity WHERE usename = 'mysite' AND query LIKE 'SELECT pg_try_advisory_lock%'";
  const seconds = await killed("", async () => (await sql(asks)) === "1");
  console.log(`waits for the lock: the host is free ${seconds.toFixed(0)} s after the runner's death`);
  expect(seconds).toBeLessThan(LIMIT);
  expect(await oneOffs()).toBe("");
  expect(await applied()).toBe(false);
  await sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_advisory_lock%'");
  await deploysAgain();
});

test("a plan that waits for a database which does not answer ends with its run, and its container with it", async () => {
  const [host] = django.fleet.hosts;
  // Neither an answer nor a refusal gets to that host any more.
  await onHost(django.database, `ip route add blackhole ${host.innerAddress}/32`);
  const seconds = await killed("", async () => (await oneOffs()) !== "");
  console.log(`no answer: the host is free ${seconds.toFixed(0)} s after the runner's death`);
  expect(seconds).toBeLessThan(LIMIT);
  expect(await oneOffs()).toBe("");
  expect(await onHost(host, "docker ps --quiet --filter health=healthy")).not.toBe("");
  await onHost(django.database, `ip route del blackhole ${host.innerAddress}/32`);
  await deploysAgain();
});

test("a migration that has begun comes to its end, however long its run has been dead", async () => {
  const sleeps = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep(70)%'";
  const seconds = await killed('migrations.RunSQL("SELECT pg_sleep(70)")', async () => (await sql(sleeps)) === "1");
  console.log(`has begun: the host is free ${seconds.toFixed(0)} s after the runner's death`);
  expect(seconds).toBeGreaterThan(LIMIT);
  expect(await applied()).toBe(true);
  expect(await oneOffs()).toBe("");
  await deploysAgain();
});
