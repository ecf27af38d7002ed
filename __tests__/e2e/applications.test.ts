import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Host, onHost, servePostgres } from "../../scripts/lab/index.mjs";
import { Application, expectDeployed } from "./support/application.js";
import { expectRefused } from "./support/direct.js";
import { describeInFull } from "./support/full.js";
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

describe("what django-admin startproject writes", () => {
  let application: Application;

  test("is served with no variable at all", async () => {
    application = new Application(trial, host, await startProject(trial, "django-admin", "blog"), "blog");
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

  test("a compiler comes with the first package that has no wheel", async () => {
    expect(await onHost(host, "command -v gcc || echo none")).toBe("none");
    application.project.write("requirements.txt", "django==5.2.19\npsycopg2==2.9.10\n");
    await application.project.commit("PostgreSQL");
    const result = await application.run();
    expectDeployed(result);
    expect(result.log).toContain("Debian packages build-essential, python3-dev, libpq-dev, to build psycopg2");
    await onHost(host, "cd /opt/blog/current && .venv/bin/python -c 'import psycopg2'");
  });
});

const awkward = {
  PUNCTUATION: "p@ss:w/rd#1%$x",
  QUOTES: 'it\'s "quoted" `and` back\\slashed {{ braced }}',
  MANY_LINES: "first\nsecond # no comment\nthird=3",
  LONG: "x".repeat(4096),
};

describeInFull("an application's environment and commands", () => {
  const python = (code: string) => `manage.py shell -c ${JSON.stringify(code)}`;
  const dump = (file: string) =>
    python(`import json, os; json.dump(dict(os.environ), open('/opt/shop/shared/${file}', 'w'))`);
  let application: Application;
  let vars: Record<string, unknown>;

  beforeAll(async () => {
    application = new Application(trial, host, await startProject(trial, "django-admin", "shop"), "shop");
    application.project.write("uploads/tracked.txt", "tracked");
    await application.project.commit("startproject");
    vars = {
      django_app_shared_paths: ["uploads"],
      django_app_timers: { dump: { command: dump("timer.json"), schedule: "daily" } },
      django_app_commands: [
        { command: python("open('built.txt', 'w').write('built')"), phase: "build" },
        { command: dump("command.json"), env: { ONLY_HERE: "1" } },
        {
          command: "manage.py createsuperuser --noinput --username ada --email ada@example.org",
          phase: "first",
          env: { DJANGO_SUPERUSER_PASSWORD: "correct-horse-battery" },
        },
        { command: python("open('/opt/shop/shared/finished', 'a').write('x')"), phase: "finish" },
      ],
      django_app_health_checks: [{ path: "/admin/login/", headers: { "X-Probe": "1" } }],
    };
  });

  const env = Object.entries(awkward).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const run = () => application.run({ vars: JSON.stringify(vars), env: env.join("\n") });
  const read = async (file: string): Promise<Record<string, string>> =>
    JSON.parse(await onHost(host, `cat /opt/shop/shared/${file}`));

  test("values of any content arrive alike in a command, a service, a timer and by hand", async () => {
    expectDeployed(await run());
    await onHost(host, "systemctl start shop-dump.service");
    await onHost(host, `shop-manage ${dump("hand.json").slice("manage.py ".length)}`);
    const service = await onHost(
      host,
      `pid=$(systemctl show --property=MainPID --value shop@blue.service)
/usr/bin/python3 -c "import json; print(json.dumps(dict(item.split('=', 1) for item in open('/proc/$pid/environ').read().split(chr(0)) if item)))"`,
    );
    for (const found of [
      await read("command.json"),
      await read("timer.json"),
      await read("hand.json"),
      JSON.parse(service),
    ])
      expect(found).toMatchObject(awkward);
    expect((await read("command.json")).ONLY_HERE).toBe("1");
    expect((await read("timer.json")).ONLY_HERE).toBeUndefined();
  });

  test("its commands ran where they belong, and are not repeated", async () => {
    expect(await onHost(host, "cat /opt/shop/current/built.txt")).toBe("built");
    expect(await onHost(host, "cat /opt/shop/shared/finished")).toBe("x");
    expect(await onHost(host, "cat /opt/shop/current/uploads/tracked.txt")).toBe("tracked");
    const users = await onHost(
      host,
      `shop-manage shell -c "from django.contrib.auth.models import User; print([user.username for user in User.objects.all()])"`,
    );
    expect(users).toContain("['ada']");
    expectDeployed(await run(), false);
    expect(await onHost(host, "cat /opt/shop/shared/finished")).toBe("x");
  });

  test("credentials are files of a command, a service, a timer and by hand alike, and no variables", async () => {
    const names = ["SECRET_KEY", ...Object.keys(awkward)];
    const dumpFiles = (file: string) =>
      python(
        `import json, os; json.dump({name: (os.environ.get(name), open(os.environ[name + '_FILE']).read()) for name in ${JSON.stringify(names).replaceAll('"', "'")}}, open('/opt/shop/shared/${file}', 'w'))`,
      );
    const plain = vars;
    vars = {
      ...plain,
      django_app_credentials: names,
      django_app_commands: [{ command: dumpFiles("command.json") }],
      django_app_timers: { dump: { command: dumpFiles("timer.json"), schedule: "daily" } },
      django_app_processes: { worker: { command: python("import time; time.sleep(100000)") } },
    };
    expectDeployed(await run());
    const key = (await onHost(host, "cat /etc/shop/secret_key")).trim();
    await onHost(host, "systemctl start shop-dump.service");
    await onHost(host, `shop-manage ${dumpFiles("hand.json").slice("manage.py ".length)}`);
    const inService = async (unit: string): Promise<Record<string, string>> =>
      JSON.parse(
        await onHost(
          host,
          `pid=$(systemctl show --property=MainPID --value ${unit})
nsenter --target $pid --mount /usr/bin/python3 -c "
import json
variables = dict(item.split('=', 1) for item in open('/proc/$pid/environ').read().split(chr(0)) if item)
print(json.dumps({name: (variables.get(name), open(variables[name + '_FILE']).read()) for name in ${JSON.stringify(names).replaceAll('"', "'")}}))"`,
        ),
      );
    const slot = (await onHost(host, "basename $(readlink /opt/shop/current)")).trim();
    const expected = Object.fromEntries(
      Object.entries({ SECRET_KEY: key, ...awkward }).map(([name, value]) => [name, [null, value]]),
    );
    for (const found of [
      await read("command.json"),
      await read("timer.json"),
      await read("hand.json"),
      await inService(`shop@${slot}.service`),
      await inService(`shop-worker-${slot}@1.service`),
    ])
      expect(found).toEqual(expected);
    expect(await onHost(host, `cd /etc/shop/${slot}.credentials && stat -c '%a %U' * | sort -u`)).toBe("600 root");
    expect(await onHost(host, "grep -lr xxxxxxxxxx /etc/shop/*.env || true")).not.toContain(`${slot}.env`);
    expectDeployed(await run(), false);
    // And back to variables.
    vars = plain;
    expectDeployed(await run());
    expect(await onHost(host, "ls /etc/shop/*.credentials/SECRET_KEY | wc -l")).toBe("1");
  });

  test("a credential that names no variable is refused before anything is touched", async () => {
    const plain = vars;
    vars = { ...plain, django_app_credentials: ["SECRET_KEY", "NOWHERE"] };
    const result = await run();
    vars = plain;
    expectRefused(
      result,
      /django_app_credentials is "NOWHERE": name variables that django_app_env or vault_\* variables set/,
    );
  });

  test("a release that is made otherwise has a name of its own, and the one before stays as it was", async () => {
    const before = await onHost(host, "readlink -f /opt/shop/current");
    const made = await onHost(host, `cat ${before}/release.json`);
    vars.django_app_python_packages = ["whitenoise"];
    expectDeployed(await run());
    const after = await onHost(host, "readlink -f /opt/shop/current");
    expect(after).not.toBe(before);
    expect(await onHost(host, `cat ${before}/release.json`)).toBe(made);
  });

  test("a command that fails leaves the old release serving and its secrets unseen", async () => {
    const before = await onHost(host, "readlink -f /opt/shop/current");
    application.project.write("README.md", "A shop\n");
    await application.project.commit("A README");
    vars.django_app_commands = [
      { command: python("import os, sys; sys.exit('no: ' + os.environ['TOKEN'])"), env: { TOKEN: "hidden-token-1" } },
    ];
    const result = await run();
    expectRefused(result, /the database was not made ready, and the live release was not touched/);
    expect(result.log).toContain("no: ***");
    expect(result.log).not.toContain("hidden-token-1");
    expect(await onHost(host, "readlink -f /opt/shop/current")).toBe(before);
    expect(await application.page("/admin/login/")).toMatch(/^200 /);
  });
});

describe("what wagtail start writes", () => {
  let application: Application;

  test("is served with no variable at all, by its production settings", async () => {
    application = new Application(trial, host, await startProject(trial, "wagtail", "cms"), "cms");
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

// What these need besides is in the table of docs/applications.md.
const others = [
  {
    name: "warned",
    what: "a project with a folder of STATICFILES_DIRS that does not exist",
    settings: 'STATICFILES_DIRS = [BASE_DIR / "nowhere"]',
    requirements: "django==5.2.19",
    says: "staticfiles.W004",
  },
  {
    name: "ansiblebase",
    what: "django-ansible-base's library, on PostgreSQL",
    settings: `INSTALLED_APPS += ["rest_framework", "ansible_base.activitystream", "ansible_base.rest_filters"]
MIDDLEWARE += ["crum.CurrentRequestUserMiddleware"]
ANSIBLE_BASE_TEAM_MODEL = ANSIBLE_BASE_ORGANIZATION_MODEL = "auth.Group"`,
    requirements: "django==5.2.19\ndjango-ansible-base==2026.6.2\npsycopg[binary]==3.3.9",
    vars: { db_host: "localhost", db_name: "ansiblebase", db_user: "ansiblebase", vault_db_password: "p@ss:w/rd#1%$x" },
    says: "this release takes DATABASE_URL of the environment",
  },
  {
    name: "directory",
    what: "a project that signs in by LDAP, whose library has no wheel",
    settings: 'AUTHENTICATION_BACKENDS = ["django_auth_ldap.backend.LDAPBackend"]',
    requirements: "django==5.2.19\ndjango-auth-ldap",
    says: "Debian packages libldap-dev, libsasl2-dev, to build python-ldap",
  },
  {
    name: "byhand",
    what: "a project that pip installs, with a library that has no wheel",
    settings: "",
    requirements: "django==5.2.19\nmysqlclient==2.2.7",
    vars: { django_app_installer: "pip" },
    says: "Debian packages default-libmysqlclient-dev, pkg-config, to build mysqlclient",
  },
  {
    name: "maps",
    what: "a project with GeoDjango",
    settings: `INSTALLED_APPS += ["django.contrib.gis"]
DATABASES["default"]["ENGINE"] = "django.contrib.gis.db.backends.spatialite"`,
    requirements: "django==5.2.19",
    says: "Debian packages gdal-bin, which the project's code loads",
  },
];

describeInFull("more applications, deployed twice, updated and rolled back", () => {
  test.each(others)("$what", async ({ name, settings, requirements, vars, says }) => {
    const application = new Application(trial, host, await startProject(trial, "django-admin", name), name);
    const { project } = application;
    project.write(`${name}/settings.py`, `${project.read(`${name}/settings.py`)}\n${settings}\n`);
    project.write("requirements.txt", `${requirements}\n`);
    await project.commit("A project");
    if (vars?.db_name !== undefined) {
      await onHost(host, "apt-get install -qq -y --no-install-recommends postgresql >/dev/null 2>&1");
      await servePostgres(host, { database: vars.db_name, user: vars.db_user, password: vars.vault_db_password });
    }
    const run = (more: Record<string, string> = {}) => application.run({ vars: JSON.stringify(vars ?? {}), ...more });

    const first = await run();
    expectDeployed(first);
    expect(first.log).toContain(says);
    expect(await application.page("/admin/login/")).toMatch(/^200 /);
    expectDeployed(await run(), false);
    project.write(
      `${name}/urls.py`,
      `${project.read(`${name}/urls.py`)}
from django.http import HttpResponse
urlpatterns.append(path("", lambda request: HttpResponse("A home page")))
`,
    );
    await project.commit("A home page");
    expectDeployed(await run());
    expect(await application.page()).toBe("200 A home page");
    expectDeployed(await run({ operation: "rollback" }));
    expect(await application.page()).toMatch(/^404 /);
  });
});
