"""What a project's settings lack, and that nothing that is right is touched."""
from __future__ import annotations

import sys
import types

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.settings_completion import completion_of, is_allowed

HOST = {
    "complete": True, "override": {}, "server_names": ["www.example.com"], "https": False, "static_url": "/static/",
    "release_dir": "/opt/site/releases/r1", "project_dir": "/opt/site/releases/r1", "shared": "/opt/site/shared",
}
ENVIRONMENT = {
    "SECRET_KEY": "of-the-environment", "ALLOWED_HOSTS": "www.example.com", "STATIC_ROOT": "/opt/site/releases/r1/staticfiles", "MEDIA_ROOT": "/opt/site/shared/media",
}
GOOD = {
    "DEBUG": False, "ALLOWED_HOSTS": ["www.example.com"], "SECRET_KEY": "long and of its own", "STATIC_ROOT": "/opt/site/releases/r1/staticfiles",
    "MEDIA_ROOT": "/opt/site/shared/media", "STATIC_URL": "/static/", "INSTALLED_APPS": ["django.contrib.staticfiles"],
    "DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "site"}},
}
SQLITE = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/opt/site/releases/r1/db.sqlite3"}}


def cached(place):
    """Two caches, one of them in files; those of the release where *place* says so."""
    files = {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": "/opt/site/releases/r1/pages" if place == ".release" else place}
    return {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "x"}, "pages": {**files, "TIMEOUT": 9}}


def settings_of(settings, monkeypatch, host=None, environment=None):
    """The settings as Django would see them, and what was said."""
    environment = ENVIRONMENT if environment is None else environment
    made = completion_of("given", settings, {**HOST, **(host or {})}, environment)
    if not made.text():
        return settings, made.warnings
    monkeypatch.setitem(sys.modules, "given", types.SimpleNamespace(**settings))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    space = {}
    exec(compile(made.text(), "deployed_settings.py", "exec"), space)
    return space, made.warnings


def test_good_settings_stay_alone():
    for settings in (GOOD, {**GOOD, "CACHES": cached("/var/cache/site")}):
        made = completion_of("given", settings, HOST, ENVIRONMENT)
        assert (made.text(), made.warnings) == ("", [])


@pytest.mark.parametrize(
    ("wrong", "name", "expected", "words"),
    [
        ({"DEBUG": True}, "DEBUG", False, "set DEBUG = False"),
        ({"ALLOWED_HOSTS": []}, "ALLOWED_HOSTS", ["www.example.com"], "lacks www.example.com"),
        ({"ALLOWED_HOSTS": ["localhost"]}, "ALLOWED_HOSTS", ["localhost", "www.example.com"], "lacks www.example.com"),
        ({"SECRET_KEY": "django-insecure-x"}, "SECRET_KEY", "of-the-environment", "is the one of development"),
        ({"SECRET_KEY": ""}, "SECRET_KEY", "of-the-environment", "is not set"),
        ({"STATIC_ROOT": None}, "STATIC_ROOT", ENVIRONMENT["STATIC_ROOT"], "STATIC_ROOT is not set"),
        ({"MEDIA_ROOT": "/opt/site/releases/r1/media"}, "MEDIA_ROOT", ENVIRONMENT["MEDIA_ROOT"], "uploads would be lost"),
        ({"CACHES": cached(".release")}, "CACHES", cached("/opt/site/shared/cache/pages"), "so this release uses /opt/site/shared/cache/pages"),
        ({"DATABASES": SQLITE}, "DATABASES", {"default": {**SQLITE["default"], "NAME": "/opt/site/shared/db.sqlite3"}}, "set db_name for PostgreSQL"),
    ],
)
def test_what_is_missing_is_completed_and_told(monkeypatch, wrong, name, expected, words):
    found, warnings = settings_of({**GOOD, **wrong}, monkeypatch)
    assert found[name] == expected
    assert {key: found[key] for key in GOOD if key != name} == {key: GOOD[key] for key in GOOD if key != name}
    assert [words in warning for warning in warnings] == [True]


def test_an_unset_media_root_is_completed_without_words(monkeypatch):
    found, warnings = settings_of({**GOOD, "MEDIA_ROOT": ""}, monkeypatch)
    assert (found["MEDIA_ROOT"], warnings) == (ENVIRONMENT["MEDIA_ROOT"], [])


@pytest.mark.parametrize("name", ["/opt/site/shared/db.sqlite3", ":memory:", "file:x?mode=memory", ""])
def test_sqlite_elsewhere_stays_where_it_is(name):
    settings = {**GOOD, "DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": name}}}
    assert completion_of("given", settings, HOST, ENVIRONMENT).text() == ""


def test_sqlite_gives_way_to_the_database_of_the_environment(monkeypatch):
    url = "postgres://me:p%40ss%3Aw%2Frd%231%25%24x@db.internal:5433/name%2Fit"
    found, warnings = settings_of({**GOOD, "DATABASES": SQLITE}, monkeypatch, environment={**ENVIRONMENT, "DATABASE_URL": url})
    assert found["DATABASES"]["default"] == {
        "ENGINE": "django.db.backends.postgresql", "NAME": "name/it", "USER": "me", "PASSWORD": "p@ss:w/rd#1%$x", "HOST": "db.internal", "PORT": "5433",
        "OPTIONS": {},
    }
    assert "takes DATABASE_URL" in warnings[0]


