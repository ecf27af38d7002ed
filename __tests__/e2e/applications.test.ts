import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ActionResult, type Host, onHost } from "../../scripts/lab/index.mjs";
import { directly } from "./support/direct.js";
import { knownHosts } from "./support/inventory.js";
import { fetchPage } from "./support/page.js";
import type { Project } from "./support/project.js";
import { startProject } from "./support/templates.js";
import { startTrial, type Trial } from "./support/trial.js";

// Applications that nobody here wrote, side by side on a bare host. What is not given has to be found out.
let trial: Trial;
let host: Host;

beforeAll(async () => {
  trial = await startTrial("applications");
  host = await trial.host({ name: "app1", suite: "trixie", kind: "base" });
});

afterAll(() => trial?.end());

/** A repository and the name of its site. */
class Application {
  readonly project: Project;
  readonly name: string;

  constructor(project: Project, name: string) {
    this.project = project;
    this.name = name;
  }

  get site(): string {
    return `${this.name}.example`;
  }

  /** What a user has to give: host, its key, and the server name. Everything else is *more*. */
  run(more: Record<string, string> = {}): Promise<ActionResult> {
    return directly(trial, this.project, [host])({
      inputs: {
        "inventory-file": "",
        hosts: `deploy@${host.address}:${host.sshPort}`,
        "ssh-private-key": trial.key.text,
        "known-hosts": knownHosts([host]),
        "server-name": this.site,
        ...more,
      },
      env: { GITHUB_REPOSITORY: `example/${this.name}` },
    });
  }

  async page(path = "/"): Promise<string> {
    const { status, body } = await fetchPage(host, this.site, path);
    return `${status} ${body}`;
  }
}

function expectDeployed(result: ActionResult, changed = true): void {
  expect(result.outputs.status, result.log).toBe("succeeded");
  expect(result.outputs["changed-hosts"], result.log).toBe(changed ? "1" : "0");
}

describe("what django-admin startproject writes", () => {
  let application: Application;

  test("is served with no variable at all", async () => {
    application = new Application(await startProject(trial, "django-admin", "blog"), "blog");
    await application.project.commit("startproject");
    const result = await application.run();
    expectDeployed(result);
    // It has no page of its own but the one that Django shows to developers.
    expect(await application.page()).toMatch(/^404 .*Not Found/s);
    expect(await application.page("/admin/login/")).toMatch(/^200 .*Django administration/s);
    expect(await application.page("/static/admin/css/base.css")).toMatch(/^200 /);
  });

  test("what was found, and what to set in the project, is told", async () => {
    application.project.write("README.md", "A blog\n");
    await application.project.commit("A README");
    const { log } = await application.run();
    for (const sentence of [
      "settings: blog.settings (found by manage.py; django_settings_module overrides)",
      "WSGI application: blog.wsgi:application (found by WSGI_APPLICATION of blog.settings; django_app_wsgi overrides)",
      "DEBUG is on in blog.settings, and this release runs with it off",
      "ALLOWED_HOSTS in blog.settings lacks blog.example, which this release adds",
      "SECRET_KEY is the one of development in blog.settings, and this release takes the environment's",
      "STATIC_ROOT is not set in blog.settings, and this release takes the environment's",
      "so this release uses /opt/blog/shared/db.sqlite3: set db_name for PostgreSQL",
      "Django~=5.2.19 was installed",
    ])
      expect(log).toContain(sentence);
  });

  test("the secret key is the host's own, and no secret of development is used", async () => {
    const key = (await onHost(host, "cat /etc/blog/secret_key")).trim();
    expect(key).toMatch(/^[\w-]{60,}$/);
    expect(await onHost(host, "stat -c '%a %U' /etc/blog/secret_key")).toBe("600 root");
    expect(await onHost(host, "grep -c django-insecure /etc/blog/*.env || true")).not.toMatch(/:[1-9]/);
  });

  test("a second run changes nothing, an update is served, a rollback goes back", async () => {
    expectDeployed(await application.run(), false);
    application.project.write(
      "blog/urls.py",
      `${application.project.read("blog/urls.py")}
from django.http import HttpResponse
urlpatterns.append(path("", lambda request: HttpResponse("A home page")))
`,
    );
    await application.project.commit("A home page");
    expectDeployed(await application.run());
    expect(await application.page()).toBe("200 A home page");
    expectDeployed(await application.run({ operation: "rollback" }));
    expect(await application.page()).toMatch(/^404 /);
  });
});

describe("what wagtail start writes", () => {
  let application: Application;

  test("is served with no variable at all, by its production settings", async () => {
    application = new Application(await startProject(trial, "wagtail", "cms"), "cms");
    await application.project.commit("wagtail start");
    const result = await application.run();
    expectDeployed(result);
    expect(result.log).toContain("settings: cms.settings.production (found by cms/settings/production.py;");
    expect(result.log).toContain("MEDIA_ROOT in cms.settings.production is a folder of the checkout");
    expect(await application.page()).toMatch(/^200 .*Welcome to your new Wagtail site!/s);
    expect(await application.page("/admin/login/")).toMatch(/^200 .*Sign in/s);
    expect(await application.page("/static/css/cms.css")).toMatch(/^200 /);
  });

  test("a second run changes nothing, an update is served, a rollback goes back", async () => {
    expectDeployed(await application.run(), false);
    const template = "home/templates/home/welcome_page.html";
    application.project.write(
      template,
      application.project.read(template).replace("Welcome to your new Wagtail site!", "Welcome to the second one!"),
    );
    await application.project.commit("Another welcome");
    expectDeployed(await application.run());
    expect(await application.page()).toMatch(/^200 .*Welcome to the second one!/s);
    expectDeployed(await application.run({ operation: "rollback" }));
    expect(await application.page()).toMatch(/^200 .*Welcome to your new Wagtail site!/s);
  });
});
