# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.build import lock_files, look

ROOT = os.path.abspath(look.__file__).partition("/ansible_collections/")[0]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("requirements.txt", "Django>=5\npsycopg2-binary ; python_version > '3'\n# no\n-e .\n--hash=x\nhttps://x/y.whl\n", {"django", "psycopg2-binary"}),
        ("uv.lock", '[[package]]\nname = "Django"\nversion = "5"\n[[package]]\nname = "python-ldap"\n', {"django", "python-ldap"}),
        ("poetry.lock", '[[package]]\nname = "mysqlclient"\n', {"mysqlclient"}),
        ("pylock.toml", '[[packages]]\nname = "lxml"\n', {"lxml"}),
        ("Pipfile.lock", json.dumps({"default": {"Pillow": {"version": "==10"}}, "develop": {"pytest": {}}}), {"pillow"}),
        ("pyproject.toml", '[project]\ndependencies = ["Django~=5.2", "xmlsec[x]>1"]\n', {"django", "xmlsec"}),
        ("setup.py", "setup(install_requires=['x'])", set()),
    ],
)
def test_packages_are_those_that_the_file_names(tmp_path, name, text, expected):
    path = tmp_path / name
    path.write_text(text)
    assert look.packages_of(str(path)) == expected


def test_requirements_take_in_others_once(tmp_path):
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "prod.txt").write_text("-r base.txt\n--requirement=../more.txt\n-r none.txt\nA\n")
    (tmp_path / "requirements" / "base.txt").write_text("-r prod.txt\nB\n")
    (tmp_path / "more.txt").write_text("C\n")
    assert look.packages_of(str(tmp_path / "requirements" / "prod.txt")) == {"a", "b", "c"}


def test_a_checkout_is_looked_at_by_plain_python(tmp_path):
    (tmp_path / "src" / "mysite").mkdir(parents=True)
    (tmp_path / "src" / "manage.py").write_text("")
    (tmp_path / "src" / "mysite" / "settings.py").write_text("import os\nA = os.environ['A']\nB = os.environ.get('B')\nraise SystemExit(9)\n")
    (tmp_path / "requirements.txt").write_text("psycopg2\n")
    (tmp_path / ".python-version").write_text("3.12\n")
    argv = [sys.executable, "-m", look.__name__, str(tmp_path), "src", "mysite.settings"]
    printed = subprocess.run(argv, cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True).stdout
    assert json.loads(printed) == {
        "requirements": "requirements.txt",
        "folder": "",
        "python": "Python 3.12 (.python-version)",
        "packages": ["psycopg2"],
        "reads": {"A": True, "B": False},
    }


def test_nothing_is_made_up(tmp_path):
    assert look.look(str(tmp_path), ".", "") == {"requirements": "", "folder": "", "python": "", "packages": [], "reads": {}}


def test_a_lock_that_cannot_be_read_is_a_sentence(tmp_path):
    (tmp_path / "uv.lock").write_text("[")
    with pytest.raises(lock_files.BadLock, match="uv.lock is no valid TOML"):
        look.look(str(tmp_path), ".", "")
    argv = [sys.executable, "-m", look.__name__, str(tmp_path), ".", ""]
    ended = subprocess.run(argv, cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("uv.lock is no valid TOML") and "Traceback" not in ended.stderr
