"""What a process of this collection says to systemd, and when it says no more."""
from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import supervised
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.supervised import Supervised


@pytest.fixture(params=["path", "abstract"])
def manager(request, tmp_path, monkeypatch):
    """The socket of systemd, where a process finds its name."""
    name = str(tmp_path / "notify") if request.param == "path" else "@" + str(tmp_path / "notify")[-90:]
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind("\0" + name[1:] if name.startswith("@") else name)
    listener.settimeout(30)
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    monkeypatch.setattr(supervised, "PULSE", 0.05)
    with listener:
        yield listener


def test_a_loop_says_that_it_goes_on_and_not_at_each_turn(manager, monkeypatch):
    monkeypatch.setattr(supervised, "PULSE", 30)
    process = Supervised()
    for _ in range(100):
        process.goes_on()
    assert manager.recv(64) == b"WATCHDOG=1"
    manager.setblocking(False)
    with pytest.raises(BlockingIOError):
        manager.recv(64)


def test_what_takes_long_says_so_meanwhile_and_no_longer(manager):
    process = Supervised()
    with process.working():
        for _ in range(3):
            assert manager.recv(64) == b"WATCHDOG=1"
    manager.setblocking(False)
    while True:
        try:
            manager.recv(64)
        except BlockingIOError:
            break
    time.sleep(0.2)
    with pytest.raises(BlockingIOError):
        manager.recv(64)


def test_what_it_starts_cannot_speak_for_it(manager):
    Supervised()
    assert "NOTIFY_SOCKET" not in os.environ
    printed = subprocess.run([sys.executable, "-c", "import os; print(os.environ.get('NOTIFY_SOCKET'))"], check=True, capture_output=True, text=True)
    assert printed.stdout == "None\n"


def test_nobody_is_needed_who_listens(manager, monkeypatch):
    manager.close()
    Supervised().goes_on()
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    process = Supervised()
    process.goes_on()
    with process.working():
        pass


def test_it_speaks_often_enough():
    assert supervised.PULSE * 3 < float(supervised.LIMITS["WatchdogSec"])
