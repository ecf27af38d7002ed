"""Dumps of a project's database on a schedule: what a deploy leaves on the host for them."""
from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import nightly
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import Store
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import files, shipped, undo
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

WISH = {"service": "web", "python": "python", "folder": "", "settings": "", "dump_service": "db", "dumps": {"number": 2, "days": 3, "rehearse": True, "targets": []}}


@pytest.fixture
def told(monkeypatch, tmp_path):
    """What systemd is told, on a host whose folders are the test's."""
    monkeypatch.setattr(undo, "FOLDER", str(tmp_path / "lib"))
    monkeypatch.setattr(nightly, "UNITS", str(tmp_path))
    monkeypatch.setattr(shipped, "FOLDER", str(tmp_path / "code"))
    monkeypatch.setattr(shipped, "store", lambda module: None)
    monkeypatch.setattr(nightly.os, "geteuid", lambda: 0)
    monkeypatch.setattr(nightly.os.path, "isdir", lambda path: True)
    # Whoever runs the tests is the owner.
    monkeypatch.setattr(files, "owner_ids", lambda owner, group: (os.stat(tmp_path).st_uid, os.stat(tmp_path).st_gid))
    os.makedirs(Store("shop").folder)
    made = []
    monkeypatch.setattr(nightly.systemd, "systemctl", lambda *words, **more: made.append(words))
    monkeypatch.setattr(nightly.systemd, "quietly", lambda *words: made.append(words))
    return made


def test_a_schedule_is_written_once_and_its_file_is_roots_alone(told, tmp_path):
    schedule = nightly.Schedule("shop", "daily", WISH)
    assert schedule.differs()
    schedule.ensure()
    timer, service = (tmp_path / nightly.unit_of("shop", kind) for kind in ("timer", "service"))
    assert "\nOnCalendar=daily\n" in timer.read_text() and "compose.nightly" in service.read_text() and ("restart", timer.name) in told
    assert json.loads(open(Store("shop").schedule).read()) == {**WISH, "project": "shop"} and os.stat(Store("shop").schedule).st_mode & 0o777 == 0o600
    assert not nightly.Schedule("shop", "daily", WISH).differs() and nightly.Schedule("shop", "weekly", WISH).differs()
    assert nightly.Schedule("shop", "daily", {**WISH, "service": "app"}).differs()
    ended = nightly.Schedule("shop", "", WISH)
    assert ended.differs()
    ended.ensure()
    assert not ended.differs() and sorted(os.listdir(tmp_path)) == ["lib"] and os.listdir(Store("shop").folder) == []


def test_without_root_it_says_what_it_needs(told, monkeypatch):
    monkeypatch.setattr(nightly.os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_STATE_HOME", "/nonexistent")
    with pytest.raises(CommandFailed, match="needs systemd, and root"):
        nightly.Schedule("shop", "daily", WISH).ensure()


def test_what_is_left_on_the_host_runs_without_anything_else(tmp_path):
    shipped.store(nightly.MODULE, str(tmp_path))
    command = shipped.stored_command(nightly.MODULE, str(tmp_path / "none"), folder=str(tmp_path))
    done = subprocess.run([sys.executable, *command[1:]], cwd="/", env={}, capture_output=True, text=True, check=False)
    # It got as far as to read what it is told.
    assert "FileNotFoundError" in done.stderr and "import" not in done.stderr.rpartition("Error")[2]
