// The second day of an application: everything that is done with it besides a deploy, one after another on two hosts.
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, servePostgres } from "../../scripts/lab/index.mjs";
import { directly, expectRefused } from "./support/direct.js";
import { inventory } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

const NAME = "mysite";
const SITE = "operations.example";
const key = secret("django-key");
const given = secret("given");
const password = secret("database");

let trial: Trial;
let hosts: Host[];
let project: Project;
/** What each host had before the first deploy. */
let before: Array<Set<string>>;
let operate: (
  operation: string,
  inputs?: Record<string, string>,
  say?: (line: string) => void,
) => Promise<ActionResult>;

/** Both hosts have one database, which the first one serves. */
const environment = (): string =>
  `DATABASE_URL=postgres://${NAME}:${password}@${hosts[0]?.innerAddress}/${NAME}\nGIVEN=${given}`;

/** Lines that a host prints for a command. */
const on = (host: Host | undefined, command: string): Promise<string> => onHost(host as Host, command);

beforeAll(async () => {
  trial = await startTrial("operations");
  hosts = await Promise.all(["app1", "app2"].map((name) => trial.host({ name, suite: "bookworm", kind: "ready" })));
  await servePostgres(hosts[0] as Host, { database: NAME, user: NAME, password });
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory(hosts));
  await project.commit("The commit");
  const act = directly(trial, project, hosts);
  const vars = {
    ...{ app_name: NAME, server_name: SITE, vault_secret_key: key },
    django_settings_module: "mysite.settings.production",
  };
  operate = (operation, inputs = {}, say = () => {}) =>
    act({
      inputs: {
        ...{ operation, vars: JSON.stringify({ ...vars, ...JSON.parse(inputs.vars ?? "{}") }) },
        ...(operation === "deploy" ? { env: environment() } : {}),
        ...Object.fromEntries(Object.entries(inputs).filter(([name]) => name !== "vars")),
      },
      say,
    });
  // What a deploy installs for good is there already.
  before = await Promise.all(hosts.map(async (host) => new Set(await belongings(host))));
  const first = await operate("deploy");
  expect(first.outputs.status, first.log).toBe("succeeded");
});

afterAll(() => trial?.end());

/** A program for `shell -c`, as one word. */
const shell = (...lines: readonly string[]): string => `shell -c '${lines.join("\n")}'`;

test("run: a command on one host as the application, its output and its end", async () => {
  const run = await operate("run", {
    command: shell(
      "import os, getpass",
      'print("user", getpass.getuser(), "in", os.getcwd())',
      'print("key", os.environ["SECRET_KEY"], os.environ["GIVEN"], os.environ["MORE"])',
    ),
    env: "MORE=of-its-own\nSECRET_KEY=another",
  });
  expect(run.outputs.status, run.log).toBe("succeeded");
  expect(run.outputs["command-output"]).toMatch(
    new RegExp(`^user ${NAME} in /opt/${NAME}/releases/\\S+\nkey \\*+ \\*+ \\*+\n$`),
  );
  expect(run.log).toContain(`user ${NAME} in`);
  expect(run.log).not.toContain(given);
  expect(run.outputs["total-hosts"]).toBe("1");
  expect(await on(hosts[0], `tail -1 /opt/${NAME}/deploys.jsonl`)).toMatch(/"operation": "run".*"result": "succeeded"/);
});

test("run: a command that fails fails the step with its exit code, in one sentence", async () => {
  const run = await operate("run", { command: shell('import sys; print("half done"); sys.exit(7)') });
  expectRefused(run, /^Error: manage\.py shell -c .* ended with 7 on app1\.$/m);
  expect(run.outputs["command-output"]).toBe("half done\n");
});

test("run: lines come while the command runs", async () => {
  const came: number[] = [];
  const run = await operate(
    "run",
    { command: shell("import time", "for number in range(5):", '    print("line", number)', "    time.sleep(2)") },
    (line) => {
      if (/^line \d$/.test(line)) came.push(Date.now());
    },
  );
  expect(run.outputs.status, run.log).toBe("succeeded");
  expect(came).toHaveLength(5);
  expect((came.at(-1) ?? 0) - (came[0] ?? 0)).toBeGreaterThan(5_000);
});

