import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Host, onHost } from "../../scripts/lab/index.mjs";
import { directly } from "./support/direct.js";
import { signGuestbook } from "./support/guestbook.js";
import { inventory } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { endOthers, TAKEN_OVER } from "./support/taken-over.js";
import { startTrial, type Trial } from "./support/trial.js";

// An application that is taken over, and the programs of its database, which run as its user.
const site = "mysite.example";
const vars = [
  `server_name: ${site}`,
  "django_settings_module: mysite.settings.production",
  "vault_secret_key: a-key-that-is-only-for-this-test",
  "vault_db_password: a-password-that-is-only-for-this-test",
  "django_app_database: local",
].join("\n");

let trial: Trial;
let host: Host;
let project: Project;
let run: (inputs?: Record<string, string>) => ReturnType<ReturnType<typeof directly>>;

beforeAll(async () => {
  trial = await startTrial("attackers-database");
  // systemd is too old there to give units process IDs of their own.
  host = await trial.host({ name: "app1", suite: "bookworm", kind: "ready" });
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory([host]));
  project.write("mysite/wsgi.py", `${project.read("mysite/wsgi.py")}${TAKEN_OVER}`);
  await project.commit("A guestbook");
  const start = directly(trial, project, [host]);
  run = (inputs = {}) => start({ inputs: { vars, "timeout-minutes": "5", ...inputs } });
  const first = await run();
  expect(first.outputs.status, first.log).toBe("succeeded");
});

afterAll(() => trial?.end());

describe("the application, taken over", () => {
  test.each(["SIGKILL", "SIGSTOP"])("keeps no dump of its database from its end by %s", async (signal) => {
    const killer = await endOthers(host, site, [signal]);
    try {
      const backup = await run({ operation: "backup" });
      expect(backup.outputs.status, backup.log).toBe("succeeded");
      expect(await onHost(host, `ls /opt/mysite/backups/${backup.outputs.dump}.dump`)).toContain(".dump");
      expect(await killer.tries()).toBeGreaterThan(0);
    } finally {
      await killer.stop();
    }
    expect((await fetchPage(host, site)).status).toBe(200);
  });

  test.each(["SIGKILL", "SIGSTOP"])("keeps no restore from its end by %s", async (signal) => {
    const backup = await run({ operation: "backup" });
    expect(backup.outputs.status, backup.log).toBe("succeeded");
    const dump = backup.outputs.dump ?? "";
    await signGuestbook(host, site, "Eve", "After the dump");
    const killer = await endOthers(host, site, [signal]);
    try {
      const restored = await run({ operation: "restore", revision: dump, confirm: "mysite" });
      expect(restored.outputs, restored.log).toMatchObject({ status: "succeeded", dump });
      expect(await killer.tries()).toBeGreaterThan(0);
    } finally {
      await killer.stop();
    }
    const page = await fetchPage(host, site);
    expect(page.status).toBe(200);
    expect(page.body).not.toContain("After the dump");
  });
});

describe("a migration", () => {
  test("cannot drown the heartbeat in what it says of itself", async () => {
    project.write(
      "guestbook/migrations/0002_loud.py",
      `import os
import time

from django.db import migrations


def shout(apps, schema_editor):
    until = time.monotonic() + 40
    lines = b"migration guestbook.0002_loud waits\\n" * 500
    while time.monotonic() < until:
        os.write(2, lines)


class Migration(migrations.Migration):
    dependencies = [("guestbook", "0001_initial")]
    operations = [migrations.RunPython(shout)]
`,
    );
    await project.commit("A loud migration");
    const result = await run();
    expect(result.outputs, result.log).toMatchObject({ status: "succeeded", migrations: '["guestbook.0002_loud"]' });
    expect(result.log.match(/0002_loud did not get its lock/g)?.length).toBeLessThanOrEqual(40);
  });
});
