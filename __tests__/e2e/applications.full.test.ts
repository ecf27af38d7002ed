import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Host, must, onHost } from "../../scripts/lab/index.mjs";
import { blocksOf } from "../support/blocks.js";
import { Application, expectDeployed } from "./support/application.js";
import { expectRefused } from "./support/direct.js";
import { createProject, type Project } from "./support/project.js";
import { programOf, source, startProject } from "./support/templates.js";
import { secret, startTrial, type Trial } from "./support/trial.js";

// Applications that nobody here wrote, side by side on two hosts, each with what docs/applications.md says that it takes.
let trial: Trial;
let newer: Host;
let older: Host;

beforeAll(async () => {
  trial = await startTrial("applications-full");
  [newer, older] = await Promise.all([
    trial.host({ name: "newer1", suite: "trixie", kind: "ready" }),
    trial.host({ name: "older1", suite: "bookworm", kind: "ready" }),
  ]);
});

afterAll(() => trial?.end());

const defaultIndex = "from pip._internal.models.index import PyPI; print(PyPI.simple_url + '/')";

/** What `startproject` writes, for projects that have none. */
const wsgi = (settings: string): string => `import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "${settings}")
application = get_wsgi_application()
`;

const geography = "django_restframework_gis_tests";
const entrance = (after: string): string => `from django.contrib.gis.db.models import PointField
from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("${geography}", "${after}")]
    operations = [migrations.AddField("location", "entrance", PointField(null=True, srid=4326, dim=3))]
`;

interface Case {
  name: string;
  what: string;
  /** Debian 12 instead of 13. */
  older?: true;
  make(name: string): Promise<Project>;
  vars?: Record<string, unknown>;
  env?: string[];
  /** The URLs that get one more. */
  urls: string;
  /** A page of it, and what it begins with. */
  page: readonly [path: string, expected: RegExp];
  says: readonly string[];
  /** What else has to work. */
  also?(application: Application): Promise<void>;
  /** What the update changes besides. */
  change?(project: Project): void;
  /** What a rollback gets besides. */
  back?: Record<string, unknown>;
  /** What is tried with the update, before it is rolled back. */
  updated?(application: Application, given: Record<string, string>): Promise<void>;
}

const localDatabase = { django_app_database: "local", vault_db_password: secret("database") };
const localRedis = { django_app_redis: "local", vault_redis_password: secret("redis") };

