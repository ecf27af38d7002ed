# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Steps of driver about the project: its settings, what Django's checks say of it, what serves it, its static files and pages."""
from __future__ import annotations

import hashlib
import json
import os
import sys

from ansible_collections.django_ansible.deploy.plugins.module_utils.django.committed import place_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.migrating import known_migrations
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.refused import Refused
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.settings_completion import MODULE, completion_of, sqlite_file
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.uploads import uploads_of

# Messages of Django's checks of one kind that are told one by one.
MOST_ALIKE = 3


def inspect_settings(request):
    """The settings that the deploy has to agree with, and what stands for the migrations that this code has."""
    from django.conf import settings
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    known = sorted(known_migrations(loader))
    return {
        "home": _has_home_page(settings),
        "migrations": hashlib.sha256(json.dumps(known).encode()).hexdigest(),
        "static_root": str(settings.STATIC_ROOT) if settings.STATIC_ROOT else None,
        "static_url": settings.STATIC_URL,
        "wsgi": getattr(settings, "WSGI_APPLICATION", None),
        "debug": bool(settings.DEBUG),
        "engine": settings.DATABASES.get("default", {}).get("ENGINE"),
        "media_root": str(settings.MEDIA_ROOT or "") if _keeps_files(settings) else None,
        "sqlite": [name for name in map(sqlite_file, settings.DATABASES.values()) if name],
        "uploads": uploads_of(settings),
    }


def _keeps_files(settings):
    """Whether uploads go to MEDIA_ROOT, and to no other storage."""
    own = "django.core.files.storage.FileSystemStorage"
    backend = (getattr(settings, "STORAGES", None) or {}).get("default", {}).get("BACKEND") or getattr(settings, "DEFAULT_FILE_STORAGE", own)
    return backend in (own, "django.core.files.storage.filesystem.FileSystemStorage")


def _has_home_page(settings):
    """Whether some URL pattern answers for /. An application without one answers 404 there and is none the worse."""
    from django.urls import Resolver404, resolve

    if not getattr(settings, "ROOT_URLCONF", None):
        return True
    try:
        resolve("/")
    except Resolver404:
        return False
    return True


def complete_settings(request):
    """Puts a settings module in place of the project's that has what those lack, before Django reads them.

    Tells the module's text, empty when the project's own settings do, a sentence for each thing that they lack, and whether the application
    uses the environment's SECRET_KEY.
    """
    import importlib
    import types

    project = os.environ["DJANGO_SETTINGS_MODULE"]
    before = set(sys.modules)
    own = vars(importlib.import_module(project))
    host = request["host"]
    place = place_of(own.get("SECRET_KEY"), set(sys.modules) - before, project.partition(".")[0], host["release_dir"], host["project_dir"])
    made = completion_of(project, own, {**host, "key_is_in": place}, dict(os.environ))
    text = made.text()
    if text:
        module = types.ModuleType(MODULE)
        exec(compile(text, MODULE + ".py", "exec"), module.__dict__)
        sys.modules[MODULE] = module
        os.environ["DJANGO_SETTINGS_MODULE"] = MODULE
        own = module.__dict__
    key = made.given("SECRET_KEY")
    return {"text": text, "warnings": made.warnings, "uses_given_key": bool(key) and own.get("SECRET_KEY") == key}


def check(request):
    """The system check framework with its deployment checks: what reaches the level stops, the rest is told."""
    from django.core import checks

    level = getattr(checks, request.get("check_level", "ERROR"))
    messages = [message for message in checks.run_checks(include_deployment_checks=True) if not message.is_silenced()]
    told = {True: [], False: []}
    for message in messages:
        words = "%s: %s" % (message.id or "check", " ".join(str(message.msg).split()))
        words += " (%s)" % message.obj if message.obj else ""
        stops = message.is_serious(level)
        # What stops a deploy has to be mended at once.
        words += ", hint: %s" % " ".join(str(message.hint).split()) if stops and message.hint else ""
        told[stops].append((message.id or "check", words))
    if told[True]:
        raise Refused("manage.py check --deploy found: " + "; ".join(grouped(told[True])))
    return {"warnings": grouped(told[False])}


def grouped(messages):
    """The sentences of messages, each given with its kind. Of a kind that comes more than MOST_ALIKE times, the first stands for all, so that others can be seen."""
    kinds = [kind for kind, _ in messages]
    found = []
    for index, (kind, sentence) in enumerate(messages):
        if kinds.count(kind) <= MOST_ALIKE:
            found.append(sentence)
        elif kinds.index(kind) == index:
            found.append("%s, and %d more of %s: manage.py check --deploy prints each" % (sentence, kinds.count(kind) - 1, kind))
    return found


def missing_migrations(request):
    """Whether the models have changes that no migration makes."""
    from django.core.management import call_command

    try:
        call_command("makemigrations", check=True, dry_run=True, interactive=False, verbosity=0)
    except SystemExit:
        return {"warnings": ["models have changes without a migration: run makemigrations in the project and commit what it makes"]}
    return {"warnings": []}


def entry(request):
    """The module that gunicorn will load, and gunicorn's own configuration: what is wrong with them shows here, before anything starts."""
    import importlib

    module, _, name = request["entry"].partition(":")
    settings_module = os.environ.get("DJANGO_SETTINGS_MODULE")
    try:
        loaded = importlib.import_module(module)
    except ModuleNotFoundError as error:
        # A module that the project's own code misses is the project's to tell.
        if error.name and (module + ".").startswith(error.name + "."):
            raise Refused("there is no module %s: set django_app_wsgi, or django_app_asgi, or commit a wsgi.py as startproject writes it" % module) from error
        raise
    if not callable(getattr(loaded, name, None)):
        raise Refused("%s has no application named %s: set django_app_wsgi, or django_app_asgi" % (module, name))
    _check_gunicorn(request)
    if os.environ.get("DJANGO_SETTINGS_MODULE") != settings_module:
        chosen, os.environ["DJANGO_SETTINGS_MODULE"] = os.environ.get("DJANGO_SETTINGS_MODULE"), settings_module
        return {"warnings": ["%s sets DJANGO_SETTINGS_MODULE to %s whatever the environment says: use os.environ.setdefault there" % (module, chosen)]}
    return {"warnings": []}


def _check_gunicorn(request):
    """Does what `gunicorn --check-config` does, in the process that has the project loaded already."""
    import contextlib
    import io
    import tempfile

    from gunicorn.app.wsgiapp import WSGIApplication

    said = io.StringIO()
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(request["gunicorn_config"])
        file.flush()
        given, sys.argv = sys.argv, ["gunicorn", "--check-config", "--config", file.name, request["entry"]]
        try:
            with contextlib.redirect_stderr(said):
                WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]", prog="gunicorn").run()
        except SystemExit as end:
            if end.code:
                raise Refused("gunicorn --check-config failed: %s" % " ".join(said.getvalue().split()[-60:])) from end
        finally:
            sys.argv = given


def collectstatic(request):
    """Collects static files, if they go to the folder that was made ready for them."""
    from django.conf import settings
    from django.core.management import call_command

    if str(settings.STATIC_ROOT) != request["static_root"]:
        return {}
    call_command("collectstatic", interactive=False, verbosity=0)
    return {}


def pages(request):
    """The project's own pages for what it cannot answer itself, by status; those that do not render without a request are left out."""
    from django.template.loader import render_to_string

    found = {}
    for status in ("502", "503", "504"):
        try:
            found[status] = str(render_to_string(status + ".html"))
        except Exception:
            continue
    return found
