import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cacheFolder, type Host, onHost, projectFolder, servePostgres } from "../../scripts/lab/index.mjs";
import { runWorkflow, type WorkflowRequest, type WorkflowRun } from "./support/act.js";
import { inventory, knownHosts } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import { createProject, type Project } from "./support/project.js";
import { called, checkout, checkoutUsed, gh } from "./support/stand-ins.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// What somebody who approves deploys to production gets to read, and does, as docs/approving.md has it. The texts stay in
// .cache/pages/approval, to be looked at.
const site = "mysite.example";
const sudo = secret("sudo");
const password = secret("database");
const pages = join(cacheFolder, "pages", "approval");

let trial: Trial;
let project: Project;
let staging: Host;
let production: Host;

beforeAll(async () => {
  mkdirSync(pages, { recursive: true });
  trial = await startTrial("approval");
  [staging, production] = await Promise.all([
    trial.host({ name: "staging1", suite: "bookworm", kind: "ready", password: sudo }),
    trial.host({ name: "app1", suite: "trixie", kind: "ready", password: sudo }),
  ]);
  for (const host of [staging, production]) {
    await servePostgres(host, { database: "mysite", user: "mysite", password });
    await onHost(host, `su postgres -c 'psql -qXc "ALTER ROLE mysite CREATEDB"'`);
  }
  project = await createProject(trial, "examples/mysite");
  for (const [name, host] of Object.entries({ staging, production }))
    project.write(`inventory/${name}.yml`, inventory([host]));
  project.write(
    "group_vars/all.yml",
    JSON.stringify({ server_name: site, django_settings_module: "mysite.settings.production" }),
  );
  project.write(".github/workflows/rollback.yml", "name: Roll back\n");
});
afterAll(() => trial?.end());

/** Commits a version that the pages show. */
function bring(version: string): Promise<string> {
  project.write("mysite/__init__.py", `__version__ = "${version}"\n`);
  return project.commit(`Version ${version}`);
}

function run(example: string, request: Partial<WorkflowRequest> = {}): Promise<WorkflowRun> {
  return runWorkflow(trial, join(projectFolder, "examples/workflows", example), {
    project,
    secrets: {
      SSH_PRIVATE_KEY: trial.key.text,
      BECOME_PASSWORD: sudo,
      APP_ENV: `SECRET_KEY=approvals-of-django-keys-are-long-enough-for-checks\nDATABASE_URL=postgres://mysite:${password}@127.0.0.1/mysite`,
    },
    vars: { KNOWN_HOSTS: knownHosts([staging, production]) },
    event: { name: "push" },
    ...request,
  });
}

function press(example: string, inputs: Record<string, string>): Promise<WorkflowRun> {
  return run(example, { event: { name: "workflow_dispatch" }, inputs });
}

function keep(name: string, { log, summaries }: WorkflowRun): void {
  writeFileSync(join(pages, `${name}.log`), log);
  for (const [index, text] of summaries.entries()) writeFileSync(join(pages, `${name}-${index + 1}.md`), text);
}

const version = async (host: Host): Promise<string> =>
  /Version ([^<]+)</.exec((await fetchPage(host, site)).body)?.[1] ?? "";

const column = (name: string, before: string): string => `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("guestbook", "${before}")]
    operations = [migrations.AddField("entry", "${name}", models.CharField(max_length=9, null=True))]
`;

