import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, type Host, onHost } from "../../scripts/lab/index.mjs";
import { directly, expectRefused } from "./support/direct.js";
import { inventory } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

const site = "mysite.example";

let trial: Trial;
let project: Project;
let app1: Host;
let app2: Host;
let deploy: (host: Host, ...vars: string[]) => Promise<ActionResult>;

beforeAll(async () => {
  trial = await startTrial("first-deploy");
  [app1, app2] = await Promise.all([
    trial.host({ name: "app1", suite: "bookworm", kind: "base" }),
    trial.host({ name: "app2", suite: "bookworm", kind: "ready" }),
  ]);
  project = await createProject(trial, "examples/mysite");
  const vaulted = `vault_secret_key: ${secret("django-key")}`;
  const common = ["app_name: mysite", `server_name: ${site}`, "django_settings_module: mysite.settings.production"];
  for (const host of [app1, app2]) project.write(`inventory/${host.name}.yml`, inventory([host]));
  await project.commit("A guestbook");
  deploy = (host, ...vars) =>
    directly(trial, project, [host])({
      inputs: {
        "inventory-file": `inventory/${host.name}.yml`,
        vars: [...common, vaulted, "django_app_health_timeout: 20", ...vars].join("\n"),
        env: "DATABASE_URL=sqlite:////opt/mysite/shared/db.sqlite3\n",
      },
    });
});

afterAll(() => trial?.end());

/** What only a host has where a release is live, or was about to be. */
const served = `ls -d /etc/systemd/system/mysite@* /etc/nginx/sites-enabled/mysite /run/mysite/gunicorn.sock /opt/mysite/current /opt/mysite/slots/blue \\
  /var/lib/django-ansible-deploy/mysite.undo /var/lib/django-ansible-deploy/mysite.early 2>/dev/null || true
find /run/django-ansible-deploy -name mysite.lock -size +0
# It is stopped without waiting for its requests.
for second in $(seq 30); do systemctl list-units --state=active,activating,deactivating | grep -q 'mysite@' || exit 0; sleep 1; done
systemctl list-units --no-legend --plain 'mysite@*'`;

const phases = (result: ActionResult): string[] => Object.keys(JSON.parse(result.outputs.timings ?? "{}").phases);

describe("the first deploy of a host that is alone", () => {
  test("leaves nothing that serves when its release does not answer as it should", async () => {
    const result = await deploy(app1, "django_app_health_path: /nowhere/");
    expectRefused(result, /nothing was served before, and nothing is/);
    expect(await onHost(app1, served)).toBe("");
  });

  test("goes through after that", async () => {
    const result = await deploy(app1);
    expect(result.code, result.log).toBe(0);
    expect(await fetchPage(app1, site)).toMatchObject({ status: 200 });
    expect(await onHost(app1, "ls /opt/mysite/releases | wc -l; systemctl is-enabled mysite@blue.service")).toBe(
      "1\nenabled",
    );
  });

  test("is live in the step that prepares it, which fills the database", async () => {
    const result = await deploy(app2);
    expect(result.code, result.log).toBe(0);
    expect(phases(result)).toEqual(expect.arrayContaining(["Reach hosts", "Prepare"]));
    expect(JSON.parse(result.outputs.migrations ?? "[]")).toContain("guestbook.0001_initial");
    expect(result.log).toMatch(/guestbook\.0001_initial applied in/);
    expect(result.log).not.toMatch(/TASK \[.*Migrate the database|TASK \[.*Activate the release/);
    expect(await fetchPage(app2, site)).toMatchObject({ status: 200 });
    expect(
      await onHost(
        app2,
        "ls /opt/mysite/backups/*.dump | wc -l; find /run/django-ansible-deploy -name mysite.lock -size +0",
      ),
    ).toBe("1");
  });
});
