import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, type Host, must, onHost, projectFolder } from "../../scripts/lab/index.mjs";
import type { ContainerFleet } from "./support/containers.js";
import { expectRefused } from "./support/direct.js";
import { type DjangoFleet, djangoKey, migration, site, startDjangoFleet } from "./support/django-containers.js";
import { failures, startLoad } from "./support/load.js";
import { fetchPage } from "./support/page.js";
import { secret } from "./support/trial.js";

let django: DjangoFleet;
let fleet: ContainerFleet;
let database: Host;
/** What each host had before the first deploy. */
let before: Array<Set<string>>;

// Images with a Python are large: `npm run test:full` makes them, `npm test` has container-fleet.
describe("Django in containers behind nginx", () => {
  beforeAll(async () => {
    django = await startDjangoFleet("container-app");
    ({ fleet, database } = django);
    await publish("1");
    before = await Promise.all(fleet.hosts.map(async (host) => new Set(await belongings(host))));
  });

  afterAll(() => fleet?.trial.end());

  test("the database is migrated once for two hosts, and both serve", async () => {
    const result = await deploy();
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": "2" });
    expect(JSON.parse(result.outputs.migrations ?? "[]")).toContain("guestbook.0001_initial");
    const applied = `SELECT count(*) FROM django_migrations WHERE app = 'guestbook'`;
    expect(await onHost(database, `su postgres -c "psql -qXAt mysite -c \\"${applied}\\""`)).toBe("1");
    await expectVersion("1");
    expect(await onHost(fleet.hosts[0], "ls /var/lib/django-ansible-deploy/compose/shop/backups")).toMatch(/\.dump$/m);
  });

  test("a rollout under load fails no request", async () => {
    await publish("2");
    const load = startLoad(fleet.hosts, site, { clients: 8 });
    const result = await deploy();
    const samples = await load.stop();
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": "2", migrations: "[]" });
    expect(failures(samples)).toEqual([]);
    expect(new Set(samples.map(({ version }) => version))).toEqual(new Set(["1", "2"]));
  });

  test("a rollback needs nothing of the database where both releases have the same migrations", async () => {
    const result = await fleet.deploy({ inputs: { operation: "rollback" } });
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-hosts": "2" });
    await expectVersion("1");
  });

  test("a dump is made, rehearsed and brought back, and what was written since is in a database of its own", async () => {
    const sql = (text: string, name = "mysite") =>
      onHost(database, `su postgres -c 'psql -qXAt ${name}' <<'SQL'\n${text}\nSQL`);
    await sql("ALTER ROLE mysite CREATEDB");
    const backup = await recover("backup");
    expect(backup.outputs.status, backup.log).toBe("succeeded");
    const { dump } = backup.outputs;
    await sql("INSERT INTO guestbook_entry (name, message, created) SELECT 'Eve', 'After the backup', now()");
    const rehearsal = await recover("rehearse", { revision: dump ?? "" });
    expect(rehearsal.outputs, rehearsal.log).toMatchObject({ status: "succeeded", dump });
    const restore = await recover("restore", { revision: dump ?? "", confirm: "shop" });
    expect(restore.outputs, restore.log).toMatchObject({ status: "succeeded", dump });
    expect(await sql("SELECT count(*) FROM guestbook_entry")).toBe("0");
    const replaced = await sql("SELECT datname FROM pg_database WHERE datname LIKE 'mysite_replaced_%'");
    expect(await sql("SELECT count(*) FROM guestbook_entry", replaced)).toBe("1");
    await expectVersion("1");
  });

  test("run: a command with the live release, its lines as they come, its end, and no secret", async () => {
    const came: number[] = [];
    const program = [
      "import os, time",
      'for number in range(4): print("line", number, flush=True); time.sleep(1)',
      'print("key", os.environ["SECRET_KEY"], os.environ["MORE"], os.environ["ALLOWED_HOSTS"])',
    ];
    const run = await operate(
      "run",
      {
        command: `python3 manage.py shell -v 0 -c '${program.join("\n")}'`,
        env: "MORE=of-its-own\nSECRET_KEY=another",
      },
      (line) => {
        if (/^line \d$/.test(line)) came.push(Date.now());
      },
    );
    expect(run.outputs, run.log).toMatchObject({ status: "succeeded", "total-hosts": "1" });
    expect(run.outputs["command-output"]).toMatch(/^line 0\nline 1\nline 2\nline 3\nkey \*+ \*+ \S+\n$/);
    expect(run.log).not.toContain(djangoKey);
    expect((came.at(-1) ?? 0) - (came[0] ?? 0)).toBeGreaterThan(1_500);
    const failed = await operate("run", { command: "python3 -c 'import sys; sys.exit(7)'" });
    expectRefused(failed, /docker1: the task "Run the command" failed: python3 .* ended with 7 on docker1 /);
    expect(await onHost(fleet.hosts[0], "docker ps --all --format '{{.Names}}' | grep run- || true")).toBe("");
    expect(await onHost(fleet.hosts[0], "tail -1 /var/lib/django-ansible-deploy/compose/shop/deploys.jsonl")).toMatch(
      /"operation": "run".*"result": "failed"/,
    );
  });

  test("run: detached and in time, and status shows it", async () => {
    const more = { django_app_run_detached: true, django_app_run_timeout: 4 };
    const run = await operate("run", { command: "sleep 60" }, undefined, more);
    expect(run.outputs.status, run.log).toBe("succeeded");
    const status = async () =>
      JSON.parse((await operate("status")).outputs["host-status"] ?? "{}").docker1.runs.join("\n");
    expect(await status()).toMatch(/sleep 60, since \S+Z.*: goes on/);
    await expect.poll(status, { timeout: 60_000, interval: 2_000 }).toMatch(/sleep 60, since .*: ended with 124/);
    expect(await onHost(fleet.hosts[0], "docker ps --all --format '{{.Names}}' | grep run- || true")).toBe("");
  });

  test("logs: of all hosts and services by time, or what is asked for alone", async () => {
    await expectVersion("1");
    const all = await operate("logs");
    expect(all.outputs.status, all.log).toBe("succeeded");
    expect(all.outputs["command-output"]).toMatch(/^\S+Z docker[12] shop-web-\d+: /m);
    const web = await operate("logs", { command: 'web --since "1 hour ago" --lines 5 --grep listening' });
    const lines = (web.outputs["command-output"] ?? "").trimEnd().split("\n");
    expect(lines.length, web.log).toBeGreaterThan(1);
    for (const line of lines) expect(line).toMatch(/^\S+Z docker[12] .*Listening/i);
    const deploys = await operate("logs", { command: "deploys --grep run" });
    expect(deploys.outputs["command-output"]).toMatch(/"operation": "run"/);
    expectRefused(await operate("logs", { command: "nothing" }), /there is no nothing here: use deploys, proxy, web/);
  });

  test("maintenance: everybody gets the page, except those who are let through, and nothing is refused", async () => {
    const statuses = async (path = "/", more = {}) =>
      (await Promise.all(fleet.hosts.map((host) => fetchPage(host, site, path, more)))).map(({ status }) => status);
    const errors: unknown[] = [];
    let asking = true;
    const visitors = fleet.hosts.map(async (host) => {
      while (asking) await fetchPage(host, site).catch((error: unknown) => errors.push(error));
    });
    const on = await operate("maintenance-on", {}, undefined, { django_app_maintenance_bypass: WORD });
    expect(on.outputs, on.log).toMatchObject({ status: "succeeded", "changed-hosts": "2" });
    const page = await fetchPage(fleet.hosts[0], site, "/admin/");
    expect([page.status, page.headers["retry-after"]]).toEqual([503, "60"]);
    expect(page.body).toContain("Down for maintenance");
    const link = await fetchPage(fleet.hosts[0], site, `/.maintenance/${WORD}`);
    const cookie = String(link.headers["set-cookie"]).split(";")[0] ?? "";
    expect(await statuses("/", { Cookie: cookie })).toEqual([200, 200]);
    expect(await statuses("/", { Cookie: "maintenance=AAAAAAAAAAAAAAAAAAAA" })).toEqual([503, 503]);
    const status = JSON.parse((await operate("status")).outputs["host-status"] ?? "{}");
    expect(status.docker1.maintenance).toMatch(/^since \S+Z/);
    expect((await deploy()).outputs.status).toBe("succeeded");
    expect(await statuses()).toEqual([503, 503]);
    const off = await operate("maintenance-off");
    expect(off.outputs, off.log).toMatchObject({ status: "succeeded", "changed-hosts": "2" });
    expect(await statuses()).toEqual([200, 200]);
    asking = false;
    await Promise.all(visitors);
    expect(errors).toEqual([]);
    console.log(`maintenance: on ${on.outputs["duration-seconds"]} s, off ${off.outputs["duration-seconds"]} s`);
  });

  test("remove with limit: its health check fails first, visitors are answered meanwhile, and a deploy brings the host back", async () => {
    const [stays, leaves] = fleet.hosts;
    const status = (path: string): Promise<number> =>
      fetchPage(leaves, site, path).then(
        (answer) => answer.status,
        () => 0,
      );
    const seen: string[] = [];
    let watching = true;
    const watch = (async () => {
      while (watching) seen.push((await Promise.all(["/healthz", "/"].map(status))).join(" "));
    })();
    const run = await operate("remove", { confirm: "shop", limit: "docker2" }, undefined, {
      django_app_drain_seconds: 5,
    });
    watching = false;
    await watch;
    expect(run.outputs, run.log).toMatchObject({ status: "succeeded", "changed-host-names": '["docker2"]' });
    expect(seen).toContain("503 200");
    expect(new Set(seen.slice(0, seen.indexOf("503 200")))).toEqual(new Set(["200 200"]));
    expect(await onHost(leaves, "docker ps --all --quiet --filter label=com.docker.compose.project=shop")).toBe("");
    expect((await fetchPage(stays, site)).status).toBe(200);
    const back = await deploy();
    expect(back.outputs, back.log).toMatchObject({ status: "succeeded", "changed-host-names": '["docker2"]' });
    expect(await status("/healthz")).toBe(200);
  });

  test("dumps on a schedule: made, tried, copied away, shown, and brought back from there", async () => {
    const [host] = fleet.hosts;
    const job = "django-ansible-deploy-shop-dumps";
    const folder = "/var/lib/django-ansible-deploy/compose/shop";
    const key = await onHost(database, "cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub");
    const places = {
      vault_dump_password: secret("copies"),
      django_app_dump_targets: [
        {
          repository: `sftp:${database.user}@${database.innerAddress}:copies`,
          known_hosts: `${database.innerAddress} ${key}`,
          ssh_key: fleet.trial.key.text,
        },
      ],
    };
    const scheduled = { ...places, django_app_dump_schedule: "*-*-* 02:30:00" };
    const first = await deploy(scheduled);
    expect(first.outputs, first.log).toMatchObject({ status: "succeeded", "changed-hosts": "1" });
    expect(await onHost(host, `stat -c '%a %U' ${folder}/dumps.json; systemctl is-active ${job}.timer`)).toBe(
      "600 root\nactive",
    );
    const again = await deploy(scheduled);
    expect(again.outputs, again.log).toMatchObject({ status: "succeeded", "changed-tasks": "0" });
    expect(await onHost(host, `systemctl start ${job}.service; journalctl -u ${job} -o cat`)).toMatch(
      /can be restored[\s\S]*:copies has /,
    );
    const status = await operate("status", {}, undefined, { django_app_rehearsal_days: 2 });
    expect(JSON.parse(status.outputs["host-status"] ?? "{}").docker1, status.log).toMatchObject({
      problems: [],
      restores_in: expect.any(Number),
    });
    const made = await onHost(host, `ls ${folder}/backups | grep dump$ | tail -n 1 | cut -d. -f1`);
    await onHost(host, `rm ${folder}/backups/${made}.*`);
    const rehearsal = await operate("rehearse", { revision: made }, undefined, {
      ...places,
      compose_app_dump_service: "web",
    });
    expect(rehearsal.outputs, rehearsal.log).toMatchObject({ status: "succeeded", dump: made });
    const ended = await deploy();
    expect(ended.outputs, ended.log).toMatchObject({ status: "succeeded", "changed-hosts": "1" });
    expect(await onHost(host, `ls /etc/systemd/system ${folder} | grep dumps || true`)).toBe("");
  });

  test("a column goes once no container runs that has it, also on a host that was left out, and no request fails", async () => {
    const sql = (text: string) => onHost(database, `su postgres -c 'psql -qXAt mysite' <<'SQL'\n${text}\nSQL`);
    const moods = () => sql("SELECT count(*) FROM information_schema.columns WHERE column_name = 'mood'");
    await sql("ALTER ROLE mysite CREATEDB");
    const models = await must(["cat", join(projectFolder, "examples/mysite/guestbook/models.py")]);
    const name = "    name = models.CharField";
    const mood = "    mood = models.CharField(max_length=20, null=True)\n";
    expect(models).toContain(name);
    await publish("3", {
      "models.py": models.replace(name, mood + name),
      "migrations/0002_mood.py": migration(
        "0001_initial",
        // It lasts, though not on the copy of the schema.
        `migrations.RunSQL("SELECT pg_sleep(CASE WHEN current_database() = 'mysite' THEN 4 ELSE 0 END)"), migrations.AddField("entry", "mood", models.CharField(max_length=20, null=True))`,
      ),
    });
    const added = await deploy();
    expect(added.outputs, added.log).toMatchObject({ status: "succeeded", migrations: '["guestbook.0002_mood"]' });
    expect(added.log).toMatch(/docker1: guestbook\.0002_mood is being applied.*guestbook\.0002_mood applied in/s);
    expect(added.log.match(/guestbook\.0002_mood applied in/g)).toHaveLength(1);
    expect(await moods()).toBe("1");
    await publish("4", {
      "models.py": models,
      "migrations/0003_less.py": migration("0002_mood", 'migrations.RemoveField("entry", "mood")'),
    });
    const load = startLoad(fleet.hosts, site, { clients: 8 });
    const one = await deploy({}, { limit: "docker1" });
    expect(one.outputs, one.log).toMatchObject({ status: "succeeded", migrations: "[]" });
    expect(one.log).toContain(
      "guestbook.0003_less: not applied yet, since a host of the application was not part of this deploy",
    );
    expect(await moods()).toBe("1");
    const result = await deploy();
    const samples = await load.stop();
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", migrations: '["guestbook.0003_less"]' });
    expect(result.log).toMatch(/docker2: the live release does not work on the migrated schema/);
    expect(result.log).toContain("guestbook.0003_less: applied once the new release is live everywhere");
    expect(result.log).toMatch(/guestbook\.0003_less applied in [\d.]+ s/);
    expect(failures(samples)).toEqual([]);
    expect(await moods()).toBe("0");
    await expectVersion("4");
    const again = await deploy();
    expect(again.outputs, again.log).toMatchObject({ status: "succeeded", "changed-tasks": "0", migrations: "[]" });
    // For the removal at the end.
    const kept = await deploy({ django_app_dump_schedule: "weekly" });
    expect(kept.outputs, kept.log).toMatchObject({ status: "succeeded", "changed-hosts": "1" });
  });

  test("remove: asks for the name, and leaves a host as it was before the first deploy", async () => {
    expectRefused(await operate("remove", { confirm: "other" }), /confirm is 'other': type the project's name, shop/);
    await expectVersion("4");
    await onHost(fleet.hosts[1], "echo mine > /srv/shop/notes.txt");
    const run = await operate("remove", { confirm: "shop" });
    expect(run.outputs, run.log).toMatchObject({ status: "succeeded", "changed-hosts": "2" });
    expect(run.log).toMatch(/docker1: backups, deploys\.jsonl of \S+ are kept in \/var\/backups\/shop-\S+Z/);
    expect(run.log).toContain("docker2: /srv/shop stays, with notes.txt, which no deploy has brought");
    await Promise.all(
      fleet.hosts.map((host) =>
        onHost(host, "rm -rf /var/backups/shop-* /srv/shop/notes.txt /srv/build/version; rmdir /srv/shop || true"),
      ),
    );
    for (const [index, host] of fleet.hosts.entries())
      expect((await belongings(host)).filter((line) => !before[index]?.has(line))).toEqual([]);
    const again = await operate("remove", { confirm: "shop" });
    expect(again.outputs, again.log).toMatchObject({ status: "succeeded", "changed-hosts": "0" });
  });
});

const WORD = "Zq81kd0mPw7xLs29";

/** Files of root's, containers, networks, volumes and images, which a deploy could leave on a host. */
async function belongings(host: Host): Promise<string[]> {
  const listed = await onHost(
    host,
    `find /etc /srv /opt /root /usr/local /var/lib /var/cache /var/backups /run -xdev \\( -path /var/lib/docker -o -path /var/lib/docker-registry -o -path /var/lib/containerd -o -path /var/lib/apt -o -path /var/cache/apt -o -path /var/cache/debconf -o -path /var/lib/dpkg -o -path /run/docker -o -path /run/containerd -o -path /run/systemd -o -path /run/udev -o -path /run/sudo -o -path /run/user -o -path /run/log -o -path /var/lib/systemd -o -path /run/netns -o -path /run/motd.dynamic \\) -prune -o -print;
    docker ps --all --format 'container {{.Names}}'; docker network ls --format 'network {{.Name}}'; docker volume ls --format 'volume {{.Name}}';
    docker images --no-trunc --format 'image {{.Repository}} {{.ID}}'; getent passwd; getent group; systemctl list-unit-files --no-legend --plain | awk '{print $1, $2}'`,
  );
  // The first host has served the registry, and has the proxy's image under a name of its own as well, so that it stays.
  return listed.split("\n").filter((line) => line !== "" && !line.startsWith("image 127.0.0.1:5000/proxy "));
}

function deploy(more: Record<string, unknown> = {}, inputs: Record<string, string> = {}): Promise<ActionResult> {
  return fleet.deploy({
    inputs: {
      ...inputs,
      "compose-source": "compose",
      env: django.env,
      vars: JSON.stringify({
        compose_app_rollout: ["web"],
        compose_app_migrate: { service: "web", python: "python3" },
        ...more,
      }),
    },
  });
}

/** Backup, rehearsal or restore, with what they need to know of the project. */
const recover = (operation: string, inputs: Record<string, string> = {}): Promise<ActionResult> =>
  operate(operation, inputs, undefined, { compose_app_dump_service: "web" });

/** Any operation besides a deploy. */
const operate = (
  operation: string,
  inputs: Record<string, string> = {},
  say?: (line: string) => void,
  more: Record<string, unknown> = {},
): Promise<ActionResult> =>
  fleet.deploy({
    ...(say === undefined ? {} : { say }),
    inputs: {
      operation,
      vars: JSON.stringify({
        compose_app_migrate: { service: "web", python: "python3" },
        ...more,
      }),
      ...inputs,
    },
  });

async function expectVersion(version: string): Promise<void> {
  for (const host of fleet.hosts) expect((await fetchPage(host, site)).body).toContain(`Version ${version}<`);
}

const publish = (version: string, guestbook?: Record<string, string>): Promise<void> =>
  django.publish(version, guestbook);
