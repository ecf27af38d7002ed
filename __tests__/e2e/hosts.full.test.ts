import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
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

// docs/hosts.md: a server of Debian 12 that is added to, replaced and moved from, by one of Debian 13.
const page = "docs/hosts.md";
const site = "www.example.com";

let trial: Trial;
let project: Project;
let older: Host;
let newer: Host;
let reader: Reader;
let act: (file: string, inputs?: Record<string, string>) => Promise<ActionResult>;

const succeeded = (result: ActionResult): ActionResult => {
  expect(result.outputs.status, result.log).toBe("succeeded");
  return result;
};

describeInFull(page, () => {
  beforeAll(async () => {
    trial = await startTrial("hosts");
    [older, newer] = await Promise.all([
      trial.host({ name: "app1", suite: "bookworm", kind: "ready" }),
      trial.host({ name: "app2", suite: "trixie", kind: "ready" }),
    ]);
    project = await createProject(trial, "examples/mysite");
    for (const [name, hosts] of Object.entries({ one: [older], both: [older, newer], other: [newer] })) {
      project.write(`inventory/${name}.yml`, inventory(hosts));
    }
    await project.commit("A guestbook");
    const home = join(trial.folder, "reader");
    mkdirSync(home);
    const lines = [older, newer].flatMap((host) =>
      host.hostKeyLines.map((line) => line.replace(/^\S+/, host.innerAddress)),
    );
    reader = createReader(home, trial.key.file, lines.join("\n"));
    const run = directly(trial, project, [older, newer]);
    act = (file, inputs = {}) => run({ inputs: { "inventory-file": `inventory/${file}.yml`, ...inputs } });
  });
  afterAll(() => trial?.end());

  /** A block of the page, with the servers' addresses in the place of their names. */
  const follow = (index: number): Promise<string> =>
    reader.shell(
      (blocksOf(page)[index]?.text ?? "")
        .replaceAll("app1.example.com", older.innerAddress)
        .replaceAll("app2.example.com", newer.innerAddress),
      project.folder,
    );

  test("a host is added and takes the place of another, and no request fails", async () => {
    const password = secret("database");
    await servePostgres(newer, { database: "shop", user: "shop", password });
    const vars = {
      app_name: "shop",
      server_name: site,
      django_settings_module: "mysite.settings.production",
      django_app_health_path: "/healthz",
      django_app_drain_seconds: 2,
      // Debian 12 has no pg_dump for the server of Debian 13.
      django_app_dump: false,
      vault_secret_key: secret("django-key"),
    };
    const env = `DATABASE_URL=postgres://shop:${password}@${newer.innerAddress}/shop`;
    const common = { vars: JSON.stringify(vars) };
    succeeded(await act("one", { ...common, env }));
    const load = startLoad([older], site, { clients: 4 });
    const added = succeeded(await act("both", { ...common, env }));
    expect(failures(await load.stop())).toEqual([]);
    expect(added.outputs["changed-host-names"]).toBe('["app2"]');
    await signGuestbook(older, site, "Ada", "On the old host");
    expect((await fetchPage(newer, site)).body).toContain("On the old host");
    const stays = startLoad([newer], site, { clients: 4 });
    const removed = succeeded(await act("both", { ...common, operation: "remove", confirm: "shop", limit: "app1" }));
    expect(failures(await stays.stop())).toEqual([]);
    expect(removed.outputs["changed-host-names"]).toBe('["app1"]');
    expect(
      await onHost(older, "systemctl list-units --no-legend --plain 'shop*'; ls -d /opt/shop 2>/dev/null || true"),
    ).toBe("");
    expect(succeeded(await act("other", { ...common, env })).outputs["changed-tasks"]).toBe("0");
    succeeded(await act("other", { ...common, operation: "remove", confirm: "shop" }));
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
    await follow(0);
    const restored = await act("other", { ...common, operation: "restore", revision: dump, confirm: "mysite" });
    succeeded(restored);
    expect(await follow(1)).toContain("Before the move");
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
