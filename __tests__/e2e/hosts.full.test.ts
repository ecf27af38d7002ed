import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { type ActionResult, type Host, onHost, servePostgres } from "../../scripts/lab/index.mjs";
import { blocksOf } from "../support/blocks.js";
import { directly } from "./support/direct.js";
import { describeInFull } from "./support/full.js";
import { signGuestbook } from "./support/guestbook.js";
import { inventory } from "./support/inventory.js";
import { failures, startLoad } from "./support/load.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { createReader, type Reader } from "./support/reader.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// docs/hosts.md: a server of Debian 13 is added to one of Debian 12 and takes its place; then an application moves with its data.
const page = "docs/hosts.md";
const site = "www.example.com";

let trial: Trial;
let project: Project;
let older: Host;
let newer: Host;
/** Serves the database of the application that has several hosts, and has their older PostgreSQL. */
let database: Host;
let reader: Reader;
let act: (file: string, inputs?: Record<string, string>) => Promise<ActionResult>;

/** Keys of the servers at the addresses by which the reader and the page's inventory know them. */
const innerKeys = (): string =>
  [older, newer].flatMap((host) => host.hostKeyLines.map((line) => line.replace(/^\S+/, host.innerAddress))).join("\n");

const succeeded = (result: ActionResult): ActionResult => {
  expect(result.outputs.status, result.log).toBe("succeeded");
  return result;
};

describeInFull(page, () => {
  beforeAll(async () => {
    trial = await startTrial("hosts");
    [older, newer, database] = await Promise.all([
      trial.host({ name: "app1", suite: "bookworm", kind: "ready" }),
      trial.host({ name: "app2", suite: "trixie", kind: "ready" }),
      trial.host({ name: "db1", suite: "bookworm", kind: "ready" }),
    ]);
    project = await createProject(trial, "examples/mysite");
    for (const [name, hosts] of Object.entries({ one: [older], other: [newer] })) {
      project.write(`inventory/${name}.yml`, inventory(hosts));
    }
    await project.commit("A guestbook");
    const home = join(trial.folder, "reader");
    mkdirSync(home);
    reader = createReader(home, trial.key.file, innerKeys());
    const run = directly(trial, project, [older, newer]);
    act = (file, inputs = {}) => run({ inputs: { "inventory-file": `inventory/${file}.yml`, ...inputs } });
  });
  afterAll(() => trial?.end());

  /** The blocks of the page with such a text, with the servers' addresses in the place of their names. */
  const blocks = (having: string): string[] =>
    blocksOf(page)
      .filter(({ text }) => text.includes(having))
      .map(({ text }) =>
        text.replaceAll("app1.example.com", older.innerAddress).replaceAll("app2.example.com", newer.innerAddress),
      );
  const follow = (having: string): Promise<string> => reader.shell(blocks(having).join("\n"), project.folder);

  test("a host is added and takes the place of another, and no request fails", async () => {
    const [hosts = ""] = blocks("# inventory/production.yml");
    const [step] = parse(blocks("operation: remove")[0] ?? "") as Array<{ with: Record<string, string> }>;
    const { operation = "", confirm = "", limit = "" } = step?.with ?? {};
    const write = async (names: string[]): Promise<void> => {
      const all = (parse(hosts) as { all: { hosts: Record<string, object> } }).all.hosts;
      const chosen = Object.fromEntries(names.map((name) => [name, all[name]]));
      const file = { all: { hosts: chosen, vars: { ansible_user: "deploy" } } };
      project.write("inventory/production.yml", JSON.stringify(file));
      await project.commit(`On ${names.join(" and ")}`);
    };
    const password = secret("database");
    await servePostgres(database, { database: "mysite", user: "mysite", password });
    const vars = {
      app_name: "mysite",
      server_name: site,
      django_settings_module: "mysite.settings.production",
      django_app_health_path: "/healthz",
      django_app_drain_seconds: 2,
      vault_secret_key: secret("django-key"),
    };
    const common = { vars: JSON.stringify(vars), "known-hosts": innerKeys() };
    const env = `DATABASE_URL=postgres://mysite:${password}@${database.innerAddress}/mysite`;
    await write(["app1"]);
    succeeded(await act("production", { ...common, env }));
    await signGuestbook(older, site, "Ada", "On the old host");

    const load = startLoad([older], site, { clients: 4 });
    await write(["app1", "app2"]);
    const added = succeeded(await act("production", { ...common, env }));
    expect(failures(await load.stop())).toEqual([]);
    expect(added.outputs["changed-host-names"]).toBe('["app1","app2"]');
    expect((await fetchPage(newer, site)).body).toContain("On the old host");

    const stays = startLoad([newer], site, { clients: 4 });
    const removed = succeeded(await act("production", { ...common, operation, confirm, limit }));
    expect(removed.outputs["changed-host-names"]).toBe('["app1"]');
    expect(
      await onHost(older, "systemctl list-units --no-legend --plain 'mysite*'; ls -d /opt/mysite 2>/dev/null || true"),
    ).toBe("");
    await onHost(older, "rm -r /var/backups/mysite-*");
    await write(["app2"]);
    succeeded(await act("production", { ...common, env }));
    expect(failures(await stays.stop())).toEqual([]);
    expect(succeeded(await act("production", { ...common, env })).outputs["changed-tasks"]).toBe("0");
    const all = JSON.stringify({ ...vars, django_app_remove_keep_data: false });
    succeeded(await act("production", { ...common, vars: all, operation, confirm }));
  });

  test("an application moves with its database and its uploads", async () => {
    const vars = {
      app_name: "mysite",
      server_name: site,
      django_settings_module: "mysite.settings.production",
      django_app_database: "local",
      vault_db_password: secret("database"),
      vault_secret_key: secret("django-key"),
      db_port: 5432,
    };
    const common = { vars: JSON.stringify(vars) };
    succeeded(await act("one", common));
    await signGuestbook(older, site, "Ada", "Before the move");
    await onHost(
      older,
      "runuser -u mysite -- sh -c 'mkdir -p /opt/mysite/shared/media && echo cat > /opt/mysite/shared/media/cat.txt'",
    );

    succeeded(await act("other", common));
    succeeded(await act("one", { ...common, operation: "maintenance-on" }));
    expect((await fetchPage(older, site)).status).toBe(503);
    const { dump = "" } = succeeded(await act("one", { ...common, operation: "backup" })).outputs;
    await follow("sudo tar");
    const restored = await act("other", { ...common, operation: "restore", revision: dump, confirm: "mysite" });
    succeeded(restored);
    expect(await follow("curl ")).toContain("Before the move");
    expect(
      await onHost(newer, "cat /opt/mysite/shared/media/cat.txt; stat -c '%U' /opt/mysite/shared/media/cat.txt"),
    ).toBe("cat\nmysite");
    await signGuestbook(newer, site, "Grace", "After the move");
    expect(succeeded(await act("other", common)).outputs["changed-tasks"]).toBe("0");

    succeeded(await act("one", { ...common, operation: "remove", confirm: "mysite" }));
    expect(
      await onHost(older, "ls /var/backups | grep -c '^mysite-'; ls /var/lib/mysite-dumps | grep -c '^last-'"),
    ).toBe("1\n1");
    expect((await fetchPage(newer, site)).body).toContain("After the move");
  });
});