def test_geodjangos_sqlite_gives_way_to_geodjangos_postgresql(monkeypatch):
    database = {"default": {**SQLITE["default"], "ENGINE": "django.contrib.gis.db.backends.spatialite"}}
    for scheme in ("postgres", "postgis"):
        environment = {**ENVIRONMENT, "DATABASE_URL": scheme + "://me@db/site"}
        found, _ = settings_of({**GOOD, "DATABASES": database}, monkeypatch, environment=environment)
        assert found["DATABASES"]["default"]["ENGINE"] == "django.contrib.gis.db.backends.postgis"


def test_options_of_the_database_url_are_the_drivers_or_djangos(monkeypatch):
    url = "postgres://me@db/site?sslmode=require&connect_timeout=5&options=-c%20search_path%3Da&conn_max_age=600&CONN_HEALTH_CHECKS=true"
    found, _ = settings_of({**GOOD, "DATABASES": SQLITE}, monkeypatch, environment={**ENVIRONMENT, "DATABASE_URL": url})
    database = found["DATABASES"]["default"]
    assert (database["NAME"], database["HOST"]) == ("site", "db")
    assert database["OPTIONS"] == {"sslmode": "require", "connect_timeout": 5, "options": "-c search_path=a"}
    assert (database["CONN_MAX_AGE"], database["CONN_HEALTH_CHECKS"]) == (600, True)


def test_a_key_of_development_is_told_where_there_is_no_other():
    environment = {name: value for name, value in ENVIRONMENT.items() if name != "SECRET_KEY"}
    made = completion_of("given", {**GOOD, "SECRET_KEY": "django-insecure-x"}, HOST, environment)
    assert made.text() == ""
    assert "can forge sessions" in made.warnings[0]


def test_a_key_that_the_repository_has_gives_way_to_the_one_of_the_environment(monkeypatch):
    known = {"key_is_in": "shop.settings"}
    found, warnings = settings_of(GOOD, monkeypatch, known)
    assert found["SECRET_KEY"] == "of-the-environment"
    assert "SECRET_KEY is written in the repository (shop.settings)" in warnings[0]
    for environment in ({}, {"SECRET_KEY": GOOD["SECRET_KEY"]}):
        made = completion_of("given", GOOD, {**HOST, **known}, {"ALLOWED_HOSTS": "www.example.com", **environment})
        assert made.text() == ""
        assert "who knows it can forge sessions" in made.warnings[0]


def test_https_is_told_to_django_where_nginx_vouches_for_it(monkeypatch):
    found, warnings = settings_of(GOOD, monkeypatch, {"https": True})
    assert found["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")
    assert len(warnings) == 1
    assert completion_of("given", {**GOOD, "SECURE_PROXY_SSL_HEADER": ("HTTP_X", "https")}, {**HOST, "https": True}, ENVIRONMENT).text() == ""


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"STATIC_URL": "assets/"}, ["set django_app_static_url: /assets/"]),
        ({"STATIC_URL": "static/"}, []),
        ({"STATIC_URL": "https://cdn.example.com/s/"}, []),
        # It would publish what the project may guard.
        ({"MEDIA_URL": "/media/private/"}, []),
        ({"STATIC_URL": "assets/", "INSTALLED_APPS": []}, []),
    ],
)
def test_files_that_nginx_would_not_find_are_told(settings, words):
    made = completion_of("given", {**GOOD, **settings}, HOST, ENVIRONMENT)
    assert made.text() == ""
    assert [warning.rpartition(": set ")[2] for warning in made.warnings] == [word[4:] for word in words]


def test_overrides_win_and_are_not_shown(monkeypatch):
    found, warnings = settings_of({**GOOD, "DEBUG": True}, monkeypatch, {"override": {"DEBUG": True, "EMAIL": {"PASSWORD": "quo\"te's"}}})
    assert (found["DEBUG"], found["EMAIL"]) == (True, {"PASSWORD": "quo\"te's"})
    assert "quo" not in " ".join(warnings)


def test_completing_can_be_switched_off(monkeypatch):
    found, warnings = settings_of({**GOOD, "DEBUG": True}, monkeypatch, {"complete": False, "override": {"A": 1}})
    assert (found["DEBUG"], found["A"]) == (True, 1)
    assert "nothing was changed" in warnings[0]


@pytest.mark.parametrize(
    ("name", "allowed", "expected"),
    [
        ("www.example.com", ["*"], True),
        ("www.example.com", [".example.com"], True),
        ("example.com", [".example.com"], True),
        ("WWW.example.com", ["www.EXAMPLE.com"], True),
        (".example.com", ["www.example.com"], False),
        (".example.com", [".example.com"], True),
        ("www.example.com", ["example.com"], False),
    ],
)
def test_hosts_are_judged_as_django_does(name, allowed, expected):
    assert is_allowed(name, allowed) is expected


def test_values_may_be_in_files(monkeypatch, tmp_path):
    environment = dict(ENVIRONMENT)
    for name, value in (("SECRET_KEY", environment.pop("SECRET_KEY")), ("DATABASE_URL", "postgres://site:p%40ss@db:5432/site")):
        (tmp_path / name).write_text(value, encoding="utf-8")
        environment[name + "_FILE"] = str(tmp_path / name)
    space, _ = settings_of({**GOOD, "SECRET_KEY": "django-insecure-x", "DATABASES": SQLITE}, monkeypatch, environment=environment)
    assert space["SECRET_KEY"] == "of-the-environment"
    assert (space["DATABASES"]["default"]["PASSWORD"], space["DATABASES"]["default"]["HOST"]) == ("p@ss", "db")
