# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

import textwrap

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.build import settings_reads


def project(folder, **files):
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    return str(folder)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import os\nA = os.environ['A']\nB = os.environ.get('B')\nC = os.getenv('C', 'x')", {"A": True, "B": False, "C": False}),
        ("from os import environ, getenv\nA = environ['A']\nB = environ.get('B', '')\nC = getenv('C')", {"A": True, "B": False, "C": False}),
        ("import os\nos.environ['SET'] = '1'\nos.environ['DJANGO_SETTINGS_MODULE']\nos.environ['not a name']", {}),
        (
            "import environ\nenv = environ.Env(DEBUG=(bool, False))\nenv('DEBUG')\nenv('KEY')\nenv.bool('B', default=True)\nenv.list('L', [])\nenv.db()\nenv.read_env('x')",
            {"DEBUG": False, "KEY": True, "B": False, "L": False, "DATABASE_URL": True},
        ),
        ("from environs import Env\nconf = Env()\nconf.str('A')\nconf('B', 'x')\nconf('C', str)\nconf.cache_url(default='x')", {"A": True, "B": False, "C": True, "CACHE_URL": False}),
        ("from decouple import config\nA = config('A')\nB = config('B', default=1, cast=int)\nC = config('C', cast=int)", {"A": True, "B": False, "C": True}),
        ("config = {}\nconfig('A')\nother.config('B')", {}),
        ("import dj_database_url\nX = dj_database_url.config(conn_max_age=600)", {"DATABASE_URL": False}),
        ("import dj_database_url\nX = dj_database_url.config(env='DB_URL')", {"DB_URL": False}),
        (
            "import os\ndef need(name):\n  return os.environ[name]\ndef want(name, other=None):\n  return os.environ.get(name, other)\nA = need('A')\nB = want('B')",
            {"A": True, "B": False},
        ),
        ("import os\nA = os.environ.get('A')\nif 1:\n  B = os.environ['A']", {"A": True}),
        ("this is no Python", {}),
    ],
)
def test_finds_what_is_read_and_what_has_to_be_there(tmp_path, text, expected):
    folder = project(tmp_path, mysite__settings=text)
    assert dict(settings_reads.reads(folder, "mysite.settings")) == expected


def test_follows_what_settings_are_made_of_and_nothing_else(tmp_path):
    folder = project(
        tmp_path,
        mysite__settings__production="from .base import *\nfrom mysite.settings import extra\nimport os\nP = os.environ['P']",
        mysite__settings__base="from ..helpers import need\nimport os\nB = os.environ['B']",
        mysite__settings__extra="from .production import P\nimport os\nE = os.environ['E']",
        mysite__helpers="import os\nH = os.getenv('H')",
        mysite__settings__local="import os\nL = os.environ['L']",
        django__conf="import os\nD = os.environ['D']",
    )
    assert [read.name for read in settings_reads.reads(folder, "mysite.settings.production")] == ["B", "E", "H", "P"]


@pytest.mark.parametrize("module", ["", "nowhere", "../../etc/passwd", "mysite..settings"])
def test_reads_nothing_where_no_settings_are(tmp_path, module):
    assert settings_reads.reads(project(tmp_path, mysite__settings="import os\nos.environ['A']"), module) == []


def test_tells_what_is_set_and_what_is_not(tmp_path):
    folder = project(tmp_path, settings="import os\nos.environ['A']\nos.environ['B']\nos.getenv('C')\nos.getenv('D')")
    assert settings_reads.told(folder, "settings", ["A", "C", "OTHER"]) == [
        "environment: the settings read 4 variables of the environment; 2 are set; without a default and not set: B (django_app_env or env sets them); not set: D"
    ]
    assert settings_reads.told(folder, "settings", ["A", "B", "C", "D"]) == ["environment: the settings read 4 variables of the environment; 4 are set"]
    assert settings_reads.told(project(tmp_path, one="import os\nos.getenv('A')"), "one", ["A"]) == ["environment: the settings read 1 variable of the environment; 1 is set"]
    assert settings_reads.told(project(tmp_path, none="A = 1"), "none", []) == []
    many = "import os\n" + "".join("os.environ['V%03d']\n" % number for number in range(200))
    assert settings_reads.told(project(tmp_path, many=many), "many", [])[0].count("V") == settings_reads.MOST_NAMES


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("import dynaconf\nsettings = dynaconf.DjangoDynaconf(__name__)", "DJANGO_"),
        ("from dynaconf import DjangoDynaconf\nsettings = DjangoDynaconf(__name__, envvar_prefix='SHOP')", "SHOP_"),
        ("import dynaconf\nsettings = dynaconf.DjangoDynaconf(__name__, ENVVAR_PREFIX_FOR_DYNACONF='SHOP')", "SHOP_"),
        ("from dynaconf import Dynaconf\nloaded = Dynaconf(settings_files=['settings.toml'])", "DYNACONF_"),
    ],
)
def test_tells_what_dynaconf_takes(tmp_path, text, begins):
    assert settings_reads.told(project(tmp_path, settings=text), "settings", []) == [
        "environment: dynaconf makes a setting of each variable that begins with %s, such as %sDEBUG (django_app_env or env sets them)" % (begins, begins)
    ]
