"""What a look at a host has it do ahead of the next step."""
from __future__ import annotations

import json
import os

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import early_start, first_look
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

RELEASE = "20260102T030405Z-0123456"
PARAMS = {
    "app_user": "nobody-like-that", "app_group": "nobody-like-that", "prepared_from": "x", "build": "x", "revision": "0" * 40, "ask_database": False,
    "packages": ["git", "nginx"], "keep_releases": 5, "standby": False,
}


@pytest.fixture
def host(tmp_path, monkeypatch):
    """One that lacks nginx; with how old its package lists may be."""
    layout = Layout("mysite", str(tmp_path / "app"), str(tmp_path / "socket"))
    renewed = []
    monkeypatch.setattr(first_look, "missing_packages", lambda packages: ["nginx"])
    monkeypatch.setattr(first_look, "begin_renewing", renewed.append)
    return layout, renewed


def test_a_bare_host_renews_its_package_lists_ahead_of_the_step_that_needs_them(host):
    layout, renewed = host
    assert first_look.look(layout, PARAMS, keeps=True)["missing_packages"] == ["nginx"]
    assert renewed == [first_look.JUST_NOW]


def test_a_check_changes_nothing(host):
    layout, renewed = host
    first_look.look(layout, PARAMS, keeps=False)
    assert renewed == []


def test_a_host_with_a_release_is_left_to_the_step_that_installs(host):
    layout, renewed = host
    os.makedirs(layout.release_dir(RELEASE))
    layout.write_record(layout.release_dir(RELEASE), revision="0" * 40, build="x")
    first_look.look(layout, PARAMS, keeps=True)
    assert renewed == []


@pytest.mark.parametrize(("begun_by", "left"), [("run-1", False), ("run-0", True), (None, True)])
def test_what_this_run_has_come_up_is_nothing_that_is_left_to_finish(host, tmp_path, monkeypatch, begun_by, left):
    """A lone host's rollback took a step more for it."""
    layout, _ = host
    monkeypatch.setattr(first_look, "is_enabled", lambda unit: False)
    monkeypatch.setattr(first_look, "is_active", lambda unit: unit == "mysite@green.service")
    monkeypatch.setattr(early_start.undo, "FOLDER", str(tmp_path))
    if begun_by:
        saved = early_start.Restorable().dump()
        (tmp_path / "mysite.early").write_text(json.dumps({"run": begun_by, "slot": "green", "release": RELEASE, "saved": saved}))
    assert first_look.to_finish("blue", [], layout, {**PARAMS, "run_id": "run-1"}) is left
