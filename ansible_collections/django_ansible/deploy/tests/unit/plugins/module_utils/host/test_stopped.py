"""Nobody waits for a program that the application has stopped."""
from __future__ import annotations

import os
import signal
import subprocess
import threading

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import stopped


@pytest.fixture
def start(monkeypatch):
    """Starts a shell's script, which ends in any case."""
    monkeypatch.setattr(stopped, "LOOK_SECONDS", 0.05)
    timers = []

    def started(script, **streams):
        process = subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, **streams)
        timers.append(threading.Timer(20, lambda: os.killpg(process.pid, signal.SIGKILL)))
        timers[-1].start()
        return process

    yield started
    for timer in timers:
        timer.cancel()


@pytest.mark.parametrize("script", ["kill -STOP $$", "sh -c 'kill -STOP $$; true'; echo on", "sleep 600 & kill -STOP $!; wait"])
def test_one_that_is_stopped_is_ended_with_all_that_it_started(start, script):
    with start(script) as process:
        assert stopped.outcome(process) == ("", "", True)
    assert process.returncode == -signal.SIGKILL


def test_one_that_takes_its_time_is_not(start):
    with start("sleep 0.5; cat; echo well >&2", stdin=subprocess.PIPE) as process:
        assert stopped.outcome(process, "x" * 200_000) == ("x" * 200_000, "well\n", False)
    assert process.returncode == 0


def test_one_that_goes_on_is_not(start):
    with start("sleep 0.3 & kill -STOP $!; kill -CONT $!; wait; echo done") as process:
        assert stopped.outcome(process) == ("done\n", "", False)
