# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What a project's settings lack for the host they run on, and the small settings module that completes them.

Runs in the release's virtual environment, beside driver: the standard library alone, on every Python that Django supports.
Nothing here makes a project less safe than it is: DEBUG is only ever switched off, hosts are only the ones that the deploy names.
"""
from __future__ import annotations

import os

# Beside manage.py in the release, so it is found wherever the project's own package is.
MODULE = "deployed_settings"
SPATIALITE = "django.contrib.gis.db.backends.spatialite"
SQLITE = ("django.db.backends.sqlite3", SPATIALITE)
FILE_CACHE = "django.core.cache.backends.filebased.FileBasedCache"
ENGINES = {
    "postgres": "django.db.backends.postgresql",
    "postgresql": "django.db.backends.postgresql",
    "postgis": "django.contrib.gis.db.backends.postgis",
    "mysql": "django.db.backends.mysql",
}

HEAD = '''# Ansible managed
"""The settings of {project}, and after them what the deploy completes; each of it was told in the deploy's log."""
import importlib
import os


def given(name):
    if name in os.environ:
        return os.environ[name]
    with open(os.environ[name + "_FILE"], encoding="utf-8") as file:
        return file.read()


globals().update({{name: value for name, value in vars(importlib.import_module({project!r})).items() if name.isupper()}})
'''

DATABASE = '''
from urllib.parse import parse_qsl, unquote, urlsplit

