import { describe, expect, it } from "vitest";
import { findDjango } from "../../src/project/django.js";
import { plainVariable } from "../../src/project/plain-variable.js";
import { parseProcfile, servedBy } from "../../src/project/procfile.js";
import { settingsModule } from "../../src/project/settings-module.js";
import { createGround } from "../support/folder.js";

const names = (module: string) => `os.environ.setdefault("DJANGO_SETTINGS_MODULE", "${module}")\n`;
const serves = (module: string) => `${names(module)}application = get_wsgi_application()\n`;
const nothing = { appPath: undefined, settingsModule: undefined };

const IS_SETTINGS = 'ROOT_URLCONF = "shop.urls"\n';

describe("findDjango: the folder of manage.py", () => {
  it.each([
    [{ "manage.py": "", "other/manage.py": "" }, "."],
    [{ "src/manage.py": "", ".hidden/manage.py": "", "node_modules/x/manage.py": "" }, "src"],
    [{ "services/backend/manage.py": "", "README.md": "" }, "services/backend"],
    [{ "backend/manage.py": "", "docs/examples/blog/manage.py": "" }, "backend"],
  ])("of %j is %s", (files, expected) => {
    expect(findDjango(createGround(files)).manageDir).toBe(expected);
  });

  it("is told with where it was found and what overrides it", () => {
    expect(findDjango(createGround({ "src/manage.py": names("shop.settings") })).told).toEqual([
      "manage.py: in src (found by src/manage.py; app_path overrides)",
      "settings: shop.settings (found by src/manage.py; django_settings_module overrides)",
    ]);
  });

  it("is asked for when there are several, with the line to add", () => {
    const found = findDjango(createGround({ "a/manage.py": "", "b/manage.py": "" }));
    expect(found.manageDir).toBeUndefined();
    expect(found.questions).toEqual({
      app_path: 'manage.py is in a and b: add the line "app_path: a" to vars or group_vars, with the folder to deploy',
    });
  });

  it("is the one that was set", () => {
    const folder = createGround({ "a/manage.py": names("a.settings"), "b/manage.py": names("b.settings") });
    const found = findDjango(folder, { ...nothing, appPath: "b" });
    expect([found.manageDir, found.settingsModule]).toEqual(["b", "b.settings"]);
    expect(found.told[0]).toBe("manage.py: in b (as set)");
    expect(findDjango(folder, { ...nothing, appPath: "" }).questions).toEqual({});
  });

  it("cannot be missing", () => {
    expect(() => findDjango(createGround({ "app.py": "" }))).toThrow(
      /^There is no Django project in \/.*: neither it nor a folder below has a manage\.py, .*\.$/,
    );
  });
});

