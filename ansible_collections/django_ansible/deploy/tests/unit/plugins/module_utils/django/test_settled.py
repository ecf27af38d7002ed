"""Django starts for the question whether a migration is missing only where something has changed since it said that none is."""
from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.application import driver_input
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.program import BOOTSTRAP

SETTINGS = """
import json, pathlib
here = pathlib.Path(__file__).parent
given = json.loads((here / "given.json").read_text())
SECRET_KEY = "k"
INSTALLED_APPS = given["apps"]
MIGRATION_MODULES = given.get("modules", {})
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(here / "db"), **given.get("database", {})}}
"""
# Notes each start of Django.
APPS = """
import pathlib
from django.apps import AppConfig
class Config(AppConfig):
    name = "%s"
    def ready(self):
        if self.name == "shop":
            with open(pathlib.Path(__file__).parents[1] / "starts", "a") as file:
                file.write("x")
"""
LISTENS = """
        from django.db.backends.signals import connection_created
        connection_created.connect(self.pointed)
    def pointed(self, **given):
        pass
"""
# Reads the rows of the project's file, whoever asks, and notes what it was asked with and whether Django's own way to a database was loaded.
DRIVER = """
import json, pathlib, sqlite3, sys
class OperationalError(Exception):
    pass
def connect(**words):
    here = pathlib.Path(__file__).parent
    (here / "asked").write_text(json.dumps([words, "django.db" in sys.modules]))
    if words["host"] == "gone":
        raise OperationalError
    return sqlite3.connect(here / "db")
"""
MIGRATION = """
from django.db import migrations
class Migration(migrations.Migration):
    dependencies = %r
"""


class Project:
    def __init__(self, folder):
        self.folder = folder
        (folder / "settings.py").write_text(SETTINGS)
        for app in ("shop", "blog"):
            self.write(app, "apps.py", APPS % app)
            for name, before in (("0001_initial", []), ("0002_more", [(app, "0001_initial")])):
                self.write(app, "migrations/%s.py" % name, MIGRATION % before)
        self.given(apps=["shop"])
        self.migrate()

    def write(self, app, name, text):
        path = self.folder / app / name
        path.parent.mkdir(parents=True, exist_ok=True)
        for folder in (path.parent, self.folder / app):
            (folder / "__init__.py").touch()
        path.write_text(text)

    def given(self, **given):
        (self.folder / "given.json").write_text(json.dumps(given))

    def python(self, *words, **more):
        env = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "settings", "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run([sys.executable, *words], cwd=self.folder, env=env, check=True, capture_output=True, text=True, **more).stdout

    def migrate(self, *what):
        self.python("-m", "django", "migrate", "--pythonpath", ".", *what)

    def ask(self, mark=None):
        """What the driver answers, and how often Django started for that."""
        (self.folder / "starts").write_text("")
        found = json.loads(self.python("-c", BOOTSTRAP, input=driver_input(("unapplied",), mark=mark)))["unapplied"]
        return found["migrations"], found.get("mark"), len((self.folder / "starts").read_text())


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def test_django_starts_once_and_not_again(project):
    missing, mark, starts = project.ask()
    assert (missing, starts) == ([], 1) and mark
    assert project.ask(mark) == ([], mark, 0)


def test_a_migration_that_somebody_took_back_is_noticed(project):
    mark = project.ask()[1]
    project.migrate("shop", "0001")
    assert project.ask(mark) == (["shop.0002_more"], None, 1)
    project.migrate("shop")
    assert project.ask(mark) == ([], mark, 0)


def test_a_row_that_somebody_took_away_is_noticed(project):
    mark = project.ask()[1]
    with sqlite3.connect(project.folder / "db") as database:
        database.execute("DELETE FROM django_migrations WHERE name = '0002_more'")
    assert project.ask(mark)[0] == ["shop.0002_more"]


def test_settings_are_read_each_time(project):
    mark = project.ask()[1]
    project.given(apps=["shop", "blog"])
    assert project.ask(mark) == (["blog.0001_initial", "blog.0002_more"], None, 1)
    project.given(apps=["shop"], modules={"shop": "blog.migrations"})
    assert project.ask(mark)[2] == 1
    project.given(apps=["shop"], database={"NAME": str(project.folder / "other")})
    assert project.ask(mark) == (["shop.0001_initial", "shop.0002_more"], None, 1)


def test_what_changes_connections_is_asked_each_time(project):
    project.write("shop", "apps.py", APPS % "shop" + LISTENS)
    assert project.ask() == ([], None, 1)


def test_a_database_that_does_not_answer_is_asked_once(project):
    mark = project.ask()[1]
    project.given(apps=["shop"], database={"NAME": str(project.folder)})
    assert project.ask(mark) == (None, None, 0)
    assert project.ask() == (None, None, 1)


def test_an_own_way_to_the_database_is_asked_too(project):
    project.given(apps=["shop"], database={"OPTIONS": {"timeout": 5}})
    mark = project.ask()[1]
    assert project.ask(mark) == ([], mark, 0)
    project.migrate("shop", "0001")
    assert project.ask(mark) == (["shop.0002_more"], None, 1)


def test_of_postgresql_the_driver_alone_is_loaded(project):
    mark = project.ask()[1]
    (project.folder / "psycopg.py").write_text(DRIVER)
    there = {"ENGINE": "django.db.backends.postgresql", "NAME": "shop", "USER": "shop", "PASSWORD": "p", "HOST": "db", "OPTIONS": {"sslmode": "require"}}
    project.given(apps=["shop"], database=there)
    assert project.ask(mark) == ([], mark, 0)
    words = {"client_encoding": "UTF8", "dbname": "shop", "user": "shop", "password": "p", "host": "db", "sslmode": "require"}
    assert json.loads((project.folder / "asked").read_text()) == [words, False]
    project.given(apps=["shop"], database={**there, "HOST": "gone"})
    assert project.ask(mark) == (None, None, 0)


@pytest.mark.parametrize(
    "tables, applied", [([], ["shop.0001_initial", "shop.0002_more"]), (["CREATE TABLE guests (name text)"], []), (["CREATE VIEW guests AS SELECT 1"], [])]
)
def test_a_first_deploy_fills_only_a_database_that_has_nothing(project, tables, applied):
    (project.folder / "db").unlink()
    with sqlite3.connect(project.folder / "db") as database:
        for statement in tables:
            database.execute(statement)
    asked = json.loads(project.python("-c", BOOTSTRAP, input=driver_input(("unapplied",))))["unapplied"]
    assert bool(asked["empty"]) == (not tables)
    found = json.loads(project.python("-c", BOOTSTRAP, input=driver_input(("migrate",), if_empty=True)))["migrate"]
    assert found["migrations"] == applied
    assert project.ask()[0] == ([] if applied else ["shop.0001_initial", "shop.0002_more"])
