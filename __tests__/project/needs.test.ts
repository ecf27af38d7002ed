import { describe, expect, it } from "vitest";
import type { DjangoProject } from "../../src/project/django.js";
import { type Looked, meaningOf, needsOf } from "../../src/project/needs.js";

const DJANGO: DjangoProject = {
  ...{ manageDir: ".", settingsModule: "mysite.settings", wsgi: "mysite.wsgi:application", asgi: undefined },
  ...{ procfile: {}, told: ["settings: mysite.settings"], questions: {} },
};
const NOTHING: Looked = { requirements: "", folder: "", python: "", packages: [], reads: {} };
const TABLE = [
  { python: ["*"], build: ["build-essential"] },
  { python: ["psycopg2"], build: ["libpq-dev"] },
  { python: ["psycopg", "psycopg2"], run: ["libpq5"] },
  { missing: "libgdal", run: ["gdal"] },
];

const needs = (looked: Partial<Looked>, django: Partial<DjangoProject> = {}) =>
  needsOf({ ...DJANGO, ...django }, { ...NOTHING, ...looked }, TABLE);

describe("meaningOf", () => {
  it.each([
    ["POSTGRES_DB", "db_name"],
    ["PGDATABASE", "db_name"],
    ["MYSQL_USER", "db_user"],
    ["DATABASE_PASSWORD", "vault_db_password"],
    ["POSTGRESQL_HOST", "db_host"],
    ["SQL_PORT", "db_port"],
    ["DJANGO_SECRET_KEY", "vault_secret_key"],
    ["DJANGO_SECRET", "vault_secret_key"],
    ["CELERY_REDIS_URL", "django_app_redis_url"],
    ["REDIS_URI", "django_app_redis_url"],
    // Not plain.
    ["CELERY_BROKER_URL", undefined],
    ["POSTGRES_REPLICA_HOST", undefined],
    ["STRIPE_SECRET_KEY", undefined],
    ["MAIL_HOST", undefined],
    ["HOST", undefined],
  ])("of %s is %s", (name, meaning) => {
    expect(meaningOf(name)).toBe(meaning);
  });
});

describe("needsOf", () => {
  it("tells what was found, also that nothing was", () => {
    expect(needs({})).toEqual([
      "settings: mysite.settings",
      "requirements: none found; commit a requirements.txt or a lock",
      "Python: no version is required, so the host's own is taken",
      "environment: no variables that the settings read were found",
    ]);
    const found = needs({ requirements: "uv.lock", folder: "src", python: "Python 3.12 (.python-version)" });
    expect(found.slice(1, 4)).toEqual([
      "requirements: uv.lock",
      "the project itself is installed from src",
      "Python: Python 3.12 (.python-version)",
    ]);
  });

  it("asks for what is served", () => {
    expect(needs({}, { asgi: "mysite.asgi:application", wsgi: undefined }).join()).not.toContain("missing");
    expect(needs({}, { wsgi: undefined })).toContain(
      "missing: a WSGI or ASGI application: commit a wsgi.py as startproject writes it, or set django_app_wsgi.",
    );
  });

  it("names the Debian packages of what is required, and none for what needs none", () => {
    expect(needs({ packages: ["django", "psycopg", "psycopg2"] }).filter((line) => /^Debian/.test(line))).toEqual([
      "Debian packages for psycopg: libpq5 to run (the deploy installs them)",
      "Debian packages for psycopg2: libpq5 to run; libpq-dev where it has no wheel (the deploy installs them)",
    ]);
  });

  it("sorts variables by who sets them, has lines for those that are plain, and says which are missing", () => {
    const reads = {
      ...{ ALLOWED_HOSTS: true, STATIC_ROOT: false, DB_NAME: true, DATABASE_URL: false, SECRET_KEY: true },
      ...{ REDIS_URL: true, DEBUG: false, MAIL_TOKEN: true, S3_KEY: true, POSTGRES_DB: true },
    };
    expect(needs({ reads }).slice(3)).toEqual([
      "environment: the settings read 10 variables",
      "  set by every deploy: ALLOWED_HOSTS, STATIC_ROOT",
      "  set when db_name is: DATABASE_URL, DB_NAME",
      "  set by vault_secret_key: SECRET_KEY",
      "  set with django_app_redis: local: REDIS_URL",
      "  have a default: DEBUG",
      "  names of the project's own for what the deploy knows, as lines for vars:",
      "    django_app_env:",
      '      POSTGRES_DB: "{{ db_name }}"',
      "missing: MAIL_TOKEN, S3_KEY (no default; in env where it is a secret, else in django_app_env).",
    ]);
    expect(needs({ reads: { DEBUG: false } }).slice(3)).toEqual([
      "environment: the settings read 1 variable",
      "  have a default: DEBUG",
    ]);
  });

  it("asks what the files leave open", () => {
    expect(needs({}, { questions: { app_path: "manage.py is in a and b" } }).at(-1)).toBe(
      "missing: manage.py is in a and b.",
    );
  });
});
