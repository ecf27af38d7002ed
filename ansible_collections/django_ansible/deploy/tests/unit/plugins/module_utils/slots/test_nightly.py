"""Dumps on a schedule: what a deploy leaves on the host for them, and what they do there."""
from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.database import catalogue as catalogues
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.catalogue import ABANDONED, Catalogue
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import shipped
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import nightly, pause, process_units, processes
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

ENTRY = {"name": "dumps", "command": "-", "schedule": ["daily"], "once": True, "timeout": 0, "environment": "{}", "dumps": '{"number": 14}'}
GIVEN = {"app_name": "shop", "app_dir": "/opt/shop", "app_user": "shop", "app_group": "shop", "socket_link": "/run/shop/gunicorn.sock", "app_path": ".", "sandbox": "ProtectSystem=strict"}


def test_the_job_is_roots_own_code_and_its_file_has_no_secret_of_a_run(monkeypatch, tmp_path):
    monkeypatch.setattr(process_units, "DUMPS_SPEC", str(tmp_path / "%s-dumps.json"))
    monkeypatch.setattr(processes.systemd, "gives_own_pids", lambda: True)
    params = {
        **GIVEN, "environment": '{"SECRET": "x"}', "run_id": "7-1-a", "actor": "ada", "processes": [], "timers": [ENTRY], "release": "r", "process_settle": 0,
        "process_templates": {"job": "", "dumps": "[Service]\nExecStart=@exec_start@\n", "timer": "[Timer]\n@on_calendar@\n"},
    }
    made = processes.Processes(Layout("shop", "/opt/shop", "/run/shop/gunicorn.sock"), params)
    service, timer, spec = (file for _, file in made.timer_files())
    assert b"start.py" in service.content and b"django_ansible.deploy.plugins.module_utils.slots.nightly" in service.content and b"init.py" not in service.content
    assert timer.content == b"[Timer]\nOnCalendar=daily\n"
    assert json.loads(spec.content) == {**GIVEN, "dumps": {"number": 14}} and spec.mode == 0o600


def test_what_is_left_on_the_host_runs_without_anything_else(tmp_path):
    shipped.store(nightly.MODULE, str(tmp_path))
    command = shipped.stored_command(nightly.MODULE, str(tmp_path / "none"), folder=str(tmp_path))
    done = subprocess.run([sys.executable, *command[1:]], cwd="/", env={}, capture_output=True, text=True, check=False)
    # It got as far as to read what it is told.
    assert "FileNotFoundError" in done.stderr and "dumps.json" not in done.stderr and "import" not in done.stderr.rpartition("Error")[2]


def test_a_pause_of_the_application_does_not_stop_the_job_that_asks_for_it(monkeypatch, tmp_path):
    (tmp_path / "shop-dumps.service").write_text("X-DjangoApplication=shop\n")
    (tmp_path / "shop-digest.service").write_text("X-DjangoApplication=shop\n")
    monkeypatch.setattr(process_units, "UNITS", str(tmp_path))
    told = []
    monkeypatch.setattr(pause, "going_on", lambda *named: contextlib.nullcontext())
    monkeypatch.setattr(pause.systemd, "quietly", lambda *words: told.append(words))
    with pause.paused(Layout("shop", "/opt/shop", "")):
        pass
    assert ("kill", "--signal=STOP", "shop-digest.service") in told and not any("shop-dumps.service" in words for words in told)


@pytest.fixture
def night(monkeypatch, tmp_path):
    """A night on a host where each dump is what the test says."""
    monkeypatch.setattr(catalogues, "ensure_directory", lambda path, mode: os.makedirs(path, mode, exist_ok=True))
    monkeypatch.setattr(catalogues, "write_atomically", lambda path, content, mode: open(path, "wb").write(content))

    class Recovery:
        catalogue = Catalogue(str(tmp_path / "backups"))
        broken = ""

        def act(self, operation, application, *, asked, live, check_mode, why=""):
            if operation == self.broken:
                raise CommandFailed("no %s" % operation)
            if operation == "backup":
                identifier = self.catalogue.begin()
                partial = os.path.join(self.catalogue.folder, identifier + ".partial")
                with open(partial, "w") as file:
                    file.write("dump")
                self.catalogue.complete(identifier, partial, reason=why, vendor="sqlite", database="shop")
                return {"dump": identifier, "told": ["made"]}
            assert asked == self.catalogue.records()[-1]["id"]
            return {"dump": asked, "told": ["can be restored"]}

    class Environment:
        @staticmethod
        def mask(text):
            return text

    class LayoutOfTheNight(Layout):
        def live_release(self):
            return "20260101T000000Z-0000001"

        def kept_releases(self, count):
            return set()

        def record(self, **facts):
            journal.append(facts)

    journal, recovery = [], Recovery()
    monkeypatch.setattr(nightly, "recovery_of", lambda params, layout: recovery)
    monkeypatch.setattr(nightly, "live_application", lambda params, layout: type("Application", (), {"environment": Environment}))
    wish = {"number": 2, "days": 30, "rehearse": True, "keep_releases": 5, "targets": []}

    def run():
        return list(nightly.dumped({**GIVEN, "dumps": wish}, LayoutOfTheNight("shop", str(tmp_path), "")))

    run.recovery, run.journal = recovery, journal
    return run


def test_a_night_makes_tries_and_prunes(night):
    made = []
    for _ in range(3):
        assert night()[:2] == ["made", "can be restored"]
        made.append(night.journal[-1]["dump"])
        time.sleep(1.1)
    assert [record["id"] for record in night.recovery.catalogue.records()] == made[1:]
    assert all(record["reason"] == "made on schedule" for record in night.recovery.catalogue.records())


def test_any_dump_that_is_damaged_fails_the_night_and_the_new_one_is_made_all_the_same(night):
    night()
    first = night.recovery.catalogue.records()[0]
    with open(night.recovery.catalogue.path(first), "w") as file:
        file.write("dmup")
    time.sleep(1.1)
    with pytest.raises(CommandFailed, match="the dump %s is damaged" % first["id"]):
        night()
    assert len(night.recovery.catalogue.records()) == 2


def test_a_rehearsal_that_fails_fails_the_night(night):
    night.recovery.broken = "rehearse"
    with pytest.raises(CommandFailed, match="no rehearse"):
        night()


def test_a_dump_that_is_being_made_is_not_pruned_by_a_deploy(night):
    catalogue = night.recovery.catalogue
    path = os.path.join(catalogue.folder, catalogue.begin() + ".partial")
    open(path, "w").close()
    assert catalogue.unneeded(set(), number=1, days=1) == []
    os.utime(path, (time.time() - ABANDONED - 60,) * 2)
    assert catalogue.unneeded(set(), number=1, days=1) == [path]


def test_only_one_restores_at_a_time(night):
    with night.recovery.catalogue.alone():
        with pytest.raises(CommandFailed, match="another restore or rehearsal"), Catalogue(night.recovery.catalogue.folder).alone():
            pass
    with night.recovery.catalogue.alone():
        pass