test("run: endless output is kept to its end, and the step ends", async () => {
  const run = await operate("run", {
    command: shell('print("first"); [print("x" * 99) for _ in range(300000)]; print("last")'),
  });
  expect(run.outputs.status, run.log.slice(-2_000)).toBe("succeeded");
  expect(Buffer.byteLength(run.outputs["command-output"] ?? "")).toBeLessThanOrEqual(65_536);
});

test("run: detached, it goes on by itself, and status shows it", async () => {
  const run = await operate("run", {
    command: shell("import time; time.sleep(20)"),
    vars: JSON.stringify({ django_app_run_detached: true }),
  });
  expect(run.outputs.status, run.log).toBe("succeeded");
  expect(run.log).toMatch(/app1: it goes on by itself as run \S+;/);
  expect(await on(hosts[0], `systemctl is-active 'django-ansible-deploy-${NAME}-run-*.service' || true`)).toMatch(
    /^activat/,
  );
});

test("logs: of all hosts by time, with what is asked for alone, and no secret", async () => {
  for (const host of hosts)
    await onHost(host, `runuser -u ${NAME} -- true; logger -t x y; systemd-cat --identifier=x echo unrelated`);
  await operate("run", { command: "check" });
  const web = await operate("logs", { command: 'web --since "1 hour ago" --lines 50 --grep "listening|booting"' });
  expect(web.outputs.status, web.log).toBe("succeeded");
  const lines = (web.outputs["command-output"] ?? "").trimEnd().split("\n");
  expect(
    lines.every((line) => /^\S+Z app[12] .*(listening|booting)/i.test(line)),
    lines.join("\n"),
  ).toBe(true);
  expect(lines).toEqual(lines.toSorted((one, other) => (one.slice(0, 24) < other.slice(0, 24) ? -1 : 1)));
  expect(new Set(lines.map((line) => line.split(" ")[1]))).toEqual(new Set(["app1", "app2"]));
  expect(readFileSync(web.outputs["output-file"] ?? "", "utf8")).toBe(web.outputs["command-output"]);
  const deploys = await operate("logs", { command: "deploys --grep run" });
  expect(deploys.outputs["command-output"]).toMatch(/"operation": "run"/);
  const nginx = await operate("logs", { command: ["nginx", "--lines", "5"].join(" ") });
  expect(nginx.outputs.status, nginx.log).toBe("succeeded");
  expectRefused(await operate("logs", { command: "nothing" }), /there is no nothing here: use web, nginx, deploys/);
  expectRefused(await operate("logs", { command: "web --tail" }), /command cannot be understood: .*--tail/);
});

test("status: a page that tells how well it is, and what was changed by hand", async () => {
  const well = await operate("status");
  expect(well.outputs.status, well.log).toBe("succeeded");
  const found = JSON.parse(well.outputs["host-status"] ?? "{}");
  expect([found.app1.health, found.app1.problems, found.app1.drift, found.app1.maintenance]).toEqual([
    "healthy",
    [],
    [],
    null,
  ]);
  expect(found.app1.runs.join("\n")).toMatch(/manage\.py check, since \S+Z.*: ended with 0/);
  await onHost(hosts[1] as Host, `echo '# by hand' >> /etc/nginx/sites-available/${NAME}; systemctl stop nginx`);
  const changed = JSON.parse((await operate("status")).outputs["host-status"] ?? "{}");
  expect(changed.app2.problems).toEqual([
    "nginx.service is inactive",
    `/etc/nginx/sites-available/${NAME} was changed`,
  ]);
  await onHost(hosts[1] as Host, `sed -i '/^# by hand/d' /etc/nginx/sites-available/${NAME}; systemctl start nginx`);
});

const WORD = "Zq81kd0mPw7xLs29";
const statuses = async (path = "/", more: Record<string, string> = {}): Promise<number[]> =>
  (await Promise.all(hosts.map((host) => fetchPage(host, SITE, path, more)))).map(({ status }) => status);

