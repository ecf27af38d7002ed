import { describe, expect, it } from "vitest";
import { ADVICE, adviceFor } from "../../src/report/advice.js";

/** A line that hosts print, and words of the advice for it. */
const EXAMPLES: readonly (readonly [said: string, advice: string])[] = [
  [
    "the migrations would break the live release, so none was applied:\n- shop.Item.name: (column shop_item.name does not exist)",
    "database is as it was",
  ],
  ["OSError: [Errno 28] No space left on device: '/opt/mysite/releases'", "disk is full"],
  ["E: dpkg was interrupted, you must manually run 'dpkg --configure -a'", "dpkg --configure -a"],
  ["E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 812", "unattended-upgrades"],
  [
    "E: Could not get lock /var/cache/apt/archives/lock. It is held by process 813 (unattended-upgr)",
    "unattended-upgrades",
  ],
  ["E: Unable to locate package libfoo-dev", "package sources"],
  ["× No solution found when resolving dependencies", "contradict each other"],
  ["error: command 'gcc' failed: No such file or directory", "compiled on the host"],
  ["ModuleNotFoundError: No module named 'rest_framework'", "requirements do not bring"],
  ["django.core.exceptions.ImproperlyConfigured: Set the SECRET_KEY environment variable", "settings lack a value"],
  [`  File "<frozen os>", line 717, in __getitem__\nKeyError: 'MAP_SERVICE_URL'`, "variable of the environment"],
  [
    `  File "/usr/lib/python3.9/os.py", line 679, in __getitem__\nKeyError: 'MAP_SERVICE_URL'`,
    "variable of the environment",
  ],
  ["decouple.UndefinedValueError: MAP_SERVICE_URL not found. Declare it as envvar", "variable of the environment"],
  [
    "redis.exceptions.ConnectionError: Error 111 connecting to 127.0.0.1:6379. Connection refused.",
    "does not reach Redis",
  ],
  ["kombu.exceptions.OperationalError: [Errno 111] Connection refused", "does not reach Redis"],
  ["redis.exceptions.AuthenticationError: WRONGPASS invalid username-password pair", "Redis does not accept"],
  [
    'django.db.utils.ProgrammingError: permission denied to create extension "postgis"\nHINT:  Must be superuser to create this extension.',
    "postgresql_server_extensions",
  ],
  ['psycopg.errors.UndefinedObject: type "geometry" does not exist', "CREATE EXTENSION postgis"],
  ["AttributeError: 'DatabaseOperations' object has no attribute 'geo_db_type'", "django_app_database_scheme: postgis"],
  ["django.db.utils.OperationalError: no such table: guestbook_entry", "table is missing"],
  ['psycopg.errors.UndefinedTable: relation "guestbook_entry" does not exist', "table is missing"],
  ["django.db.utils.ProgrammingError: column guestbook_entry.mood does not exist", "column is missing"],
  ['FATAL:  database "mysite" does not exist', "no database of this name"],
  ['FATAL:  no pg_hba.conf entry for host "10.0.0.4", user "mysite"', "pg_hba.conf"],
  ["FATAL:  sorry, too many clients already", "no free connection"],
  ["django.db.utils.OperationalError: database is locked", "SQLite is busy"],
  ["mysite@green.service: Failed with result 'oom-kill'.", "out of memory"],
  ["mysite@green.service: The kernel OOM killer killed some processes in this unit.", "out of memory"],
  ["RuntimeError: can't start new thread", "no more processes and threads"],
  ["ValueError: Missing staticfiles manifest entry for 'css/site.css'", "collectstatic"],
  ["django.template.exceptions.TemplateDoesNotExist: shop/index.html", "template"],
  ["PermissionError: [Errno 13] Permission denied: '/opt/mysite/releases/2026/cache.db'", "writes into its own code"],
  ["[CRITICAL] WORKER TIMEOUT (pid:812)", "gunicorn_timeout"],
  ["ssl.SSLCertVerificationError: certificate verify failed: self-signed certificate", "not trusted"],
  ["socket.gaierror: [Errno -3] Temporary failure in name resolution", "cannot resolve a name"],
  ["django.core.exceptions.DisallowedHost: Invalid HTTP_HOST header: 'www.example.com'", "ALLOWED_HOSTS"],
  ['FATAL:  password authentication failed for user "mysite"', "does not accept the password"],
  [
    "OperationalError: connection to server at 10.0.0.4, port 5432 failed: Connection refused",
    "does not reach its database",
  ],
  ['psycopg.errors.DuplicateTable: relation "shop_item" already exists', "made outside of migrations"],
  ["CommandError: Conflicting migrations detected; multiple leaf nodes", "makemigrations --merge"],
  ["ERROR: permission denied for schema public", "rights on schema"],
  ["OSError: [Errno 98] Address already in use", "ss -ltnp"],
  ["mysite is not healthy at /: answered with 500", "old release is still live"],
  ["nginx: [emerg] unknown directive", "nginx refuses its configuration"],
];

describe("adviceFor", () => {
  it.each(EXAMPLES)("knows what to do about: %s", (said, advice) => {
    // As at the end of a log, among other lines.
    expect(adviceFor({ msg: "failed", stderr: `Traceback (most recent call last):\n${said}\n`, stdout: "" })).toContain(
      advice,
    );
  });

  it("has an example for each entry", () => {
    const used = EXAMPLES.map(([said]) => adviceFor({ msg: said }));
    expect(ADVICE.map(([, advice]) => advice).filter((advice) => !used.includes(advice))).toEqual([]);
  });

  it("says nothing about what it does not know", () => expect(adviceFor({ msg: "no" })).toBe(""));
});
