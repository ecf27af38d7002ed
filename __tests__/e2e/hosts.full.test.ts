import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, type Host, onHost } from "../../scripts/lab/index.mjs";
import { blocksOf } from "../support/blocks.js";
import { directly } from "./support/direct.js";
import { describeInFull } from "./support/full.js";
import { signGuestbook } from "./support/guestbook.js";
import { inventory } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { createReader, type Reader } from "./support/reader.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// docs/hosts.md: an application that moves from a server of Debian 12 to one of Debian 13.
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
    for (const [name, hosts] of Object.entries({ one: [older], other: [newer] })) {
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
