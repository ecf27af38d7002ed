import { existsSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, type Host, onHost, servePostgres } from "../../scripts/lab/index.mjs";
import { directly } from "./support/direct.js";
import { testInFull } from "./support/full.js";
import { inventory } from "./support/inventory.js";
import { createProject, type Project } from "./support/project.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

const password = secret("database");
/** Has the new code's Django asked, with the application's environment. */
const asked = { "extra-args": "--extra-vars django_app_check_with_environment=true" };
const token = secret("token");

let trial: Trial;
let project: Project;
/** Serves releases. */
let app1: Host;
/** Nothing was ever deployed to it. */
let fresh: Host;
let deploy: (inputs: Record<string, string>) => Promise<ActionResult>;

beforeAll(async () => {
  trial = await startTrial("check");
  [app1, fresh] = await Promise.all([
    trial.host({ name: "app1", suite: "bookworm", kind: "ready" }),
    trial.host({ name: "fresh", suite: "bookworm", kind: "base" }),
  ]);
  await servePostgres(app1, { database: "mysite", user: "mysite", password });
  project = await createProject(trial, "examples/mysite");
  project.write("inventory/hosts.yml", inventory([app1, fresh]));
  await project.commit("A guestbook");
  const vars = [
    ...["server_name: mysite.example", "django_settings_module: mysite.settings.production"],
    ...["db_host: app1", "db_name: mysite", "db_user: mysite", `vault_db_password: ${password}`],
    `vault_secret_key: ${secret("django-key")}`,
  ];
  const run = directly(trial, project, [app1, fresh]);
  deploy = (inputs) => run({ inputs: { vars: vars.join("\n"), ...inputs } });
});

afterAll(() => trial?.end());

/** Checks, and returns the result with the summary's text. */
async function check(inputs: Record<string, string>): Promise<ActionResult & { text: string }> {
  const result = await deploy({ check: "true", ...inputs });
  const file = result.outputs["summary-file"] ?? "";
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  for (const known of [password, token]) expect(text).not.toContain(known);
  return { ...result, text };
}

/** All that a deploy could change on a host, as one text. */
const traces = (host: Host): Promise<string> =>
  onHost(
    host,
    `find /var/tmp /var/lib -mindepth 1 -maxdepth 1 -printf '%p\\n'; find /opt /etc/mysite /etc/nginx /etc/systemd/system /var/lib/django-ansible-deploy /run/django-ansible-deploy /var/cache/django-ansible-deploy -printf '%p %T@ %m %u\\n' 2>/dev/null | sort; getent passwd; dpkg -l | tail -n +6`,
  );

