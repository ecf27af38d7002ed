import { afterAll, beforeAll, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, reboot } from "../../scripts/lab/index.mjs";
import { blocksOf } from "../support/blocks.js";
import { directly, expectRefused } from "./support/direct.js";
import { commitVersion } from "./support/fault-fleet.js";
import { signGuestbook } from "./support/guestbook.js";
import { inventory } from "./support/inventory.js";
import { failures, startLoad } from "./support/load.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// docs/upgrading.md, "Debian in place": a host of Debian 12 becomes one of Debian 13, by the page's blocks, with a local database.
const page = "docs/upgrading.md";
const site = "www.example.com";

let trial: Trial;
let project: Project;
let host: Host;
let act: (inputs?: Record<string, string>) => Promise<ActionResult>;
/** Releases with the Python of Debian 12, the older one first. */
const before: string[] = [];

const succeeded = (result: ActionResult): ActionResult => {
  expect(result.outputs.status, result.log).toBe("succeeded");
  return result;
};

beforeAll(async () => {
  trial = await startTrial("debian");
  host = await trial.host({ name: "app1", suite: "bookworm", kind: "base" });
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory([host]));
  const vars = JSON.stringify({
    app_name: "mysite",
    server_name: site,
    django_settings_module: "mysite.settings.production",
    django_app_database: "local",
    vault_db_password: secret("database"),
    vault_secret_key: secret("django-key"),
  });
  const run = directly(trial, project, [host]);
  act = (inputs = {}) => run({ inputs: { vars, ...inputs } });
  for (const version of ["1", "2"]) {
    await commitVersion(project, version);
    before.push(succeeded(await act()).outputs.release ?? "");
  }
  await signGuestbook(host, site, "Ada", "On Debian 12");
  // The lab mounts this machine's certificates in the place of the file that the package would write.
  await onHost(host, "apt-mark hold ca-certificates");
});

afterAll(() => trial?.end());

const problems = async (): Promise<string[]> =>
  JSON.parse(succeeded(await act({ operation: "status" })).outputs["host-status"] ?? "{}").app1.problems;

/** A block of the page, on the server as root. */
async function follow(having: string): Promise<void> {
  const [block, ...more] = blocksOf(page).filter(({ text }) => text.includes(having));
  if (block === undefined || more.length > 0) throw new Error(`Not one block of ${page} has "${having}".`);
  expect(block.text).toMatch(/^# on the server, as root\n/);
  await onHost(host, block.text.replace("systemctl reboot", ""));
  if (block.text.includes("systemctl reboot")) await reboot(host);
}

const python = (): Promise<string> =>
  onHost(
    host,
    "basename $(readlink -f /proc/$(systemctl show --value --property=MainPID 'mysite@*.service' | sort -n | tail -1)/exe)",
  );

const expectPage = async (version: string): Promise<void> =>
  expect(await fetchPage(host, site)).toMatchObject({
    status: 200,
    body: expect.stringMatching(
      new RegExp(`Version ${version}<[\\s\\S]*On Debian 12|On Debian 12[\\s\\S]*Version ${version}<`),
    ),
  });

test("after the upgrade of packages the live release goes on, also when it starts again, and status says what to do", async () => {
  await follow("full-upgrade");
  expect(await onHost(host, "cut -d. -f1 /etc/debian_version")).toBe("13");
  await onHost(host, "systemctl restart 'mysite@*.service'");
  await expectPage("2");
  expect(await python()).toBe("python3.11");
  expect(await problems()).toEqual([
    "the live release runs in python3.11, and the host's own is python3.13 now: deploy before somebody removes python3.11",
  ]);
});

test("a deploy of the same commit brings the new Python, and a rollback the old one, without a failed request", async () => {
  const load = startLoad([host], site, { clients: 4 });
  const first = succeeded(await act());
  expect(before).not.toContain(first.outputs.release);
  expect(await python()).toBe("python3.13");
  expect(succeeded(await act({ operation: "rollback" })).outputs.release).toBe(before[1]);
  expect(await python()).toBe("python3.11");
  expect(succeeded(await act()).outputs.release).toBe(first.outputs.release);
  expect(failures(await load.stop())).toEqual([]);
  expect(await python()).toBe("python3.13");
  expect(succeeded(await act()).outputs["changed-tasks"]).toBe("0");
});

test("the database moves to the new PostgreSQL", async () => {
  succeeded(await act({ operation: "maintenance-on" }));
  await follow("pg_upgradecluster");
  succeeded(await act({ operation: "maintenance-off" }));
  await expectPage("2");
  succeeded(await act());
  expect(succeeded(await act()).outputs["changed-tasks"]).toBe("0");
  expect(await onHost(host, "pg_lsclusters --no-header | awk '{print $1, $3, $4}'")).toBe("17 5432 online");
  const { dump = "" } = succeeded(await act({ operation: "backup" })).outputs;
  succeeded(await act({ operation: "restore", revision: dump, confirm: "mysite" }));
  await expectPage("2");
});

test("once the old Python is gone, the server starts again, and a rollback to a release of before is refused", async () => {
  await follow("autoremove");
  await expectPage("2");
  expect(await onHost(host, "ls /usr/bin/python3.11 2>/dev/null || true")).toBe("");
  expectRefused(
    await act({ operation: "rollback" }),
    new RegExp(`${before[1]} cannot start any more, since the Python that it was made with is not on every host`),
  );
  await expectPage("2");
  expect(await problems()).toEqual([]);
});
