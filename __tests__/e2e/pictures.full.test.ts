import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensurePackages } from "../../scripts/lab/engine.mjs";
import { ensureCommands, type Host, onHost, projectFolder, servePostgres } from "../../scripts/lab/index.mjs";
import { type DeployRequest, directly } from "./support/direct.js";
import { inventory } from "./support/inventory.js";
import { picture } from "./support/picture.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// The pictures of the README and of docs/results.md, made from a real deploy and a real rollback of a fleet.
const password = secret("database");
const site = "www.example.com";
const certificate = "/etc/ssl/private/site";
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
  // With what a site in production has, so that no warning hides what the pictures are for.
  await onHost(first, `su postgres -c 'psql -qXc "ALTER ROLE mysite CREATEDB"'`);
  for (const host of hosts) {
    await onHost(
      host,
      `openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=${site} -keyout ${certificate}.key -out ${certificate}.pem 2>/dev/null`,
    );
  }
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory(hosts));
  const run = directly(trial, project, hosts);
  const env = [
    "SECRET_KEY=only-for-the-pictures-and-long-enough-for-the-checks-of-django",
    `DATABASE_URL=postgres://mysite:${password}@app1/mysite`,
    "HTTPS_ONLY=1",
  ];
  const vars = [
    "django_settings_module: mysite.settings.production",
    "tls: files",
    `tls_certificate: ${certificate}.pem`,
    `tls_certificate_key: ${certificate}.key`,
  ];
  const inputs = { "server-name": site, env: env.join("\n"), vars: vars.join("\n") };
  const job = { GITHUB_REPOSITORY: "example/mysite", GITHUB_ACTOR: "octocat", GITHUB_RUN_ID: "4711" };
  deploy = () => run({ inputs, env: job });
  const hsts = ["SECONDS = 31536000", "INCLUDE_SUBDOMAINS = True", "PRELOAD = True"];
  project.write(
    "mysite/settings/production.py",
    `${project.read("mysite/settings/production.py")}${hsts.map((line) => `SECURE_HSTS_${line}\n`).join("")}`,
  );
  project.write(".github/workflows/rollback.yml", "name: Roll back\n");
});
afterAll(() => trial?.end());

async function bring(version: string): Promise<void> {
  project.write("mysite/__init__.py", `__version__ = "${version}"\n`);
  await project.commit(`Version ${version}`);
}

const index = (name: string): string => `models.Index(fields=["name"], name="${name}")`;

/** A migration that the version before can live with, and the model that goes with it. */
function addIndex(name: string, file: string, before: string): void {
  project.write(
    `guestbook/migrations/${file}.py`,
    `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("guestbook", "${before}")]
    operations = [migrations.AddIndex("entry", ${index(name)})]
`,
  );
  const model = project.read("guestbook/models.py");
  project.write(
    "guestbook/models.py",
    model.includes("indexes = [")
      ? model.replace("indexes = [", `indexes = [${index(name)}, `)
      : model.replace("    class Meta:\n", `    class Meta:\n        indexes = [${index(name)}]\n`),
  );
}

describe("the pictures of the summary", () => {
  test("after a success", async () => {
    await bring("1");
    expect((await deploy()).code).toBe(0);
    addIndex("by_name", "0002_by_name", "0001_initial");
    await bring("2");
    const done = await deploy();
    expect(done.outputs, done.log).toMatchObject({ status: "succeeded", migrations: '["guestbook.0002_by_name"]' });
    expect(done.summary).not.toContain("#### Warnings");
    await draw("summary-success", done.summary);
  });

  test("after a rollback", async () => {
    addIndex("by_name_again", "0003_by_name_again", "0002_by_name");
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
