import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, serveS3 } from "../../scripts/lab/index.mjs";
import { directly, expectRefused } from "./support/direct.js";
import { signGuestbook } from "./support/guestbook.js";
import { inventory } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// Copies of dumps where S3 is spoken: made, pruned, and brought back on a host that has nothing.
const site = "mysite.example";
const bucket = "dumps";
const secretKey = secret("s3");

let trial: Trial;
let project: Project;
let app1: Host;
let app2: Host;
/** Speaks S3. */
let vault: Host;
let address: string;
let act: (inputs?: Record<string, string>, vars?: string[]) => Promise<ActionResult>;
let dump = "";

beforeAll(async () => {
  trial = await startTrial("recovery-s3");
  [app1, vault, app2] = await Promise.all([
    trial.host({ name: "app1", suite: "trixie", kind: "ready" }),
    trial.host({ name: "vault", suite: "trixie", kind: "base" }),
    trial.host({ name: "app2", suite: "trixie", kind: "ready" }),
  ]);
  address = await serveS3(vault, { bucket });
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory([app1]));
  await project.commit("A guestbook");
  const run = directly(trial, project, [app1, app2]);
  const common = [
    `server_name: ${site}`,
    "django_settings_module: mysite.settings.production",
    "vault_secret_key: a-key-that-is-only-for-this-test",
    "vault_db_password: a-password-that-is-only-for-this-test",
    "django_app_database: local",
    "postgresql_server_dumps: 0",
    `vault_dump_password: ${secret("copies")}`,
    "django_app_dump_targets:",
    `- repository: s3:${address}/${bucket}/mysite`,
    "  access_key: the-key-of-the-test",
    `  secret_key: ${secretKey}`,
  ];
  act = (inputs = {}, vars = []) => run({ inputs: { vars: [...common, ...vars].join("\n"), ...inputs } });
  const first = await act();
  expect(first.outputs, first.log).toMatchObject({ status: "succeeded" });
});

afterAll(() => trial?.end());

/** How many objects there are below a path of the bucket. */
const objects = (below: string): Promise<string> =>
  onHost(
    vault,
    `curl --silent --fail '${address}/${bucket}?list-type=2&prefix=mysite/${below}' | grep -o '<Key>' | wc -l`,
  );

test("a dump is copied there, encrypted", async () => {
  await signGuestbook(app1, site, "Ada", "Kept elsewhere");
  const backup = await act({ operation: "backup" });
  expect(backup.outputs, backup.log).toMatchObject({ status: "succeeded" });
  dump = backup.outputs.dump ?? "";
  expect(backup.log).toContain(`s3:${address}/${bucket}/mysite has `);
  expect(backup.log).not.toContain(secretKey);
  // One before the migrations of the first deploy, and this one.
  expect(await objects("snapshots/")).toBe("2");
  expect(await objects("keys/")).toBe("1");
  const again = await act({ operation: "backup" });
  expect(again.outputs, again.log).toMatchObject({ status: "succeeded" });
  expect(await objects("snapshots/")).toBe("3");
  expect(await onHost(app1, "grep -rl the-key-of-the-test /run/django-ansible-deploy-* 2>/dev/null || true")).toBe("");
});

test("what is not wanted any more goes from there", async () => {
  const old = "20200101T000000Z-aaaa";
  await onHost(
    app1,
    `cd /opt/mysite/backups && cp ${dump}.dump ${old}.dump && cp ${dump}.json ${old}.json && sed -i 's/${dump}/${old}/' ${old}.json`,
  );
  const all = await act({ operation: "backup" }, ["django_app_dumps: {number: 99, days: 1}"]);
  expect(all.outputs, all.log).toMatchObject({ status: "succeeded" });
  expect(await objects("snapshots/")).toBe("5");
  const fewer = await act({ operation: "backup" }, ["django_app_dumps: {number: 2, days: 1}"]);
  expect(fewer.outputs, fewer.log).toMatchObject({ status: "succeeded" });
  // The one of years ago went, the new one came.
  expect(await objects("snapshots/")).toBe("5");
});

test("a new host restores from there", async () => {
  project.write("inventory/hosts.yml", inventory([app2]));
  await project.commit("Another host");
  const deployed = await act();
  expect(deployed.outputs, deployed.log).toMatchObject({ status: "succeeded" });
  const none = await act({ operation: "restore", revision: "20200101T000000Z-aaaa", confirm: "mysite" });
  expectRefused(none, new RegExp(`/mysite has .*${dump}`));
  const restored = await act({ operation: "restore", revision: dump, confirm: "mysite" });
  expect(restored.outputs, restored.log).toMatchObject({ status: "succeeded", dump });
  expect((await fetchPage(app2, site)).body).toContain("Kept elsewhere");
});
