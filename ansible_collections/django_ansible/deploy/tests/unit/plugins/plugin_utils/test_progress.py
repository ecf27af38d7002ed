"""Migrations are shown as they are applied, what lasts as soon as it does."""
from __future__ import annotations

import time

import pytest
from ansible_collections.django_ansible.deploy.plugins.plugin_utils import heart_progress, progress, told
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.progress import Following, Migrations


def test_a_quick_migration_is_named_once_and_one_that_lasts_is_named_meanwhile():
    migrations = Migrations()
    assert migrations.take(["migration shop.0001_initial begun", "migration shop.0001_initial done in 0.1 s", "migration shop.0002_x begun"], 10) == ["shop.0001_initial applied in 0.1 s"]
    assert migrations.take([], 11) == []
    assert migrations.take([], 12.5) == ["shop.0002_x is being applied"]
    assert migrations.take([], 60) == []
    assert migrations.take(["migration shop.0002_x waits"], 61)[0].startswith("shop.0002_x did not get its lock in time")
    assert migrations.take(["migration shop.0002_x begun", "migration shop.0002_x done in 1.5 s"], 62) == ["shop.0002_x applied in 1.5 s"]
    assert migrations.take(["something else"], 63) == []


@pytest.fixture
def shown(monkeypatch, tmp_path):
    lines = []
    monkeypatch.setattr(told.display, "display", lines.append)
    monkeypatch.setattr(progress.heart, "place", lambda name: str(tmp_path / name))
    monkeypatch.setattr(progress, "TURN", 0.01)
    return lines


def test_what_is_written_down_meanwhile_is_shown_at_once_and_what_was_before_is_not(shown, tmp_path):
    with open(heart_progress.progress_of(str(tmp_path), "app1"), "ab", buffering=0) as file:
        file.write(b"migration shop.0001_initial done in 0.1 s\n")
        with Following({"inventory_hostname": "app1"}) as migrations:
            file.write(b"migration shop.0002_x done in 3.0 s\nmigration shop.00")
            deadline = time.monotonic() + 30
            while not shown and time.monotonic() < deadline:
                time.sleep(0.01)
            file.write(b"03_y done in 1.0 s\n")
        assert shown == ["app1: shop.0002_x applied in 3.0 s", "app1: shop.0003_y applied in 1.0 s"]
        assert migrations.shown == ["shop.0002_x applied in 3.0 s", "shop.0003_y applied in 1.0 s"]


def test_without_a_heartbeat_everything_is_told_at_the_end(shown, monkeypatch):
    monkeypatch.setattr(progress.Answered, "run", lambda self, tmp, task_vars: {"told": ["shop.0002_x applied in 3.0 s"]})
    progress.ActionModule.run(object.__new__(progress.ActionModule), None, {"inventory_hostname": "app1"})
    assert shown == ["app1: shop.0002_x applied in 3.0 s"]


def test_what_was_shown_is_not_told_again(shown, monkeypatch, tmp_path):
    def run(self, tmp, task_vars):
        with open(heart_progress.progress_of(str(tmp_path), "app1"), "ab") as file:
            file.write(b"migration shop.0002_x done in 3.0 s\n")
        return {"told": ["the live release works on the migrated schema", "shop.0002_x applied in 3.0 s (try 2)"]}

    monkeypatch.setattr(progress.Answered, "run", run)
    progress.ActionModule.run(object.__new__(progress.ActionModule), None, {"inventory_hostname": "app1"})
    assert shown == ["app1: shop.0002_x applied in 3.0 s", "app1: the live release works on the migrated schema"]
