from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible_collections.django_ansible.deploy.plugins.module_utils.build import system_libraries
from ansible_collections.django_ansible.deploy.plugins.module_utils.build.lock_files import normal
from ansible_collections.django_ansible.deploy.plugins.module_utils.build.system_libraries import SystemLibraries, not_built
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

TABLE = yaml.safe_load((Path(__file__).parents[5] / "roles/django_app/files/system_libraries.yml").read_text())
UV_SAYS = "  × Failed to build `python-ldap==3.4.4`\n  ├─▶ The build backend returned an error\n"
PIP_SAYS = "  error: subprocess-exited-with-error\n  ERROR: Failed building wheel for python-ldap\n"
PIP_STOPS = """Collecting Django~=5.2.0
  Using cached django-5.2.8-py3-none-any.whl
Collecting psycopg2==2.9.10
  Preparing metadata (setup.py): finished with status 'error'
  error: subprocess-exited-with-error
  ╰─> [23 lines of output]
      Error: pg_config executable not found.
error: metadata-generation-failed
"""
OLD_PIP_STOPS = "  Collecting x\n  error: subprocess-exited-with-error\nerror: legacy-install-failure\n× Encountered error while trying to install package.\n╰─> uwsgi\n"


@pytest.fixture
def apt(monkeypatch):
    installed = []
    monkeypatch.setattr(system_libraries, "missing_packages", lambda packages: [name for name in packages if name not in installed])
    monkeypatch.setattr(system_libraries, "apt_install", installed.extend)
    return installed


@pytest.mark.parametrize("said", [UV_SAYS, PIP_SAYS])
def test_what_a_build_needs_is_installed_once_it_fails(apt, said):
    def install():
        if "libldap-dev" not in apt:
            raise CommandFailed("uv ended with 1", said)

    libraries = SystemLibraries(TABLE)
    libraries.with_build_tools(install)
    assert apt == ["build-essential", "python3-dev", "libldap-dev", "libsasl2-dev"]
    assert libraries.told == ["Debian packages build-essential, python3-dev, libldap-dev, libsasl2-dev, to build python-ldap"]


def test_each_build_that_fails_gets_what_it_needs(apt):
    def install():
        for package, name in (("libpq-dev", "psycopg2==2.9.10"), ("libcairo2-dev", "pycairo==1.27.0"), ("build-essential", "unheard-of==1")):
            if package not in apt:
                raise CommandFailed("uv ended with 1", "× Failed to build `%s`" % name)

    SystemLibraries(TABLE).with_build_tools(install)
    assert apt == ["build-essential", "python3-dev", "libpq-dev", "libcairo2-dev", "pkg-config"]


def test_a_build_that_nothing_helps_names_the_variable(apt):
    def install():
        raise CommandFailed("uv ended with 1", "Failed to build `own-thing==1`")

    with pytest.raises(CommandFailed, match="own-thing cannot be built on this host: name the Debian packages that it needs in django_app_extra_packages"):
        SystemLibraries(TABLE).with_build_tools(install)
    assert apt == ["build-essential", "python3-dev"]


def test_other_failures_stay_as_they_are(apt):
    def install():
        raise CommandFailed("no such package", "No solution found")

    with pytest.raises(CommandFailed, match="^no such package$"):
        SystemLibraries(TABLE).with_build_tools(install)
    assert apt == []


def test_what_installed_packages_load_is_installed(apt, tmp_path):
    (tmp_path / "lib/python3.11/site-packages/python_magic-0.4.27.dist-info").mkdir(parents=True)
    (tmp_path / "lib/python3.11/site-packages/Django-5.2.dist-info").mkdir()
    SystemLibraries(TABLE).for_installed(str(tmp_path), ["libmagic1"])
    assert apt == []
    SystemLibraries(TABLE).for_installed(str(tmp_path), ["libpq5"])
    assert apt == ["libmagic1"]


def test_what_python_misses_is_installed_once(apt):
    libraries = SystemLibraries(TABLE)
    said = 'ImproperlyConfigured: Could not find the GDAL library (tried "gdal", "GDAL")'
    assert libraries.for_error(said)
    assert apt == ["gdal-bin"]
    assert not libraries.for_error(said)
    assert not libraries.for_error("ImportError: shop")


def test_what_goes_by_another_name_is_tried_once(monkeypatch):
    asked = []
    monkeypatch.setattr(system_libraries, "missing_packages", list)
    monkeypatch.setattr(system_libraries, "apt_install", asked.extend)
    libraries = SystemLibraries(TABLE)
    said = "Could not find the GDAL library"
    assert (libraries.for_error(said), libraries.for_error(said), asked) == (True, False, ["gdal-bin"])


def test_the_table_is_whole():
    names = [name for entry in TABLE for name in entry.get("python", [])]
    assert [name for name in names if name not in ("*", normal(name))] == []
    assert all(set(entry) <= {"python", "missing", "build", "run"} and ("python" in entry) != ("missing" in entry) for entry in TABLE)
    assert all(entry.get("build") or entry.get("run") for entry in TABLE)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (UV_SAYS, ["python-ldap"]),
        (PIP_SAYS, ["python-ldap"]),
        ("× Failed to download and build `mysqlclient==2.2.7`", ["mysqlclient"]),
        ("× Failed to build `lib @ file:///opt/x`", ["lib"]),
        ("Failed to build installable wheels", []),
        (PIP_STOPS, ["psycopg2"]),
        (OLD_PIP_STOPS, ["uwsgi"]),
        ("Processing ./lib\n  error: subprocess-exited-with-error\n", []),
    ],
)
def test_installers_name_what_they_could_not_build(said, expected):
    assert sorted(not_built(said)) == expected


def test_an_installation_that_goes_on_is_waited_for_and_only_where_something_is_missing(monkeypatch):
    did = []
    monkeypatch.setattr(system_libraries, "apt_install", did.append)
    monkeypatch.setattr(system_libraries, "missing_packages", lambda packages: [name for name in packages if name == "gdal-bin"])
    libraries = SystemLibraries([{"missing": "GDAL", "run": ["gdal-bin"]}, {"missing": "jpeg", "run": ["libjpeg62"]}], lambda: did.append("waited"))
    assert not libraries.for_error("no jpeg")
    assert libraries.for_error("no GDAL")
    assert did == ["waited", ["gdal-bin"]]


def test_the_packages_that_load_something_are_known_before_they_are_installed():
    libraries = SystemLibraries(TABLE)
    assert {"psycopg", "psycopg2", "python-magic"} <= set(libraries.users())
    assert not {"*", "mysqlclient"} & set(libraries.users())
    assert libraries.loaded_by({"psycopg", "django"}) == ["libpq5"]