const cases: Case[] = [
  {
    name: "unicorn",
    what: "django-unicorn's example, its requirements in uv.lock",
    make: async (name) => createProject(trial, await source("django-unicorn", "0.67.0"), name),
    // As its manage.py has it, from the folder in which that is.
    vars: { django_app_env: { PYTHONPATH: ".." } },
    urls: "example/project/urls.py",
    page: ["/", /^200 /],
    says: ["settings: example.project.settings", "requirements: uv.lock"],
  },
  {
    name: "pages",
    what: "a site of django CMS, its requirements in poetry.lock",
    make: async (name) => {
      const project = await createProject(
        trial,
        join(await source("django-cms", "5.1.3"), ".github/upgrade-test"),
        name,
      );
      const poetry = await programOf("poetry", ["poetry==2.2.1"]);
      const requirements = ["django-cms==5.1.3", "djangocms-text>=0.9", "dj-database-url>=2"];
      const given = [`--name=${name}`, "--python=>=3.11,<4", ...requirements.map((one) => `--dependency=${one}`)];
      await must([...poetry, "init", "--no-interaction", ...given], { cwd: project.folder });
      // An index that is named, as companies have one: that of pip.
      const index = process.env.PIP_INDEX_URL ?? (await must([poetry[0] ?? "", "-c", defaultIndex]));
      const table = `\n[[tool.poetry.source]]\nname = "company"\nurl = "${index}"\npriority = "primary"\n`;
      project.write("pyproject.toml", project.read("pyproject.toml") + table);
      await must([...poetry, "lock", "--no-interaction"], { cwd: project.folder });
      project.write("upgradeproject/wsgi.py", wsgi("upgradeproject.settings"));
      return project;
    },
    urls: "upgradeproject/urls.py",
    page: ["/en/admin/login/", /^200 /],
    says: ["requirements: poetry.lock"],
  },
  {
    name: "chat",
    what: "what boiler writes: Channels, Celery and beat with Redis",
    make: async (name) => {
      const project = await startProject(trial, "boiler", name);
      const pinned = project.read("requirements.txt");
      expect(pinned).toContain("redis==5.0.6\n");
      project.write("requirements.txt", pinned.replace("\nredis==5.0.6\n", "\nredis>=6.1\n"));
      return project;
    },
    vars: {
      ...localRedis,
      django_app_env: { CELERY_BROKER_URL: "{{ django_app_redis_url }}" },
      django_app_processes: {
        worker: { command: "celery -A chat worker --loglevel info --concurrency 1" },
        beat: { command: "celery -A chat beat", once: true },
      },
    },
    urls: "chat/urls.py",
    page: ["/health/", /^200 .*"db": "ok", "redis": "ok"/],
    says: ["ASGI application: chat.asgi:application"],
    also: async ({ host, site }) => {
      const make = "from communications.models import Room; print(Room.objects.create().id)";
      const room = /[0-9a-f-]{36}/.exec(await onHost(host, `chat-manage shell -c '${make}'`))?.[0];
      const upgrade = "-H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13'";
      const key = "-H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='";
      const ask = (path: string): Promise<string> =>
        onHost(
          host,
          `curl -s -o /dev/null -m 3 -w '%{http_code}' -H 'Host: ${site}' -H 'Origin: http://${site}' ${upgrade} ${key} http://127.0.0.1${path} || true`,
        );
      expect(await ask(`/ws/chat_admin/${room}/`)).toBe("101");
      expect(await ask("/ws/chat_admin/00000000-0000-4000-8000-000000000000/")).toBe("403");
    },
  },
  {
    name: "queue",
    what: "Celery's own example, whose broker is written in its settings",
    make: async (name) => createProject(trial, join(await source("celery", "5.5.3"), "examples/django"), name),
    vars: {
      ...localRedis,
      django_app_python_packages: ["celery[redis]"],
      django_app_settings_override: {
        CELERY_BROKER_URL: "{{ django_app_redis_url }}",
        CELERY_RESULT_BACKEND: "{{ django_app_redis_url }}",
      },
      django_app_processes: { worker: { command: "celery -A proj worker --loglevel info --concurrency 1" } },
    },
    urls: "proj/urls.py",
    page: ["/", /^404 /],
    says: ["SECRET_KEY is written in the repository (proj.settings)"],
    also: async ({ host }) => {
      const ask = "from demoapp.tasks import add; print(add.delay(2, 3).get(timeout=60))";
      expect(await onHost(host, `queue-manage shell -c '${ask}'`)).toMatch(/^5$/m);
    },
  },
  {
    name: "login",
    what: "django-allauth's example, which signs in by SAML (xmlsec)",
    make: async (name) =>
      createProject(trial, join(await source("django-allauth", "65.22.1"), "examples/regular-django"), name),
    urls: "example/urls.py",
    page: ["/accounts/login/", /^200 /],
    says: ["requirements: requirements.txt"],
  },
  {
    name: "magazine",
    what: "what coderedcms start writes: Wagtail with a cache in files",
    make: (name) => startProject(trial, "coderedcms", name),
    urls: "magazine/urls.py",
    page: ["/", /^200 /],
    says: ["settings: magazine.settings.prod", "so this release uses /opt/magazine/shared/cache/cache"],
    also: async ({ host }) => {
      expect(Number(await onHost(host, "ls /opt/magazine/shared/cache/cache/*.djcache | wc -l"))).toBeGreaterThan(0);
    },
  },
  {
    name: "api",
    what: "what django-starter writes: all settings from the environment",
    make: (name) => startProject(trial, "django-starter", name),
    vars: {
      ...localDatabase,
      ...localRedis,
      django_app_processes: { worker: { command: "celery -A conf worker --loglevel info --concurrency 1" } },
    },
    env: ["SECURE_SSL_REDIRECT=false"],
    urls: "conf/urls.py",
    page: ["/admin/login/", /^200 /],
    says: ["settings: conf.settings.production", "requirements: requirements/production.txt"],
  },
  {
    name: "atlas",
    what: "djangorestframework-gis' own project: GeoDjango with PostGIS",
    make: async (name) => {
      const project = await createProject(trial, join(await source("djangorestframework-gis", "1.3.0"), "tests"), name);
      const requirements = ["django==5.2.19", "djangorestframework-gis==1.3.0", "django-filter", "psycopg[binary]"];
      project.write("requirements.txt", `${[...requirements, "dj-database-url"].join("\n")}\n`);
      // Which its settings import where there is one.
      project.write(
        "local_settings.py",
        `import dj_database_url\n\nDATABASES = {"default": dj_database_url.config()}\n`,
      );
      project.write("wsgi.py", wsgi("settings"));
      return project;
    },
    vars: { ...localDatabase, postgresql_server_extensions: ["postgis"] },
    back: { django_app_rollback_migrations: "reverse" },
    urls: "urls.py",
    page: ["/geojson/", /^200 .*"FeatureCollection"/],
    says: ["settings: settings (found by", "SECRET_KEY is written in the repository (settings)"],
    also: async ({ host, site }) => {
      const name = `Place ${Date.now()}`;
      const ask = (path: string, more = "") =>
        onHost(
          host,
          `curl -sS -H 'Host: ${site}' -H 'Content-Type: application/json' ${more} 'http://127.0.0.1${path}'`,
        );
      const place = JSON.stringify({ name, geometry: { type: "Point", coordinates: [10, 50] } });
      expect(await ask("/", `-d '${place}'`)).toContain(name);
      expect(await ask("/filters/within_distance_of_point?dist=1000&point=10,50&format=json")).toContain(name);
      expect(await ask("/filters/within_distance_of_point?dist=1000&point=20,50&format=json")).not.toContain(name);
    },
    change: (project) => {
      const [models, migrations] = [`${geography}/models.py`, join(project.folder, geography, "migrations")];
      const before = project.read(models);
      const place = "class Location(BaseModelGeometry):\n    pass\n";
      expect(before).toContain(place);
      project.write(
        models,
        before.replace(place, place.replace("pass", "entrance = models.PointField(null=True, dim=3)")),
      );
      const last = readdirSync(migrations)
        .sort()
        .findLast((file) => /^\d{4}_/.test(file));
      project.write(`${geography}/migrations/0099_entrance.py`, entrance(last?.replace(".py", "") ?? "none"));
    },
    updated: async (application, given) => {
      const sql = (text: string): Promise<string> =>
        onHost(application.host, `su postgres -c 'psql -XAt atlas' <<'SQL'\n${text}\nSQL`);
      const operate = async (inputs: Record<string, string>): Promise<string> => {
        const { outputs, log } = await application.run({ ...given, ...inputs });
        expect(outputs.status, log).toBe("succeeded");
        return outputs.dump ?? "";
      };
      const own = "FROM spatial_ref_sys WHERE srid = 990000";
      // A system of coordinates of its own, which GeoDjango has in a table of the extension.
      await sql("INSERT INTO spatial_ref_sys (srid, auth_name, proj4text) VALUES (990000, 'atlas', '+proj=longlat')");
      const places = await sql(`SELECT count(*) FROM ${geography}_location`);
      expect(Number(places)).toBeGreaterThan(0);
      const dump = await operate({ operation: "backup" });
      await operate({ operation: "rehearse" });
      await sql(`DELETE FROM ${geography}_location; DELETE ${own}`);
      await operate({ operation: "restore", revision: dump, confirm: "atlas" });
      expect(await sql(`SELECT count(*) FROM ${geography}_location`)).toBe(places);
      expect(await sql(`SELECT auth_name, proj4text ${own}`)).toBe("atlas|+proj=longlat");
    },
  },
  {
    name: "gallery",
    what: "what mezzanine-project writes: the layout of 2012, local_settings.py out of the repository",
    older: true,
    make: async (name) => {
      const project = await startProject(trial, "mezzanine-project", name);
      project.write("requirements.txt", "mezzanine==6.1.1\n");
      return project;
    },
    vars: {
      django_app_settings_override: {
        NEVERCACHE_KEY: secret("nevercache"),
        DATABASES: {
          default: { ENGINE: "django.db.backends.sqlite3", NAME: "/opt/gallery/shared/db.sqlite3" },
        },
      },
    },
    urls: "gallery/urls.py",
    page: ["/", /^200 /],
    says: ["settings: gallery.settings (found by gallery/settings.py", "SECRET_KEY is not set in gallery.settings"],
  },
];

