"""Nobody waits for a program that the application has stopped."""
from __future__ import annotations

import os
import signal
import subprocess
import types

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import sandbox


@pytest.fixture
def waited(monkeypatch):
    """How a shell's script ends that is the main process of a unit. Whatever happens, it ends."""
    ended = []
    real = subprocess.run
    monkeypatch.setattr(sandbox, "LOOK_SECONDS", 0.05)

    def run_to_the_end(script):
        process = subprocess.Popen(["timeout", "20", "sh", "-c", script], start_new_session=True)

        def systemctl(argv, **options):
            if argv[:2] == ["systemctl", "show"]:
                return types.SimpleNamespace(stdout="%d\n" % process.pid)
            assert argv[:2] == ["systemctl", "kill"]
            ended.append(argv[-1])
            os.killpg(process.pid, signal.SIGKILL)
            return real(["true"], check=False)

        monkeypatch.setattr(sandbox.subprocess, "run", systemctl)
        return sandbox._waited(process, "a.service"), ended

    return run_to_the_end


@pytest.mark.parametrize("script", ["kill -STOP $$", "sh -c 'kill -STOP $$; true'; echo on", "sleep 600 & kill -STOP $!; wait"])
def test_one_that_is_stopped_is_ended_with_all_that_it_started(waited, script):
    assert waited(script) == (-signal.SIGKILL, ["a.service"])


def test_one_that_takes_its_time_is_not(waited):
    assert waited("sleep 0.5; exit 3") == (3, [])


def test_one_that_goes_on_is_not(waited):
    # Stopped for less than the time between two looks, and each time another one.
    assert waited("for i in 1 2 3 4; do sleep 0.07 & kill -STOP $!; sleep 0.01; kill -CONT $!; wait $!; done; exit 4") == (4, [])