describe("who approves production", () => {
  test("reads in the pull request what production would get", async () => {
    const base = await bring("1");
    const first = await run("staging-then-production.yml");
    keep("first", first);
    expect(first.code, first.log).toBe(0);
    project.write("guestbook/migrations/0002_mood.py", column("mood", "0001_initial"));
    const model = project.read("guestbook/models.py");
    project.write(
      "guestbook/models.py",
      model.replace("    created =", "    mood = models.CharField(max_length=9, null=True)\n    created ="),
    );
    await bring("2");
    const file = join(trial.folder, "gh-comment.json");
    const done = await run("pull-request-check.yml", {
      commands: { gh: gh(file) },
      actions: { [checkoutUsed("pull-request-check.yml")]: checkout(join(trial.folder, "checkout"), project.folder) },
      event: {
        name: "pull_request",
        payload: {
          number: 7,
          pull_request: {
            number: 7,
            head: { repo: { full_name: "example/mysite" } },
            base: { ref: "main", sha: base },
          },
        },
      },
    });
    keep("comment", done);
    writeFileSync(join(pages, "comment.md"), called(file).text);
    expect(done.code, done.log).toBe(0);
    expect(called(file).text).toContain("guestbook.0002_mood");
  });

  test("reads on the page of the run how staging went and what production would get, before deciding", async () => {
    const done = await run("staging-then-production.yml");
    keep("second", done);
    expect(done.code, done.log).toBe(0);
    const [onStaging, preview, live] = done.summaries;
    expect(onStaging).toMatch(/^### ✅ Deploy of mysite on staging1/);
    expect(preview).toMatch(/^### ✅ Check of mysite on app1/);
    expect(preview).toContain("guestbook.0002_mood");
    expect(live).toMatch(/^### ✅ Deploy of mysite on app1/);
    expect(await version(production)).toBe("2");
  });

  test("has nothing to decide about what staging refuses", async () => {
    const kept = Object.fromEntries(["models", "views"].map((name) => [name, project.read(`guestbook/${name}.py`)]));
    const rename = `operations = [migrations.RenameField("entry", "mood", "feeling")]`;
    project.write("guestbook/migrations/0003_feeling.py", column("x", "0002_mood").replace(/operations = .*/, rename));
    project.write("guestbook/models.py", (kept.models ?? "").replace("mood =", "feeling ="));
    await bring("3");
    const done = await run("staging-then-production.yml");
    keep("refused-by-staging", done);
    expect(done.code).not.toBe(0);
    expect(done.summaries).toHaveLength(1);
    expect(done.summary).toMatch(/^### ❌ Deploy of mysite on staging1/);
    expect(await version(production)).toBe("2");
    project.remove("guestbook/migrations/0003_feeling.py");
    for (const [name, text] of Object.entries(kept)) project.write(`guestbook/${name}.py`, text);
  });

  test("reads after a failure what became of production", async () => {
    const view = project.read("guestbook/views.py");
    const broken = `        if socket.gethostname() == "app1":\n            os.environ["MAP_SERVICE_URL"]\n`;
    project.write("guestbook/migrations/0003_more.py", column("more", "0002_mood"));
    const model = project.read("guestbook/models.py");
    project.write(
      "guestbook/models.py",
      model.replace("    created =", "    more = models.CharField(max_length=9, null=True)\n    created ="),
    );
    project.write(
      "guestbook/views.py",
      `import os\nimport socket\n\n${view.replace(/(def get_context_data.*\n)/, `$1${broken}`)}`,
    );
    await bring("4");
    const done = await run("staging-then-production.yml");
    keep("broken", done);
    expect(done.code).not.toBe(0);
    expect(done.summary).toMatch(/^### ↩️ Deploy of mysite on app1 rolled back/);
    expect(await version(production)).toBe("2");
    project.write("guestbook/views.py", view);
  });

  test("rolls back with the button, which first names the migrations, and then does what was chosen", async () => {
    const stopped = await press("rollback.yml", { revision: "", migrations: "stop" });
    keep("rollback-stop", stopped);
    expect(stopped.code).not.toBe(0);
    expect(stopped.summary).toContain("guestbook.0002_mood");
    const done = await press("rollback.yml", { revision: "", migrations: "keep" });
    keep("rollback-keep", done);
    expect(done.code, done.log).toBe(0);
    expect(await version(production)).toBe("1");
  });

  test("locks, so that the next push does not bring it back, and unlocks", async () => {
    const locked = await press("operations.yml", { operation: "lock", command: "" });
    keep("lock", locked);
    expect(locked.code, locked.log).toBe(0);
    await bring("5");
    const refused = await run("staging-then-production.yml");
    keep("refused", refused);
    expect(refused.code).not.toBe(0);
    expect(await version(production)).toBe("1");
    const status = await press("operations.yml", { operation: "status", command: "" });
    keep("status", status);
    const unlocked = await press("operations.yml", { operation: "unlock", command: "" });
    keep("unlock", unlocked);
    const done = await run("staging-then-production.yml");
    keep("after", done);
    expect(await version(production)).toBe("5");
  });
});
