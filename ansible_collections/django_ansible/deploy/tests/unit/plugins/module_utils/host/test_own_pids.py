"""Process ids of a unit's own, where a host gives them, and the first process that they take."""
from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

INIT = Path(__file__).parents[5] / "roles/django_app/templates/init.py.j2"
RULES = "PrivateDevices=true\nPrivatePIDs=true\nPrivateTmp=true\n"


@pytest.fixture
def host(monkeypatch):
    """A host with that systemd, in a container or not, which starts such a unit or not."""

    def made(version, container=False, starts=True):
        def run(argv, **_):
            if argv[0] == "systemd-run" and not starts:
                raise CommandFailed("226/NAMESPACE")
            return "systemd %d (%d.1-1)\n+PAM\n" % (version, version)

        monkeypatch.setattr(systemd, "run", run)
        monkeypatch.setattr(systemd.subprocess, "run", lambda argv, **_: subprocess.CompletedProcess(argv, 0 if container else 1))
        systemd.gives_own_pids.cache_clear()

    yield made
    systemd.gives_own_pids.cache_clear()


@pytest.mark.parametrize(
    "about, gives", [((258,), True), ((259, True), True), ((259, True, False), False), ((257,), False), ((252,), False), ((255, True), False)], ids=str
)
def test_hosts_that_give_them(host, about, gives):
    host(*about)
    assert systemd.gives_own_pids() is gives
    assert systemd.suited(RULES) == (RULES if gives else "PrivateDevices=true\nPrivateTmp=true\n")


@pytest.fixture
def init(tmp_path):
    script = tmp_path / "init.py"
    script.write_text(INIT.read_text().replace("{{ ansible_managed | comment }}", ""))
    return lambda *argv: subprocess.Popen([sys.executable, "-I", "-S", str(script), *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def python(script):
    return sys.executable, "-c", script


@pytest.mark.parametrize(
    "script, code", [("raise SystemExit(7)", 7), ("pass", 0), ("import os; os.kill(os.getpid(), 9)", 137), ("import os; os.kill(os.getpid(), 15)", 0)]
)
def test_it_ends_as_its_command_does(init, script, code):
    assert init(*python(script)).wait(20) == code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1])
def test_signals_are_passed_on(init, number):
    script = "import signal, sys, time\nsignal.signal(%d, lambda *_: sys.exit(5))\nprint('up', flush=True)\ntime.sleep(60)" % number
    started = init(*python(script))
    assert started.stdout.readline() == "up\n"
    started.send_signal(number)
    assert started.wait(20) == 5


def test_a_command_begins_with_the_usual_signals(init):
    # Blocked and ignored ones; 32 and 33 are glibc's own, which it sets when it starts a program.
    asked = python("print(*(int(line.split()[1], 16) & 2**31 - 1 for line in open('/proc/self/status') if line[:6] in ('SigBlk', 'SigIgn')))")
    told, _ = init(*asked).communicate(timeout=20)
    assert told == subprocess.run(asked, stdout=subprocess.PIPE, text=True, check=True).stdout


def test_a_command_that_is_not_there_is_named(init):
    started = init("/no/such/program")
    assert started.wait(20) == 1
    assert started.stderr.read() == "/no/such/program cannot be started: No such file or directory\n"