url = urlsplit(given("DATABASE_URL"))
# As dj-database-url and django-environ read them: sslmode and the like are the driver's, these are Django's.
words = {{"true": True, "false": False, "none": None}}
options = {{name: int(value) if value.isdigit() else words.get(value.lower(), value) for name, value in parse_qsl(url.query)}}
own = {{"CONN_MAX_AGE", "CONN_HEALTH_CHECKS", "ATOMIC_REQUESTS", "AUTOCOMMIT", "DISABLE_SERVER_SIDE_CURSORS"}} & {{name.upper() for name in options}}
DATABASES = {{**globals().get("DATABASES", {{}}), "default": {{
    "ENGINE": {engine!r},
    "NAME": unquote(url.path[1:]),
    "USER": unquote(url.username or ""),
    "PASSWORD": unquote(url.password or ""),
    "HOST": unquote(url.hostname or ""),
    "PORT": str(url.port or ""),
    "OPTIONS": {{name: value for name, value in options.items() if name.upper() not in own}},
    **{{name.upper(): value for name, value in options.items() if name.upper() in own}},
}}}}
'''


class Completion:
    """Collects the lines that complete a project's settings, with a sentence for each.

    :param project: name of the project's settings module.
    :param settings: its settings by name.
    :param host: what the deploy knows: C(release_dir), C(shared), C(server_names), C(https), C(static_url), C(override), and C(key_is_in), the module or file of the
        release that has the settings' SECRET_KEY.
    :param environment: the application's environment.
    """

    def __init__(self, project: str, settings: dict, host: dict, environment: dict) -> None:
        self.project = project
        self.settings = settings
        self.host = host
        self.environment = environment
        self.lines: list[str] = []
        self.warnings: list[str] = []

    def add(self, line: str, warning: str) -> None:
        self.lines.append(line)
        if warning:
            self.warnings.append(warning)

    def given(self, name: str) -> str | None:
        """A value of the environment, or of the file that it names: a credential."""
        path = self.environment.get(name + "_FILE")
        if name in self.environment or not path:
            return self.environment.get(name)
        with open(path, encoding="utf-8") as file:
            return file.read()

    def inside_release(self, path: object) -> bool:
        release = os.path.realpath(self.host["release_dir"]) + os.sep
        return (os.path.realpath(str(path)) + os.sep).startswith(release)

    def debug(self) -> None:
        if self.settings.get("DEBUG"):
            self.add("DEBUG = False", "DEBUG is on in %s, and this release runs with it off: set DEBUG = False for production" % self.project)

    def allowed_hosts(self) -> None:
        allowed = list(self.settings.get("ALLOWED_HOSTS") or [])
        missing = [name for name in self.host["server_names"] if not is_allowed(name, allowed)]
        if not missing:
            return
        given = self.environment.get("ALLOWED_HOSTS", "")
        names = 'os.environ["ALLOWED_HOSTS"].split(",")' if given == ",".join(self.host["server_names"]) else repr(missing)
        self.add(
            "ALLOWED_HOSTS = [*globals().get('ALLOWED_HOSTS', []), *%s]" % names,
            "ALLOWED_HOSTS in %s lacks %s, which this release adds: set ALLOWED_HOSTS = os.environ['ALLOWED_HOSTS'].split(',')"
            % (self.project, ", ".join(missing)),
        )

    def secret_key(self) -> None:
        key, given = self.settings.get("SECRET_KEY") or "", self.given("SECRET_KEY")
        place = self.host.get("key_is_in")
        insecure = str(key).startswith("django-insecure-")
        if key and not insecure and not place:
            return
        what = "is the one of development" if insecure else "is written in the repository (%s)" % place if key else "is not set"
        if given and key != given:
            self.add(
                'SECRET_KEY = given("SECRET_KEY")',
                "SECRET_KEY %s in %s, and this release takes the environment's: set SECRET_KEY = os.environ['SECRET_KEY']" % (what, self.project),
            )
        elif key:
            self.warnings.append(
                "SECRET_KEY %s in %s, and who knows it can forge sessions: set vault_secret_key, or SECRET_KEY in the environment, to one that nobody knows"
                % (what, self.project)
            )

    def static_root(self) -> None:
        if not self.settings.get("STATIC_ROOT") and "django.contrib.staticfiles" in (self.settings.get("INSTALLED_APPS") or []):
            self.add(
                'STATIC_ROOT = os.environ["STATIC_ROOT"]',
                "STATIC_ROOT is not set in %s, and this release takes the environment's: set STATIC_ROOT = os.environ['STATIC_ROOT']" % self.project,
            )

    def media_root(self) -> None:
        root = self.settings.get("MEDIA_ROOT")
        if not root:
            self.add('MEDIA_ROOT = os.environ["MEDIA_ROOT"]', "")
        elif self.inside_release(root):
            self.add(
                'MEDIA_ROOT = os.environ["MEDIA_ROOT"]',
                "MEDIA_ROOT in %s is a folder of the checkout, where uploads would be lost with the release, so this release takes the environment's: "
                "set MEDIA_ROOT = os.environ['MEDIA_ROOT']" % self.project,
            )

    def databases(self) -> None:
        for alias, database in (self.settings.get("DATABASES") or {}).items():
            name = sqlite_file(database)
            # A relative name is looked for in the folder of manage.py.
            if not name or not self.inside_release(os.path.join(self.host["project_dir"], name)):
                continue
            engine = ENGINES.get((self.given("DATABASE_URL") or "").partition(":")[0]) if alias == "default" else None
            if engine == ENGINES["postgres"] and database["ENGINE"] == SPATIALITE:
                engine = ENGINES["postgis"]
            if engine:
                self.add(
                    DATABASE.format(engine=engine).strip(),
                    "DATABASES in %s is SQLite, and this release takes DATABASE_URL of the environment: read it there (dj-database-url, django-environ)"
                    % self.project,
                )
                continue
            shared = os.path.join(self.host["shared"], os.path.basename(name))
            self.add(
                "DATABASES = {**DATABASES, %r: {**DATABASES[%r], 'NAME': %r}}" % (alias, alias, shared),
                "DATABASES in %s has SQLite in a file of the checkout, which no release may write to, so this release uses %s: set db_name for PostgreSQL"
                % (self.project, shared),
            )

    def caches(self) -> None:
        for alias, cache in (self.settings.get("CACHES") or {}).items():
            place = str(cache.get("LOCATION") or "")
            if cache.get("BACKEND") != FILE_CACHE or not place or not self.inside_release(os.path.join(self.host["project_dir"], place)):
                continue
            shared = os.path.join(self.host["shared"], "cache", os.path.basename(os.path.normpath(place)))
            self.add(
                "CACHES = {**CACHES, %r: {**CACHES[%r], 'LOCATION': %r}}" % (alias, alias, shared),
                "CACHES in %s has files in a folder of the checkout, which no release may write to, so this release uses %s: set another LOCATION"
                % (self.project, shared),
            )

    def https(self) -> None:
        # nginx overwrites this header on every request, so that no client can forge it.
        if self.host["https"] and not self.settings.get("SECURE_PROXY_SSL_HEADER"):
            self.add(
                'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")',
                "SECURE_PROXY_SSL_HEADER is not set in %s, and without it forms sent over https are refused (CSRF), so this release sets it: "
                "set SECURE_PROXY_SSL_HEADER = ('HTTP_X_FORWARDED_PROTO', 'https')" % self.project,
            )

    def static_url(self) -> None:
        """Where Django says that static files are and nginx does not look for them; nginx is the deploy's to set, so nothing is completed."""
        url = str(self.settings.get("STATIC_URL") or "")
        if not url or "//" in url or "django.contrib.staticfiles" not in (self.settings.get("INSTALLED_APPS") or []):
            return
        if "/" + url.strip("/") + "/" != self.host["static_url"]:
            self.warnings.append(
                "STATIC_URL in %s is %s, and nginx serves these files below %s: set django_app_static_url: /%s/"
                % (self.project, url, self.host["static_url"], url.strip("/"))
            )

    def override(self) -> None:
        for name, value in self.host["override"].items():
            self.add("%s = %r" % (name, value), "")

    def complete(self) -> None:
        for step in (self.debug, self.allowed_hosts, self.secret_key, self.static_root, self.media_root, self.databases, self.caches, self.https):
            step()

    def only_warn(self) -> None:
        """Tells what would be completed and leaves it as it is."""
        self.complete()
        self.lines.clear()
        self.warnings = [warning + " (django_app_complete_settings is off, so nothing was changed)" for warning in self.warnings]

    def text(self) -> str:
        """The settings module; empty when there is nothing to complete."""
        return HEAD.format(project=self.project) + "\n" + "\n".join(self.lines) + "\n" if self.lines else ""


def sqlite_file(database: dict) -> str | None:
    """The file of a SQLite database; None for another one, and for one in memory."""
    name = str(database.get("NAME") or "")
    return name if database.get("ENGINE") in SQLITE and name and name != ":memory:" and not name.startswith("file:") else None


def is_allowed(name: str, allowed: list) -> bool:
    """Whether Django would answer for *name*, which may begin with a dot for all names below it."""
    def fits(pattern: str) -> bool:
        pattern = pattern.lower()
        return pattern in ("*", name) or (pattern.startswith(".") and (name.endswith(pattern) or name == pattern[1:]))

    name = name.lower()
    return any(fits(str(pattern)) for pattern in allowed)


def completion_of(project: str, settings: dict, host: dict, environment: dict) -> Completion:
    made = Completion(project, settings, host, environment)
    made.complete() if host["complete"] else made.only_warn()
    made.static_url()
    made.override()
    return made