describe("findDjango: the settings", () => {
  it.each([
    // As startproject writes them.
    [
      { "manage.py": names("shop.settings"), "shop/settings.py": "", "shop/wsgi.py": serves("shop.settings") },
      "shop.settings",
    ],
    // As `wagtail start` writes them.
    [
      {
        "manage.py": names("shop.settings.dev"),
        "shop/wsgi.py": serves("shop.settings.dev"),
        ...{ "shop/settings/__init__.py": "", "shop/settings/base.py": "", "shop/settings/dev.py": "" },
        "shop/settings/production.py": "",
      },
      "shop.settings.production",
    ],
    // As cookiecutter-django writes them.
    [
      {
        "manage.py": names("config.settings.local"),
        "config/wsgi.py": serves("config.settings.production"),
        ...{ "config/settings/local.py": "", "config/settings/production.py": "", "config/settings/test.py": "" },
      },
      "config.settings.production",
    ],
    [
      { "manage.py": names("shop.settings"), "shop/settings/__init__.py": "", "shop/settings/prod.py": "" },
      "shop.settings.prod",
    ],
    [
      { "manage.py": names("shop.settings"), "shop/settings.py": "", "shop/settings_production.py": "" },
      "shop.settings_production",
    ],
    [{ "manage.py": names("shop.settings"), "shop/settings.py": "", "shop/production.py": "" }, "shop.settings"],
    [{ "manage.py": names("settings"), "settings.py": "", "prod.py": "" }, "settings"],
    // As Mezzanine writes them.
    [{ "manage.py": "print()", "shop/settings.py": IS_SETTINGS, "shop/local_settings.py": "" }, "shop.settings"],
    [{ "manage.py": "print()", "settings.py": IS_SETTINGS, "other/settings.py": "" }, "settings"],
    [
      { "web/manage.py": "print()", "web/shop/settings/__init__.py": IS_SETTINGS, "web/shop/settings/prod.py": "" },
      "shop.settings.prod",
    ],
  ])("of %j are %s", (files, expected) => {
    const found = findDjango(createGround(files));
    expect(found.settingsModule).toBe(expected);
    expect(found.questions).toEqual({});
  });

  it.each([
    [{ "manage.py": "print()" }, "manage.py names none"],
    [{ "manage.py": "print()", "a/settings.py": IS_SETTINGS, "b/settings.py": IS_SETTINGS }, "manage.py names none"],
    [{ "web/manage.py": "print()", "shop/settings.py": IS_SETTINGS }, "manage.py names none"],
    [
      { "manage.py": names("shop.settings.dev"), "shop/settings/dev.py": "" },
      "names shop.settings.dev, which is for development",
    ],
    [
      { "manage.py": names("shop.settings"), "shop/wsgi.py": serves("shop.web") },
      "manage.py names shop.settings and shop/wsgi.py names shop.web",
    ],
    [
      {
        "manage.py": names("shop.settings.base"),
        "shop/settings/prod.py": "",
        "shop/settings/live.py": "",
        "shop/settings/base.py": "",
      },
      "several look like production (shop.settings.live, shop.settings.prod)",
    ],
  ])("of %j are asked for: %s", (files, why) => {
    const found = findDjango(createGround(files));
    expect(found.settingsModule).toBeUndefined();
    expect(found.questions.django_settings_module).toContain(why);
    expect(found.questions.django_settings_module).toContain('add the line "django_settings_module: ');
  });

  it("are the ones that were set, and nothing is asked", () => {
    const folder = createGround({ "manage.py": "print()", "shop/wsgi.py": serves("shop.web") });
    const found = findDjango(folder, { ...nothing, settingsModule: "shop.web" });
    expect([found.settingsModule, found.questions]).toEqual(["shop.web", {}]);
  });
});

describe("findDjango: what is served", () => {
  const project = {
    "manage.py": names("shop.settings"),
    "shop/settings.py": "",
    "shop/wsgi.py": serves("shop.settings"),
  };

  it.each([
    [project, { wsgi: "shop.wsgi:application" }],
    [{ ...project, "shop/asgi.py": serves("shop.settings") }, { wsgi: "shop.wsgi:application" }],
    [{ ...project, "shop/settings.py": 'WSGI_APPLICATION = "web.wsgi.app"\n' }, { wsgi: "web.wsgi:app" }],
    [
      { ...project, "shop/settings.py": 'ASGI_APPLICATION = "shop.asgi.application"\n' },
      { asgi: "shop.asgi:application" },
    ],
    [{ ...project, Procfile: "web: gunicorn shop.other:app --log-file -\n" }, { wsgi: "shop.other:app" }],
    [{ ...project, Procfile: "web: uvicorn shop.asgi:application --port $PORT\n" }, { asgi: "shop.asgi:application" }],
    [{ ...project, "tests/wsgi.py": serves("tests.settings") }, { wsgi: "shop.wsgi:application" }],
    [
      { "manage.py": names("conf.settings"), "conf/settings.py": "", "web/wsgi.py": serves("conf.settings") },
      { wsgi: "web.wsgi:application" },
    ],
    [
      { "manage.py": names("shop.settings"), "shop/asgi.py": "application = get_asgi_application()\n" },
      { asgi: "shop.asgi:application" },
    ],
    [
      { "manage.py": names("example.settings"), "example/wsgi.py": serves("example.settings") },
      { wsgi: "example.wsgi:application" },
    ],
    [{ ...project, "example/wsgi.py": serves("shop.settings") }, { wsgi: "shop.wsgi:application" }],
    [{ "manage.py": names("shop.settings") }, {}],
  ])("by %j is %j", (files, expected) => {
    const found = findDjango(createGround(files));
    expect({ wsgi: found.wsgi, asgi: found.asgi }).toEqual({ wsgi: undefined, asgi: undefined, ...expected });
  });
});

