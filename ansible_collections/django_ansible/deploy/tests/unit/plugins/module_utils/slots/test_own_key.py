"""A lone host's own secret key: spoken of only where the application uses it."""
from __future__ import annotations

import json
import types

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.build.builder import Builder
from ansible_collections.django_ansible.deploy.plugins.module_utils.django import project, settings_completion
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import preparation


@pytest.fixture
def prepared(monkeypatch, tmp_path):
    """Prepares a release whose application uses the environment's key, or does not, and gives what was warned of."""

    def prepare(uses_given_key, lone=True, environment=None):
        made = object.__new__(preparation.Preparation)
        made.params = {"environment": json.dumps(environment or {}), "lone": lone, "commands": "{}"}
        made.builder = Builder("shop", "", {})
        made.layout = types.SimpleNamespace(etc=str(tmp_path))
        made.found, made.done = {"warnings": []}, []
        inspection = types.SimpleNamespace(run=lambda: {"warnings": []}, done=[], uses_given_key=uses_given_key)
        monkeypatch.setattr(preparation, "Inspection", lambda *arguments: inspection)
        made.prepare()
        return made.found["warnings"]

    return prepare


def test_it_is_spoken_of_where_it_is_used(prepared):
    assert ["this host uses one of its own" in warning for warning in prepared(True)] == [True]


def test_nothing_is_said_where_the_application_reads_another_name(prepared):
    assert prepared(False) == []
    assert prepared(False, lone=False) == []


def test_nothing_is_said_of_a_key_that_was_given(prepared):
    assert prepared(True, lone=False, environment={"SECRET_KEY": "given"}) == []


def test_other_hosts_would_not_know_it(prepared):
    with pytest.raises(CommandFailed, match="the others do not know it: set vault_secret_key"):
        prepared(True, lone=False)


@pytest.mark.parametrize(
    ("settings", "uses", "words"),
    [
        ("import os\nSECRET_KEY = os.environ['SECRET_KEY']", True, ""),
        ("import os\nSECRET_KEY = os.environ['CLUB_KEY']", False, ""),
        ("SECRET_KEY = 'in the repository'", True, "SECRET_KEY is written in the repository (own_key_settings)"),
        ("import os\nSECRET_KEY = os.environ.get('OTHER', 'in the repository')", True, "SECRET_KEY is written in the repository (own_key_settings)"),
        ("", True, "SECRET_KEY is not set"),
    ],
)
def test_which_key_the_application_runs_with(monkeypatch, tmp_path, settings, uses, words):
    (tmp_path / "own_key_settings.py").write_text(settings + "\nALLOWED_HOSTS = ['*']\nSTATIC_ROOT = MEDIA_ROOT = '/elsewhere'\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name, value in {"DJANGO_SETTINGS_MODULE": "own_key_settings", "SECRET_KEY": "of the environment", "CLUB_KEY": "another"}.items():
        monkeypatch.setenv(name, value)
    for name in ("own_key_settings", settings_completion.MODULE):
        monkeypatch.delitem(project.sys.modules, name, raising=False)
    host = {
        "complete": True, "override": {}, "server_names": [], "https": False, "static_url": "/static/", "release_dir": str(tmp_path), "project_dir": str(tmp_path),
        "shared": "/elsewhere",
    }
    found = project.complete_settings({"host": host})
    assert found["uses_given_key"] is uses
    assert [words in warning for warning in found["warnings"]] == ([True] if words else [])
