"""What keeps an application still may be killed: the application goes on then."""
from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import pause

HOLD = "import fcntl, sys, time; file = open(sys.argv[1], 'x'); fcntl.flock(file, fcntl.LOCK_EX); print('held', flush=True); time.sleep(60)"


def test_the_units_go_on_when_the_process_is_killed_that_keeps_them_still(tmp_path):
    said, path = tmp_path / "said", tmp_path / "paused"
    (tmp_path / "systemctl").write_text('#!/bin/sh\necho "$@" >> %s\n' % said)
    (tmp_path / "systemctl").chmod(0o755)
    with subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        environment = {**os.environ, "PATH": "%s:%s" % (tmp_path, os.environ["PATH"])}
        with subprocess.Popen(pause.go_on(str(path), ["shop@blue.service", "shop-mail@*.service"]), env=environment) as guard:
            time.sleep(0.3)
            assert guard.poll() is None and not said.exists()
            holder.kill()
            assert guard.wait(10) == 0
    assert said.read_text() == "kill --signal=CONT shop@blue.service\nkill --signal=CONT shop-mail@*.service\n"
    assert not path.exists()


def test_nothing_is_stopped_where_nothing_could_have_it_go_on(monkeypatch, tmp_path):
    def fail(*arguments, **options):
        raise CommandFailed("no systemd")

    monkeypatch.setattr(pause.lock, "FOLDER", str(tmp_path))
    monkeypatch.setattr(pause, "run", fail)
    monkeypatch.setattr(pause.systemd, "quietly", lambda *words: None)
    with pytest.raises(CommandFailed, match="no systemd"), pause.going_on("shop", ["shop@blue.service"]):
        pytest.fail("entered")
    assert os.listdir(tmp_path) == []
