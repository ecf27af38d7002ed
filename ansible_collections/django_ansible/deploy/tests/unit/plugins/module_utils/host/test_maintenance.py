"""Maintenance is a file that nginx looks for; names beside it let people through."""
from __future__ import annotations

import os

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import maintenance
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

WORD = "Zq81kd0mPw7xLs29"
TOLD = {"since": "2026-01-02T03:04:05Z", "actor": "ada"}


@pytest.fixture
def found(tmp_path, monkeypatch):
    monkeypatch.setattr(maintenance, "ensure_directory", lambda path, mode=0o755: os.makedirs(path, exist_ok=True))
    return maintenance.Maintenance(str(tmp_path / "maintenance"), str(tmp_path / "maintenance.d"))


def names(found, folder):
    return sorted(os.listdir(os.path.join(found.let_through, folder)))


def test_on_twice_changes_nothing_and_off_leaves_nothing(found):
    assert found.switch_on(["192.0.2.7"], WORD, TOLD)
    assert not found.switch_on(["192.0.2.7"], WORD, TOLD)
    assert (names(found, "allowed"), names(found, "bypass")) == (["192.0.2.7"], [WORD])
    assert maintenance.describe(found.known()) == "since 2026-01-02T03:04:05Z, by ada"
    assert found.switch_off()
    assert not os.path.exists(found.switch) and not os.path.exists(found.let_through)
    assert not found.switch_off()
    assert maintenance.describe(found.known()) is None


def test_who_gets_through_is_said_anew(found):
    found.switch_on(["192.0.2.7"], WORD, TOLD)
    assert found.switch_on(["2001:DB8::0001"], "", {"since": "later"})
    assert (names(found, "allowed"), names(found, "bypass")) == (["2001:db8::1"], [])
    assert found.known() == TOLD


@pytest.mark.parametrize("allowed, word", [(["../on"], ""), (["10.0.0.0/8"], ""), ([], "short"), ([], "../../etc/passwd0000")])
def test_what_would_be_another_path_is_refused_before_anything_is_made(found, allowed, word):
    with pytest.raises(CommandFailed):
        found.switch_on(allowed, word, TOLD)
    assert not os.path.exists(found.switch) and not os.path.exists(found.let_through)