describe("what a Procfile names besides the web part", () => {
  const folder = () =>
    createGround({
      "manage.py": "shop.settings",
      "shop/settings.py": "",
      Procfile: "web: gunicorn shop.wsgi\nworker: celery -A shop worker\nrelease: python manage.py loaddata base\n",
    });
  const none = { appPath: undefined, settingsModule: "shop.settings" };

  it("is told with the line that has it run, unless somebody has said what runs", () => {
    expect(findDjango(folder(), none).told.slice(-2)).toEqual([
      'worker of the Procfile is not started (django_app_processes: {worker: {command: "celery -A shop worker"}} does)',
      'release of the Procfile is not run (django_app_commands: [{command: "manage.py loaddata base"}] does)',
    ]);
    expect(findDjango(folder(), { ...none, processes: true, commands: true }).told.join()).not.toContain("is not");
  });

  it("is not told where the deploy does it anyway", () => {
    const files = { "manage.py": "shop.settings", Procfile: "release: python manage.py migrate --noinput\n" };
    expect(findDjango(createGround(files), none).told.join()).not.toContain("release");
  });
});

describe("parseProcfile", () => {
  it("reads processes and passes by what is none", () => {
    expect(
      parseProcfile(
        "# all\nweb: gunicorn shop.wsgi\r\n\nworker:  celery -A shop worker -l info\nrelease: ./manage.py migrate\nbad line\n",
      ),
    ).toEqual({
      web: "gunicorn shop.wsgi",
      worker: "celery -A shop worker -l info",
      release: "./manage.py migrate",
    });
  });

  it.each([
    ["gunicorn shop.wsgi", { entry: "shop.wsgi:application", asgi: false }],
    ["gunicorn -k uvicorn.workers.UvicornWorker shop.asgi:application", { entry: "shop.asgi:application", asgi: true }],
    ["daphne -b 0.0.0.0 shop.asgi:application", { entry: "shop.asgi:application", asgi: true }],
    ["./start.sh", undefined],
  ])("knows what %j serves", (command, expected) => {
    expect(servedBy(command)).toEqual(expected);
  });
});

describe("plainVariable", () => {
  it.each([
    [{ "group_vars/all/vars.yml": "a: 1\ndjango_app_source: git\n" }, "git"],
    [{ "host_vars/web1.yml": "django_app_source: 'git' # always" }, "git"],
    [{ "group_vars/all.yml": "# django_app_source: git\nmy_django_app_source: git" }, undefined],
    [{ "group_vars/all.yml": 'django_app_source: "{{ where }}"' }, ""],
    [{}, undefined],
  ])("reads %j", (files, expected) => {
    expect(plainVariable(createGround(files), "django_app_source")).toBe(expected);
  });
});

describe("settingsModule", () => {
  it.each([
    [names("shop.settings.production"), "shop.settings.production"],
    ["    os.environ['DJANGO_SETTINGS_MODULE'] = 'a.b'", "a.b"],
    ["# os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'a.b')", undefined],
    ['os.environ.setdefault("DJANGO_SETTINGS_MODULE", f"{x}.b")', undefined],
    ["os.environ.setdefault(\n    'DJANGO_SETTINGS_MODULE',\n    'a.settings',\n)", "a.settings"],
  ])("reads %j", (text, expected) => {
    expect(settingsModule(text)).toBe(expected);
  });
});
