"""Which Python a checkout asks for, and which one it gets."""
from __future__ import annotations

import json

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.build import interpreter
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

HOST = {"/usr/bin/python3": "3.11.2", "/usr/bin/python3.13": "3.13.5", "/opt/python": "3.12.1"}

VERSION_OF = interpreter.version_of


@pytest.fixture(autouse=True)
def host(monkeypatch):
    monkeypatch.setattr(interpreter, "version_of", HOST.__getitem__)
    monkeypatch.setattr(interpreter, "candidates", lambda: ["/usr/bin/python3", "/usr/bin/python3.13"])


def asked(range="", minor=""):
    return interpreter.Asked(range, "pyproject.toml", minor, ".python-version")


def no_install(version):
    raise CommandFailed("cannot download Python %s" % version)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, ("", "")),
        ({"pyproject.toml": "[project]\nrequires-python = '>=3.12'\n"}, (">=3.12", "")),
        ({"setup.cfg": "[options]\npython_requires = >=3.10\n"}, (">=3.10", "")),
        ({"poetry.lock": "[metadata]\npython-versions = '>=3.11,<4.0'\n"}, (">=3.11,<4.0", "")),
        ({"poetry.lock": "[metadata]\npython-versions = '^3.11'\n"}, ("", "")),
        ({"pyproject.toml": "[project]\nrequires-python = '>=3.12'\n", "setup.cfg": "python_requires = >=3.10\n"}, (">=3.12", "")),
        ({".python-version": "3.12.4\n"}, ("", "3.12")),
        ({".python-version": "# pyenv\ncpython-3.13\n3.12\n"}, ("", "3.13")),
        ({"runtime.txt": "python-3.12.4\n"}, ("", "3.12")),
        ({".python-version": "3.13\n", "runtime.txt": "python-3.12.4\n"}, ("", "3.13")),
        ({"Pipfile.lock": json.dumps({"_meta": {"requires": {"python_version": "3.12"}}})}, ("", "3.12")),
    ],
)
def test_a_checkout_says_which_python_it_wants(tmp_path, files, expected):
    (tmp_path / "web").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    found = interpreter.asked_by(str(tmp_path), str(tmp_path / "web"))
    assert (found.range, found.minor) == expected


@pytest.mark.parametrize(
    ("wish", "wanted", "expected"),
    [
        (asked(), "", "/usr/bin/python3"),
        (asked(">=3.10"), "", "/usr/bin/python3"),
        (asked(">=3.12"), "", "/usr/bin/python3.13"),
        (asked(">=3.10", "3.13"), "", "/usr/bin/python3.13"),
        (asked(">=3.10"), "3.13", "/usr/bin/python3.13"),
        (asked(">=3.10", "3.13"), "/opt/python", "/opt/python"),
    ],
)
def test_the_hosts_own_python_is_taken_where_it_fits(wish, wanted, expected):
    assert interpreter.choose(wish, wanted, no_install) == expected


def test_another_one_is_installed():
    assert interpreter.choose(asked(">=3.10", "3.12"), "", lambda version: "/tools/" + version) == "/tools/3.12"
    assert interpreter.choose(asked(">=3.14"), "", lambda version: "/tools/" + version) == "/tools/>=3.14"


@pytest.mark.parametrize(
    ("wish", "wanted", "words"),
    [
        (asked(minor="3.12"), "", r"asks for Python 3\.12 \(\.python-version\), /usr/bin/python3 on this host is 3\.11\.2, and none could be installed: set django_app_python: /usr/bin/python3 to run it with that, install one .*UV_PYTHON_INSTALL_MIRROR.*cannot download"),
        (asked(">=3.12", "3.12"), "", r"on this host is 3\.11\.2, and none could be installed: install one that fits"),
        (asked(">=3.14"), "", r"on this host is 3\.11\.2, and none could be installed: install one that fits"),
        (asked(">=3.13"), "/opt/python", r"asks for Python >=3\.13 \(pyproject\.toml\) and django_app_python, /opt/python, is 3\.12\.1"),
        (asked(">=3.13", "3.12"), "", r"Python >=3\.13 \(pyproject\.toml\) and Python 3\.12 \(\.python-version\), and no Python is both: make them agree"),
        (asked("three"), "", "which is no range of versions"),
    ],
)
def test_what_cannot_be_is_said(wish, wanted, words):
    with pytest.raises(CommandFailed, match=words):
        interpreter.choose(wish, wanted, no_install)


def test_the_hosts_own_python_is_taken_by_its_version_which_outlives_the_next_debian(monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(interpreter, "own", lambda: "/usr/bin/python3.11")
    monkeypatch.setattr(interpreter.glob, "glob", lambda pattern: ["/usr/bin/python3.11", "/usr/bin/python3.13"] if pattern.startswith("/usr/bin/") else [])
    assert interpreter.candidates() == ["/usr/bin/python3.11", "/usr/bin/python3.13", "/usr/bin/python3.11"]


@pytest.mark.parametrize("path", ["/usr/bin/no-such-python3.7", "/usr/bin/false", "/usr"])
def test_a_path_that_is_no_python_is_named_with_its_variable(monkeypatch, path):
    monkeypatch.setattr(interpreter, "version_of", VERSION_OF)
    with pytest.raises(CommandFailed, match="^django_app_python is %s, which is no Python of this host: name one that it has" % path):
        interpreter.choose(asked(), path, no_install)
