import type { ResultEvent } from "../ansible/events.js";

/** What to do about failures whose own words do not say it, most telling first. Each has an example in the tests. */
export const ADVICE: readonly (readonly [cause: RegExp | readonly RegExp[], advice: string])[] = [
  [
    // Before what it says of columns and tables, which are there.
    /the migrations would break the live release/,
    "The database is as it was. Change the migrations as the lines say, which often takes two deploys.",
  ],
  [
    /No space left on device|Errno 28/i,
    "The disk is full: remove what is not needed on the host (`django_app_keep_releases` limits old releases), then deploy again.",
  ],
  [
    /dpkg was interrupted/i,
    "An earlier installation was broken off: run `dpkg --configure -a` on the host, then deploy again.",
  ],
  [
    /Could not get lock \/var\/(lib|cache)\/(dpkg|apt)|is another process using it/i,
    "Another program installs packages on the host, mostly unattended-upgrades, and did not end within five minutes: deploy again when it has ended.",
  ],
  [
    /Unable to locate package|No package matching|has no installation candidate/i,
    "The host's package sources do not have it: check /etc/apt/sources.list and the name in `django_app_extra_packages`.",
  ],
  [
    /No solution found when resolving|No matching distribution found|ResolutionImpossible/i,
    "The requirements contradict each other, or ask for a version that does not exist for this Python: install them in a fresh virtual environment on your machine first.",
  ],
  [
    /Failed to build|error: command '[^']*' failed|Python\.h: No such file|pg_config executable not found/i,
    "A requirement is compiled on the host and lacks something for it: use a package with wheels (for example `psycopg[binary]`), or name the headers in `django_app_extra_packages`.",
  ],
  [
    /ModuleNotFoundError: No module named '?([\w.]+)/,
    "The code imports something that the requirements do not bring, or that lies outside of `app_path`: add it to the requirements file that is deployed.",
  ],
  [
    /SECRET_KEY setting must not be empty|ImproperlyConfigured/,
    "The settings lack a value: give it in the input `env` (a `NAME=value` a line) or in `group_vars`, and check `django_settings_module`.",
  ],
  [
    /(<frozen os>|\/os\.py)", line \d{1,5}, in __getitem__|UndefinedValueError: \w{1,99} not found/,
    "The code reads a variable of the environment that is not set: give it in the input `env` (a `NAME=value` a line) or in `django_app_env`.",
  ],
  [
    [/redis\.exceptions|kombu\.exceptions|:6379\b|port 6379/i, /refused|timed out|not known/i],
    "The host does not reach Redis: check REDIS_URL in `env`, that Redis runs, and that it accepts connections from this host. `django_app_redis: local` provides one.",
  ],
  [
    /WRONGPASS|NOAUTH Authentication required|NOPERM/,
    "Redis does not accept the user or password: compare REDIS_URL with Redis's own users (`ACL LIST`).",
  ],
  [
    /permission denied to create extension|type "(geometry|geography)" does not exist/i,
    "Only an administrator of the database server makes this extension: name it in `postgresql_server_extensions` (with `django_app_database: local`), or run CREATE EXTENSION there, for GeoDjango `CREATE EXTENSION postgis`.",
  ],
  [
    /object has no attribute 'geo_db_type'/,
    "GeoDjango needs a backend of its own, which libraries choose by DATABASE_URL: set `django_app_database_scheme: postgis`.",
  ],
  [
    /no such table|relation "[^"]+" does not exist|UndefinedTable|Table '[^']+' doesn't exist/i,
    "A table is missing in the database: commit the migration that creates it (`manage.py makemigrations`), and let no code query the database while it is imported.",
  ],
  [
    /no such column|column [\w."]+ does not exist|UndefinedColumn|Unknown column/i,
    "A column is missing in the database: commit the migration that adds it (`manage.py makemigrations`), and check that `django_app_migrate` is not off.",
  ],
  [
    /database "[^"]+" does not exist/i,
    "The database server has no database of this name: create it, or correct DATABASE_URL or `db_name`.",
  ],
  [
    /no pg_hba\.conf entry/i,
    "PostgreSQL does not let this host in: add a line for its address to `pg_hba.conf` on the database server.",
  ],
  [
    /too many clients already|remaining connection slots are reserved|Too many connections/i,
    "The database has no free connection: lower `gunicorn_workers` or CONN_MAX_AGE, or raise the server's `max_connections`. A deploy needs connections for two releases at once.",
  ],
  [
    /database is locked/i,
    "SQLite is busy with another write: deploy again; for more than a small site move to PostgreSQL (`django_app_database: local`).",
  ],
  [
    /oom-kill|OOM killer|Out of memory: Killed|result 'oom|MemoryError|Cannot allocate memory/i,
    "The host or the application ran out of memory: lower `gunicorn_workers`, raise `django_app_memory_max`, or set `django_app_strategy: restart`, which never runs two releases at once.",
  ],
  [
    /can't start new thread|\[Errno 11\] Resource temporarily unavailable/,
    "The application may have no more processes and threads: raise `django_app_tasks_max`, or lower `gunicorn_workers`.",
  ],
  [
    /Missing staticfiles manifest entry/i,
    "A template names a static file that `collectstatic` did not find: correct its path, or add its folder to STATICFILES_DIRS.",
  ],
  [
    /TemplateDoesNotExist/,
    "A template is not in the repository, or lies in no folder of TEMPLATES: check that it is committed, and upper and lower case of its name.",
  ],
  [
    /\[Errno (13|30)\] [\w -]{1,40}: '[^'\n]{0,200}\/(releases|current|src)\//,
    "The application writes into its own code, which is read-only on the host: let it write below MEDIA_ROOT or in the folder `shared`.",
  ],
  [
    /WORKER TIMEOUT/,
    "A request took longer than `gunicorn_timeout`: raise it, or move the work into a process of its own (`django_app_processes`).",
  ],
  [
    /certificate verify failed|self[- ]signed certificate/i,
    "A certificate is not trusted: install the CA on the host (`/usr/local/share/ca-certificates`, then `update-ca-certificates`), or correct the address.",
  ],
  [
    /Temporary failure in name resolution|Name or service not known|getaddrinfo failed/i,
    "The host cannot resolve a name: check its DNS (`resolvectl query NAME`) and the name itself.",
  ],
  [
    /DisallowedHost|Invalid HTTP_HOST|answered with 400/i,
    "Django refuses the name of the site: ALLOWED_HOSTS has to contain `server_name`.",
  ],
  [
    /password authentication failed for user/i,
    "The database does not accept the password: compare `vault_db_password` or DATABASE_URL with the database's own.",
  ],
  [
    [
      /could not connect to server|connection to server at|OperationalError/i,
      /refused|timed out|could not translate|No route/i,
    ],
    "The host does not reach its database: check `db_host` and the port, that the server listens there, and the firewalls between.",
  ],
  [
    /relation "[^"]+" already exists|table "?\w+"? already exists|DuplicateTable/i,
    "The database has what a migration would create: it was made outside of migrations; compare with `manage.py showmigrations` and fake what is there already.",
  ],
  [
    /Conflicting migrations detected/i,
    "Two migrations follow the same one: run `manage.py makemigrations --merge` and commit the result.",
  ],
  [
    /permission denied for (schema|table|database)/i,
    "The database user may not do this: give it the rights on schema and tables, or make it the owner of the database.",
  ],
  [
    /Address already in use|Errno 98/i,
    "Something else listens there: look with `ss -ltnp` on the host for what it is.",
  ],
  [
    /is not healthy at/,
    "The old release is still live. Look at the application's last lines, and open the same path on your machine; `django_app_health_path` and `django_app_health_timeout` set which path is checked and for how long.",
  ],
  [
    /nginx: configuration file \S{1,200} test failed|nginx: \[emerg\]/,
    "nginx refuses its configuration: the line that it names may belong to another site of the host.",
  ],
];

/** What to do about a failure, in Markdown code marks; "" when its own words have to do. */
export function adviceFor({ msg, stderr, stdout }: Pick<ResultEvent, "msg" | "stderr" | "stdout">): string {
  const text = [msg, stderr, stdout].filter(Boolean).join("\n");
  return ADVICE.find(([cause]) => [cause].flat().every((words) => words.test(text)))?.[1] ?? "";
}