const answer = (text: string) => `
from django.http import HttpResponse
from django.urls import path

urlpatterns.insert(0, path("which/", lambda request: HttpResponse("${text}", headers={"Cache-Control": "private"})))
`;

describe("applications, deployed twice, updated and rolled back", () => {
  test.each(cases)("$what", async ({ name, make, vars = {}, env = [], urls, page, says, also, ...more }) => {
    const project = await make(name);
    const application = new Application(trial, more.older ? older : newer, project, name);
    const given = { vars: JSON.stringify(vars), ...(env.length > 0 ? { env: env.join("\n") } : {}) };
    await project.commit("As it comes");
    const first = await application.run(given);
    expectDeployed(first);
    for (const sentence of says) expect(first.log).toContain(sentence);
    expect(await application.page(page[0])).toMatch(page[1]);
    await also?.(application);
    expectDeployed(await application.run(given), false);

    project.write(urls, project.read(urls) + answer("second"));
    more.change?.(project);
    await project.commit("One more page");
    const update = await application.run(given);
    expectDeployed(update);
    // The proof of a migration has a copy of the database.
    expect(update.log).not.toContain("could not be tried on the migrated schema");
    expect(await application.page("/which/")).toBe("200 second");
    await also?.(application);
    await more.updated?.(application, given);

    const back = { ...given, vars: JSON.stringify({ ...vars, ...more.back }) };
    expectDeployed(await application.run({ ...back, operation: "rollback" }));
    expect(await application.page("/which/")).not.toBe("200 second");
    expect(await application.page(page[0])).toMatch(page[1]);
  });
});

