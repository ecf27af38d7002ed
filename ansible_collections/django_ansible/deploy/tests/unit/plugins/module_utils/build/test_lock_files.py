from __future__ import annotations

import json

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.build.lock_files import BadLock, load_toml, pipfile_lines, poetry_lines

POETRY_2 = """
[[package]]
name = "Django"
version = "5.2"
optional = false
groups = ["main"]
files = [{file = "d.whl", hash = "sha256:aa"}, {file = "d.tar.gz", hash = "sha256:bb"}]

[[package]]
name = "colorama"
version = "0.4"
optional = false
groups = ["main", "dev"]
markers = {main = "sys_platform == 'win32'", dev = "os_name == 'nt'"}
files = [{file = "c.whl", hash = "sha256:cc"}]

[[package]]
name = "pytest"
version = "8.0"
optional = false
groups = ["dev"]
files = []

[[package]]
name = "python-ldap"
version = "3.4"
optional = true
groups = ["main"]
markers = "extra == 'ldap'"
files = [{file = "l.tar.gz", hash = "sha256:dd"}]

[extras]
ldap = ["python-ldap (>=3.4)"]

[metadata]
lock-version = "2.1"
python-versions = ">=3.11"
"""

POETRY_1 = """
[[package]]
name = "django"
version = "4.2"
optional = false
files = [{file = "d.whl", hash = "sha256:aa"}]
[package.dependencies]
asgiref = ">=3.6"
tzdata = {version = "*", markers = "sys_platform == \\"win32\\""}
argon2-cffi = {version = "*", optional = true}

[[package]]
name = "asgiref"
version = "3.6"
optional = false
files = [{file = "a.whl", hash = "sha256:bb"}]

[[package]]
name = "tzdata"
version = "2024"
optional = false
files = [{file = "t.whl", hash = "sha256:cc"}]

[[package]]
name = "pytest"
version = "8.0"
optional = false
files = [{file = "p.whl", hash = "sha256:dd"}]

[metadata]
lock-version = "2.0"
"""


@pytest.fixture
def lock(tmp_path):
    def write(text, pyproject=None):
        (tmp_path / "poetry.lock").write_text(text)
        if pyproject:
            (tmp_path / "pyproject.toml").write_text(pyproject)
        return str(tmp_path / "poetry.lock")

    return write


def test_a_lock_of_poetry_2_gives_the_main_group(lock):
    assert poetry_lines(lock(POETRY_2), [], []) == [
        "Django==5.2 --hash=sha256:aa --hash=sha256:bb",
        "colorama==0.4 ; (sys_platform == 'win32') --hash=sha256:cc",
    ]


def test_groups_and_extras_are_added(lock):
    lines = poetry_lines(lock(POETRY_2.replace("markers = \"extra == 'ldap'\"\n", "")), ["ldap"], ["dev"])
    assert [line.split(" ")[0] for line in lines] == ["Django==5.2", "colorama==0.4", "pytest==8.0", "python-ldap==3.4"]
    with pytest.raises(BadLock, match="no extra saml"):
        poetry_lines(lock(POETRY_2), ["saml"], [])


def test_a_lock_of_poetry_1_is_followed_from_what_the_project_names(lock):
    lines = poetry_lines(lock(POETRY_1, "[tool.poetry.dependencies]\npython = '^3.11'\nDjango = '^4.2'\n"), [], [])
    assert lines == [
        "django==4.2 --hash=sha256:aa",
        "asgiref==3.6 --hash=sha256:bb",
        'tzdata==2024 ; (sys_platform == "win32") --hash=sha256:cc',
    ]
    with pytest.raises(BadLock, match="run `poetry lock` with Poetry 2"):
        poetry_lines(lock(POETRY_1, "[tool.poetry]\n"), [], [])


def test_a_pipfile_lock_gives_its_default_packages(tmp_path):
    path = tmp_path / "Pipfile.lock"
    default = {
        "django": {"version": "==5.2", "hashes": ["sha256:bb", "sha256:aa"]},
        "psycopg": {"version": "==3.2", "hashes": ["sha256:cc"], "extras": ["binary"], "markers": "python_version >= '3.9'"},
    }
    path.write_text(json.dumps({"default": default, "develop": {"pytest": {"version": "==8"}}}))
    assert pipfile_lines(str(path)) == [
        "django==5.2 --hash=sha256:aa --hash=sha256:bb",
        "psycopg[binary]==3.2 ; python_version >= '3.9' --hash=sha256:cc",
    ]
    path.write_text(json.dumps({"default": {**default, "shop": {"git": "https://example.org/shop.git", "ref": "abc"}, "lib": {"path": "./lib", "editable": True}}}))
    assert pipfile_lines(str(path)) == [
        "django==5.2", "psycopg[binary]==3.2 ; python_version >= '3.9'", "shop @ git+https://example.org/shop.git@abc", "--editable ./lib",
    ]


def test_a_broken_lock_is_named(tmp_path):
    (tmp_path / "uv.lock").write_text("<<<<<<< HEAD\n")
    with pytest.raises(BadLock, match="uv.lock is no valid TOML"):
        load_toml(str(tmp_path / "uv.lock"))
    (tmp_path / "Pipfile.lock").write_text("<<<<")
    with pytest.raises(BadLock, match="Pipfile.lock is no valid JSON"):
        pipfile_lines(str(tmp_path / "Pipfile.lock"))