test("maintenance: everybody gets the page, except those who are let through, across a deploy and a restart of nginx", async () => {
  const refused: unknown[] = [];
  let asking = true;
  const visitors = hosts.map(async (host) => {
    while (asking) await fetchPage(host, SITE).catch((error: unknown) => refused.push(error));
  });
  const on = await operate("maintenance-on", {
    vars: JSON.stringify({ django_app_maintenance_bypass: WORD, django_app_maintenance_allow: ["192.0.2.7"] }),
  });
  expect(on.outputs.status, on.log).toBe("succeeded");
  expect(Number(on.outputs["changed-hosts"])).toBe(2);
  const page = await fetchPage(hosts[0] as Host, SITE, "/admin/");
  expect([page.status, page.headers["retry-after"]]).toEqual([503, "60"]);
  expect(page.body).toContain("Down for maintenance");
  expect(page.headers["content-type"]).toMatch(/^text\/html/);
  expect(
    await onHost(
      hosts[0] as Host,
      `curl -s -o /dev/null -w '%{http_code}' -X POST -d a=1 -H 'Host: ${SITE}' http://127.0.0.1/`,
    ),
  ).toBe("503");

  const link = await fetchPage(hosts[0] as Host, SITE, `/.maintenance/${WORD}`);
  const cookie = String(link.headers["set-cookie"]).split(";")[0] ?? "";
  expect(await statuses("/", { Cookie: cookie })).toEqual([200, 200]);
  expect(await statuses("/", { Cookie: `${NAME}_maintenance=../on` })).toEqual([503, 503]);
  expect(await statuses("/", { Cookie: `${NAME}_maintenance=AAAAAAAAAAAAAAAAAAAA` })).toEqual([503, 503]);

  const deploy = await operate("deploy", {
    env: `${environment()}\nONE_MORE=1`,
  });
  expect(deploy.outputs.status, deploy.log).toBe("succeeded");
  for (const host of hosts) await onHost(host, "systemctl restart nginx");
  expect(await statuses()).toEqual([503, 503]);

  const off = await operate("maintenance-off");
  expect(off.outputs.status, off.log).toBe("succeeded");
  expect(await statuses()).toEqual([200, 200]);
  console.log(`maintenance: on ${on.outputs["duration-seconds"]} s, off ${off.outputs["duration-seconds"]} s`);
  asking = false;
  await Promise.all(visitors);
  // nginx itself was restarted above, which is the only time that it may be away.
  expect(refused.filter((error) => !/ECONNRE/.test(String(error)))).toEqual([]);
});

test("remove: asks for the name, and leaves a host as it was before the first deploy", async () => {
  expectRefused(
    await operate("remove", { confirm: "other" }),
    /confirm is "other": type the application's name, mysite/,
  );
  expect(await statuses()).toEqual([200, 200]);
  const run = await operate("remove", { confirm: NAME, vars: JSON.stringify({ django_app_remove_keep_data: false }) });
  expect(run.outputs.status, run.log).toBe("succeeded");
  expect(run.log).toContain("packages and the journal stay as they are");
  for (const [index, host] of hosts.entries())
    expect((await belongings(host)).filter((line) => !before[index]?.has(line))).toEqual([]);
  const again = await operate("remove", { confirm: NAME });
  expect([again.outputs.status, again.outputs["changed-hosts"]]).toEqual(["succeeded", "0"]);
});

/** What is on a host that a deploy could leave: files outside of what the system writes itself, units, users, rules. */
async function belongings(host: Host): Promise<string[]> {
  const listed = await onHost(
    host,
    `find / -xdev \\( -path /proc -o -path /sys -o -path /tmp -o -path '/var/tmp' -o -path /var/log -o -path /home -o -path /root -o -path /var/cache/apt -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/lib/postgresql -o -path /usr/share -o -path /usr/lib \\) -prune -o -print | grep -vE '__pycache__|^/etc/(passwd|shadow|group|gshadow)-$|^/var/lib/systemd/(timers|random-seed)|^/run/(credentials|udev|log|sudo|user|systemd)/' || true;
    find /var/log/nginx -name "${NAME}.*"; find /run/django* /run/systemd/transient -mindepth 1 2>/dev/null || true;
    getent passwd; getent group; systemctl list-unit-files --no-legend --plain | awk '{print $1, $2}'; systemctl list-units --all --no-legend --plain '*${NAME}*' 'django-ansible*';
    ls /etc/sudoers.d || true; iptables-save 2>/dev/null || true`,
  );
  return listed.split("\n").filter((line) => line !== "");
}
