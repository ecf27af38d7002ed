"""Maintenance is a file that nginx looks for; names beside it let people through."""
from __future__ import annotations

import os

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import maintenance
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

WORD = "Zq81kd0mPw7xLs29"
TOLD = {"since": "2026-01-02T03:04:05Z", "actor": "ada"}


@pytest.fixture
def layout(tmp_path, monkeypatch):
    monkeypatch.setattr(maintenance, "ensure_directory", lambda path, mode=0o755: os.makedirs(path, exist_ok=True))
    found = Layout("mysite", str(tmp_path), "/run/mysite/gunicorn.sock")
    found.maintenance, found.let_through = str(tmp_path / "maintenance"), str(tmp_path / "maintenance.d")
    return found


def names(layout, folder):
    return sorted(os.listdir(os.path.join(layout.let_through, folder)))


def test_on_twice_changes_nothing_and_off_leaves_nothing(layout):
    assert maintenance.switch_on(layout, ["192.0.2.7"], WORD, TOLD)
    assert not maintenance.switch_on(layout, ["192.0.2.7"], WORD, TOLD)
    assert (names(layout, "allowed"), names(layout, "bypass")) == (["192.0.2.7"], [WORD])
    assert maintenance.describe(maintenance.known(layout)) == "since 2026-01-02T03:04:05Z, by ada"
    assert maintenance.switch_off(layout)
    assert not os.path.exists(layout.maintenance) and not os.path.exists(layout.let_through)
    assert not maintenance.switch_off(layout)
    assert maintenance.describe(maintenance.known(layout)) is None


def test_who_gets_through_is_said_anew(layout):
    maintenance.switch_on(layout, ["192.0.2.7"], WORD, TOLD)
    assert maintenance.switch_on(layout, ["2001:DB8::0001"], "", {"since": "later"})
    assert (names(layout, "allowed"), names(layout, "bypass")) == (["2001:db8::1"], [])
    assert maintenance.known(layout) == TOLD


@pytest.mark.parametrize("allowed, word", [(["../on"], ""), (["10.0.0.0/8"], ""), ([], "short"), ([], "../../etc/passwd0000")])
def test_what_would_be_another_path_is_refused_before_anything_is_made(layout, allowed, word):
    with pytest.raises(CommandFailed):
        maintenance.switch_on(layout, allowed, word, TOLD)
    assert not os.path.exists(layout.maintenance) and not os.path.exists(layout.let_through)


def test_a_site_of_a_version_before_is_refused(layout, tmp_path):
    site = tmp_path / "site"
    with pytest.raises(CommandFailed, match="deploy the application with this version first"):
        maintenance.check(str(site), layout)
    site.write_text("if (-f %s/bypass/$x) {" % layout.let_through)
    maintenance.check(str(site), layout)