describe("a check", () => {
  test("of a host that nothing was deployed to tells its packages and what cannot be told, and leaves no trace", async () => {
    const before = await traces(fresh);
    const { outputs, text, log, code } = await check({ limit: "fresh" });
    expect(code, log).toBe(0);
    expect(outputs).toMatchObject({ status: "succeeded", "changed-host-names": '["fresh"]', migrations: "[]" });
    expect(text).toMatch(/System packages that would be installed:\*\* .*<code>nginx<\/code>/);
    expect(text).toContain("no release is on this host yet");
    expect(await traces(fresh)).toBe(before);
  });

  test("of a live host says that nothing would change where nothing would", async () => {
    const first = await deploy({ limit: "app1", env: `GUESTBOOK_TOKEN=${token}` });
    expect(first.code, first.log).toBe(0);
    const { outputs, log } = await check({ limit: "app1", env: `GUESTBOOK_TOKEN=${token}` });
    expect(outputs, log).toMatchObject({ status: "succeeded", "changed-hosts": "0", "changed-tasks": "0" });
  });

  test("of a commit with a migration names it and the requirements, by the new code itself, and the deploy does just that", async () => {
    project.write(
      "guestbook/models.py",
      project
        .read("guestbook/models.py")
        .replace("    created =", '    mood = models.CharField(max_length=20, db_default="")\n    created ='),
    );
    project.write("guestbook/migrations/0002_entry_mood.py", MIGRATION);
    const commit = await project.commit("Moods");
    const before = await traces(app1);
    const guessed = await check({ limit: "app1" });
    expect(guessed.outputs, guessed.log).toMatchObject({
      migrations: '["guestbook.0002_entry_mood"]',
      status: "succeeded",
    });
    expect(guessed.text).toContain("❔");
    expect(guessed.text).toContain("not predicted, since Django did not run");
    expect(await traces(app1)).toBe(before);
    const predicted = await check({ limit: "app1", env: `GUESTBOOK_TOKEN=${token}`, ...asked });
    expect(predicted.code, predicted.log).toBe(0);
    expect(predicted.outputs).toMatchObject({ migrations: '["guestbook.0002_entry_mood"]', "changed-hosts": "1" });
    expect(predicted.text).toContain("**Migrations that would be applied:** <code>guestbook.0002_entry_mood</code>");
    expect(predicted.text).toContain(`→ ${commit.slice(0, 7)}`);
    expect(predicted.text).not.toContain("❔");
    expect(await traces(app1)).toBe(before);
    const done = await deploy({ limit: "app1", env: `GUESTBOOK_TOKEN=${token}` });
    expect(done.outputs).toMatchObject({ migrations: '["guestbook.0002_entry_mood"]', "changed-hosts": "1" });
  });

  test("of a commit that links to files of the host shows nothing of them, writes nothing and says where the deploy would end", async () => {
    const requirements = project.read("requirements.txt");
    project.write("requirements.txt", `${requirements}-r requirements-extra.txt\n`);
    symlinkSync("/etc/passwd", join(project.folder, "requirements-extra.txt"));
    symlinkSync("/etc/pwned", join(project.folder, "REVISION"));
    await project.commit("Read what is on the host");
    // The slot of before ends by itself, and its private folder of temporary files with it.
    await onHost(
      app1,
      "timeout 60 sh -c 'while ls -d /var/tmp/systemd-private-*-mysite@* | grep -c . | grep -qv 1; do sleep 0.2; done'",
    );
    const before = await traces(app1);
    const { outputs, text, log } = await check({ limit: "app1", env: `GUESTBOOK_TOKEN=${token}` });
    expect(outputs.status, log).toBe("failed");
    expect(log).toContain("requirements-extra.txt is a link to /etc/passwd, which is outside");
    expect(log + text).not.toContain("daemon:");
    expect(await traces(app1)).toBe(before);
    expect(await onHost(app1, "ls /etc/pwned 2>/dev/null || true")).toBe("");
    for (const name of ["requirements-extra.txt", "REVISION"]) rmSync(join(project.folder, name));
    project.write("requirements.txt", requirements);
    await project.commit("Leave it alone");
  });

  testInFull("of changed requirements shows their lines and says what it cannot know", async () => {
    project.write("requirements.txt", `${project.read("requirements.txt")}idna==3.10\n`);
    await project.commit("Need idna");
    const { text, code, log } = await check({ limit: "app1", env: `GUESTBOOK_TOKEN=${token}`, ...asked });
    expect(code, log).toBe(0);
    expect(text).toContain("```diff\n+idna==3.10\n```");
    expect(text).toContain("migrations of requirements that change");
  });

  testInFull(
    "of a commit that could not be deployed fails as the deploy would, at its line of the repository",
    async () => {
      await project.checkOut("HEAD~1");
      project.write("guestbook/urls.py", `${project.read("guestbook/urls.py")}\nraise RuntimeError("no urls today")\n`);
      await project.commit("Break the urls");
      const { outputs, log } = await check({ limit: "app1", env: `GUESTBOOK_TOKEN=${token}`, ...asked });
      expect(outputs, log).toMatchObject({ status: "failed", "failed-host-names": '["app1"]' });
      expect(log).toMatch(
        /::error [^\n]*file=guestbook\/urls\.py,line=\d+::[^\n]*no urls today|Error: .*no urls today/,
      );
      await project.checkOut("HEAD~1");
    },
  );

  testInFull("shows what someone changed by hand, and never the application's environment", async () => {
    await onHost(
      app1,
      "sed -i 's/client_max_body_size .*/client_max_body_size 1m;/; s/keepalive_timeout .*/keepalive_timeout 1;/; $ a # by hand' /etc/nginx/sites-available/mysite*",
    );
    const { outputs, text, log } = await check({ limit: "app1", env: `GUESTBOOK_TOKEN=${token}-changed` });
    expect(outputs, log).toMatchObject({ status: "succeeded", "changed-hosts": "1" });
    expect(text).toContain("-# by hand");
    expect(text).not.toContain(token);
  });
});

const MIGRATION = `from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("guestbook", "0001_initial")]
    operations = [migrations.AddField("entry", "mood", models.CharField(db_default="", max_length=20))]
`;