describe("an account that is renamed", () => {
  test("is refused as another app_user, then takes the data along by the steps of troubleshooting.md", async () => {
    const application = new Application(trial, newer, await startProject(trial, "django-admin", "mysite"), "mysite");
    await application.project.commit("As it comes");
    expectDeployed(await application.run());
    await onHost(newer, "mysite-manage createsuperuser --noinput --username ada --email ada@example.org");
    const renamed = { vars: "app_user: shop" };
    expectRefused(
      await application.run(renamed),
      /app_user is shop, but this host's live release runs as mysite, .*: set app_user to mysite, or rename the account/,
    );
    expect(await application.page("/admin/login/")).toMatch(/^200 /);

    expect((await application.run({ operation: "maintenance-on" })).outputs.status).toBe("succeeded");
    const steps = blocksOf("docs/troubleshooting.md").find(({ text }) => text.includes("usermod --login"))?.text ?? "";
    await onHost(newer, steps);
    expectDeployed(await application.run(renamed));
    const off = await application.run({ ...renamed, operation: "maintenance-off" });
    expect(off.outputs.status, off.log).toBe("succeeded");
    expect(await application.page("/admin/login/")).toMatch(/^200 /);
    const count = 'from django.contrib.auth.models import User; print(User.objects.filter(username="ada").count())';
    expect(await onHost(newer, `mysite-manage shell -c '${count}'`)).toMatch(/^1$/m);
    expect(await onHost(newer, "stat -c %U /opt/mysite/shared; ps -o user= -C gunicorn | sort -u")).toContain("shop");
    expectDeployed(await application.run(renamed), false);
  });
});
