import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensurePackages } from "../../scripts/lab/engine.mjs";
import { ensureCommands, type Host, projectFolder, servePostgres } from "../../scripts/lab/index.mjs";
import { type DeployRequest, directly } from "./support/direct.js";
import { inventory } from "./support/inventory.js";
import { picture } from "./support/picture.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// The pictures of the README and of docs/results.md, made from a real deploy and a real rollback of a fleet.
const password = secret("database");
const images = join(projectFolder, "docs/images");

let trial: Trial;
let project: Project;
let deploy: (request?: DeployRequest) => ReturnType<ReturnType<typeof directly>>;

beforeAll(async () => {
  await ensureCommands(["chromium"], console.log);
  await ensurePackages(["fonts-noto-color-emoji"], console.log);
  trial = await startTrial("pictures");
  const hosts: Host[] = await Promise.all([
    trial.host({ name: "app1", suite: "bookworm", kind: "ready" }),
    trial.host({ name: "app2", suite: "trixie", kind: "ready" }),
  ]);
  const [first] = hosts as [Host, Host];
  await servePostgres(first, { database: "mysite", user: "mysite", password });
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory(hosts));
  const run = directly(trial, project, hosts);
  const inputs = {
    "server-name": "www.example.com",
    env: `SECRET_KEY=only-for-the-pictures-and-long-enough\nDATABASE_URL=postgres://mysite:${password}@app1/mysite`,
    vars: "django_settings_module: mysite.settings.production",
  };
  const env = { GITHUB_REPOSITORY: "example/mysite", GITHUB_ACTOR: "octocat", GITHUB_RUN_ID: "4711" };
  deploy = () => run({ inputs, env });
  project.write(".github/workflows/rollback.yml", "name: Roll back\n");
});
afterAll(() => trial?.end());

async function bring(version: string): Promise<void> {
  project.write("mysite/__init__.py", `__version__ = "${version}"\n`);
  await project.commit(`Version ${version}`);
}

/** A migration that the version before can live with. */
const migration = (name: string, before: string): string => `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("guestbook", "${before}")]
    operations = [migrations.AddIndex("entry", models.Index(fields=["name"], name="${name}"))]
`;

describe("the pictures of the summary", () => {
  test("after a success", async () => {
    await bring("1");
    expect((await deploy()).code).toBe(0);
    project.write("guestbook/migrations/0002_by_name.py", migration("by_name", "0001_initial"));
    await bring("2");
    const done = await deploy();
    expect(done.outputs, done.log).toMatchObject({ status: "succeeded", migrations: '["guestbook.0002_by_name"]' });
    await draw("summary-success", done.summary);
  });

  test("after a rollback", async () => {
    project.write("guestbook/migrations/0003_by_name_again.py", migration("by_name_again", "0002_by_name"));
    const view = project.read("guestbook/views.py");
    const broken = `        if socket.gethostname() == "app2":\n            os.environ["MAP_SERVICE_URL"]\n`;
    project.write(
      "guestbook/views.py",
      `import os\nimport socket\n\n${view.replace(/(def get_context_data.*\n)/, `$1${broken}`)}`,
    );
    await bring("3");
    const done = await deploy();
    expect(done.outputs, done.log).toMatchObject({ status: "rolled-back", "failed-host-names": '["app2"]' });
    await draw("summary-rollback", done.summary);
  });
});

async function draw(name: string, markdown: string): Promise<void> {
  mkdirSync(images, { recursive: true });
  writeFileSync(join(images, `${name}.png`), await picture(trial.folder, name, markdown));
}
