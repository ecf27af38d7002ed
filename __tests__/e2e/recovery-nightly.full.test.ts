import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, type Host, onHost } from "../../scripts/lab/index.mjs";
import { directly, expectRefused } from "./support/direct.js";
import { signGuestbook } from "./support/guestbook.js";
import { inventory } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { startTrial, type Trial } from "./support/trial.js";

// Dumps that a host makes by itself, of a PostgreSQL server of its own.
const site = "mysite.example";

let trial: Trial;
let project: Project;
let app1: Host;
/** Keeps copies of dumps. */
let vault: Host;
/** Comes when the first one is gone. */
let app2: Host;
let targets: string[];
let run: ReturnType<typeof directly>;
let act: (inputs?: Record<string, string>, vars?: string[]) => Promise<ActionResult>;

beforeAll(async () => {
  trial = await startTrial("recovery-nightly");
  [app1, vault, app2] = await Promise.all([
    trial.host({ name: "app1", suite: "trixie", kind: "ready" }),
    trial.host({ name: "vault", suite: "bookworm", kind: "base" }),
    trial.host({ name: "app2", suite: "trixie", kind: "ready" }),
  ]);
  const key = await onHost(vault, "cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub");
  targets = [
    "vault_dump_password: a-password-that-is-only-for-this-test-too",
    "django_app_dump_targets:",
    `- repository: sftp:${vault.user}@vault:dumps`,
    `  known_hosts: vault ${key}`,
    "  ssh_key: |",
    ...trial.key.text
      .trim()
      .split("\n")
      .map((line) => `    ${line}`),
  ];
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory([app1]));
  await project.commit("A guestbook");
  run = directly(trial, project, [app1, app2]);
  const common = [
    `server_name: ${site}`,
    "django_settings_module: mysite.settings.production",
    "vault_secret_key: a-key-that-is-only-for-this-test",
    "vault_db_password: a-password-that-is-only-for-this-test",
    "django_app_database: local",
    "postgresql_server_dumps: 0",
    "django_app_health_timeout: 10",
  ];
  act = (inputs = {}, vars = ['django_app_dump_schedule: "*-*-* 02:30:00"']) =>
    run({ inputs: { vars: [...common, ...vars].join("\n"), ...inputs } });
});

afterAll(() => trial?.end());

const records = async (): Promise<Record<string, unknown>[]> =>
  JSON.parse(
    await onHost(
      app1,
      "cd /opt/mysite/backups && python3 -c 'import glob, json; print(json.dumps([json.load(open(n)) for n in sorted(glob.glob(\"*.json\"))]))'",
    ),
  );

const night = (): Promise<string> =>
  onHost(
    app1,
    "systemctl start mysite-dumps.service || true; systemctl show --property=Result --value mysite-dumps.service",
  );

const problems = async (): Promise<string> => {
  const result = await act({ operation: "status" });
  expect(result.outputs.status, result.log).toBe("succeeded");
  return JSON.parse(result.outputs["host-status"] ?? "{}").app1.problems.join("\n");
};

describe("dumps on a schedule", () => {
  let dump = "";

  test("are made, tried and shown", async () => {
    const result = await act();
    expect(result.outputs.status, result.log).toBe("succeeded");
    expect(await onHost(app1, "systemctl is-active mysite-dumps.timer")).toBe("active");
    expect(await onHost(app1, "stat -c '%a %U' /etc/mysite/dumps.json")).toBe("600 root");
    expect(await problems()).toContain("no dump was found to be restorable within 2 days");
    expect(await night()).toBe("success");
    const made = (await records()).at(-1);
    expect(made).toMatchObject({ reason: "made on schedule", actor: "the schedule", restores_in: expect.any(Number) });
    expect(await onHost(app1, "su postgres -c 'psql -XAtc \"SELECT count(*) FROM pg_database\" postgres'")).toBe("4");
    const status = await act({ operation: "status" });
    expect(JSON.parse(status.outputs["host-status"] ?? "{}").app1).toMatchObject({
      problems: [],
      dump_bytes: made?.size,
    });
  });

  test("a second deploy changes nothing", async () => {
    const result = await act();
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", "changed-tasks": "0" });
  });

  test("one that is damaged is found the next night, and status says so", async () => {
    const [first] = await records();
    await onHost(app1, `cd /opt/mysite/backups && sed -i 's/PGDMP/PGDMQ/' ${first?.id}.dump`);
    expect(await night()).toBe("exit-code");
    expect(await onHost(app1, "journalctl -u mysite-dumps -o cat | tail -n 20")).toContain(
      `the dump ${first?.id} is damaged`,
    );
    expect(await problems()).toContain("mysite-dumps.timer: its last run failed");
    expect((await records()).at(-1)).toMatchObject({ restores_in: expect.any(Number) });
  });

  test("copies go to another host, encrypted, and no more of them stay than are wanted", async () => {
    const vars = [...targets, 'django_app_dump_schedule: "*-*-* 02:30:00"'];
    const [first, second] = await records();
    const old = "20200101T000000Z-aaaa";
    await onHost(
      app1,
      `cd /opt/mysite/backups && rm ${first?.id}.* && cp ${second?.id}.dump ${old}.dump && cp ${second?.id}.json ${old}.json`,
    );
    const copies = (): Promise<string> => onHost(vault, `ls ~${vault.user}/dumps/snapshots | wc -l`);
    await signGuestbook(app1, site, "Ada", "Kept elsewhere");
    const backup = await act({ operation: "backup" }, vars);
    expect(await copies()).toBe("4");
    const result = await act({}, [...vars, "django_app_dumps: {number: 2, days: 1}"]);
    expect(result.outputs.status, result.log).toBe("succeeded");
    expect(backup.outputs.status, backup.log).toBe("succeeded");
    expect(backup.log).not.toContain("only-for-this-test-too");
    dump = backup.outputs.dump ?? "";
    expect(backup.log).toContain(`:dumps has `);
    expect(await night()).toBe("success");
    expect(await onHost(vault, `grep -rl guestbook ~${vault.user}/dumps || true`)).toBe("");
    // The one of today that this night has made came, the one of years ago went.
    expect(await copies()).toBe("4");
    expect(await onHost(app1, `ls /opt/mysite/backups | grep -c ${old} || true`)).toBe("0");
    expect(await onHost(app1, "ls -d /run/django-ansible-deploy-*/password 2>/dev/null || true")).toBe("");
  });

  test("a new host restores from there", async () => {
    project.write("inventory/hosts.yml", inventory([app2]));
    await project.commit("Another host");
    const deployed = await act({}, targets);
    expect(deployed.outputs.status, deployed.log).toBe("succeeded");
    const none = await act({ operation: "restore", revision: "20200101T000000Z-aaaa", confirm: "mysite" }, targets);
    expectRefused(none, new RegExp(`:dumps has .*${dump}`));
    const restored = await act({ operation: "restore", revision: dump, confirm: "mysite" }, targets);
    expect(restored.outputs, restored.log).toMatchObject({ status: "succeeded", dump });
    expect((await fetchPage(app2, site)).body).toContain("Kept elsewhere");
    project.write("inventory/hosts.yml", inventory([app1]));
    await project.commit("The first host again");
  });

  test("they end with the variable", async () => {
    const result = await act({}, []);
    expect(result.outputs.status, result.log).toBe("succeeded");
    expect(
      await onHost(app1, "ls -d /etc/systemd/system/mysite-dumps* /etc/mysite/dumps.json 2>/dev/null || true"),
    ).toBe("");
  });
});
