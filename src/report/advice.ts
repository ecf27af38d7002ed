import type { ResultEvent } from "../ansible/events.js";

/** What to do about failures whose own words do not say it, most telling first. */
const ADVICE: readonly (readonly [cause: RegExp | readonly RegExp[], advice: string])[] = [
  [
    /No space left on device|Errno 28/i,
    "The disk is full: remove what is not needed on the host (`django_app_keep_releases` limits old releases), then deploy again.",
  ],
  [
    /dpkg was interrupted/i,
    "An earlier installation was broken off: run `dpkg --configure -a` on the host, then deploy again.",
  ],
  [
    /Could not get lock \/var\/lib\/(dpkg|apt)|is another process using it/i,
    "Another program installs packages on the host, mostly unattended-upgrades: deploy again when it has ended.",
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
    /DisallowedHost|Invalid HTTP_HOST|answered with 400/i,
    "Django does not accept the name that it is asked by: `server_name` has to be in ALLOWED_HOSTS.",
  ],
  [
    /password authentication failed for user/i,
    "The database does not take the password: compare `vault_db_password` or DATABASE_URL with the database's own.",
  ],
  [
    [
      /could not connect to server|connection to server at|OperationalError/i,
      /refused|timed out|could not translate|No route/i,
    ],
    "The host does not get through to its database: check `db_host` and port, that the server listens there, and what is between.",
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
    "The old release still serves. Look at the application's last lines, and ask the same path on your machine; `django_app_health_path` and `django_app_health_timeout` set what is asked and how long.",
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
