"""Packages that are installed while something else goes on."""
from __future__ import annotations

import threading
import time

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import beside
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed


@pytest.fixture
def host(monkeypatch):
    """One that lacks git and nginx, and whose apt ends when it is let go, with an error where there is one."""

    class Host:
        go = threading.Event()
        error: CommandFailed | None = None
        ended: list = []
        unpacked: list = []

    def install(packages, max_age):
        if "gone" in packages:
            raise CommandFailed("no such package")
        assert host.go.wait(10)
        if host.error:
            raise host.error
        host.ended.append(packages)
        host.unpacked = packages

    host = Host()
    host.go, host.ended, host.unpacked = threading.Event(), [], []
    monkeypatch.setattr(beside, "SAID", 0.05)
    monkeypatch.setattr(beside, "LOOK", 0.01)
    monkeypatch.setattr(beside, "unpacked_packages", lambda packages: [name for name in packages if name in host.unpacked])
    monkeypatch.setattr(beside, "renew_lists", lambda max_age: None)
    monkeypatch.setattr(beside, "missing_packages", lambda packages: [name for name in packages if name in ("git", "nginx", "libpq5", "gone")])
    monkeypatch.setattr(beside, "apt_install", install)
    return host


def test_the_body_goes_on_meanwhile_and_waits_once(host):
    with beside.installed_beside(["git", "nginx", "python3"]) as begun:
        assert host.ended == []
        host.go.set()
        assert begun.wait()
        assert host.ended == [["git", "nginx"]]
        assert not begun.wait()


def test_nothing_is_begun_where_nothing_is_missing(host):
    with beside.installed_beside(["python3"]) as begun:
        assert not begun.wait()


def test_it_is_waited_for_and_its_failure_said_where_the_body_did_not(host):
    host.error = CommandFailed("apt-get ended with 100")
    host.go.set()
    with pytest.raises(CommandFailed, match="100"), beside.installed_beside(["git"]):
        pass


def test_no_installation_outlives_a_body_that_fails(host):
    threading.Timer(0.1, host.go.set).start()
    with pytest.raises(KeyError), beside.installed_beside(["git"]):
        raise KeyError
    assert host.ended == [["git"]]


def test_what_is_needed_soon_is_waited_for_until_it_is_unpacked(host, monkeypatch):
    monkeypatch.setattr(beside, "SAID", 10)
    with beside.installed_beside(["git"]) as begun:
        begun.say(["libpq5", "libc6"])
        threading.Timer(0.1, lambda: host.unpacked.append("libpq5")).start()
        assert begun.wait_for_soon() == ["libpq5"]
        assert host.ended == []
        host.go.set()
    assert host.ended == [["git", "libpq5"]]


def test_what_is_needed_soon_and_said_too_late_is_left_to_whoever_needs_it(host):
    with beside.installed_beside(["git"]) as begun:
        begun.is_said.set()
        threading.Timer(0.1, host.go.set).start()
        host.go.wait(10)
        begun.thread.join()
        begun.say(["libpq5"])
        assert begun.wait_for_soon() == []
    assert host.ended == [["git"]]


def test_nobody_waits_long_for_what_is_not_said_and_not_at_all_once_it_is_waited_for(host, monkeypatch):
    host.go.set()
    with beside.installed_beside(["git"]) as begun:
        assert begun.wait_for_soon() == []
    monkeypatch.setattr(beside, "SAID", 600)
    with beside.installed_beside(["git"]) as begun:
        assert begun.wait()
    with pytest.raises(KeyError), beside.installed_beside(["git"]):
        raise KeyError


def test_what_cannot_be_installed_soon_keeps_nobody(host):
    host.go.set()
    with beside.installed_beside(["git"]) as begun:
        begun.say(["gone"])
        assert begun.wait_for_soon() == []
    assert host.ended == [["git"]]


def test_nothing_is_asked_for_where_nothing_is_installed(host):
    with beside.installed_beside(["python3"]) as begun:
        begun.say(["libpq5"])
        assert begun.wait_for_soon() == []
    assert host.ended == []


def test_no_installation_outlives_whoever_was_interrupted_while_it_waited(host, monkeypatch):
    join = threading.Thread.join

    def interrupted(thread, timeout=None):
        monkeypatch.setattr(threading.Thread, "join", join)
        host.go.set()
        raise KeyError

    with pytest.raises(KeyError), beside.installed_beside(["git"]) as begun:
        monkeypatch.setattr(threading.Thread, "join", interrupted)
        begun.wait()
    assert host.ended == [["git"]]


def test_what_goes_on_meanwhile_is_given_to_whoever_waits():
    go = threading.Event()
    given, failed = beside.meanwhile(lambda: go.wait(10) and "done"), beside.meanwhile(lambda: 1 / 0)
    go.set()
    assert given() == given() == "done"
    with pytest.raises(ZeroDivisionError):
        failed()


def test_two_who_wait_both_wait_and_both_hear_why_it_failed(host):
    """One is the thread that gets uv, which may need pip."""
    host.error = CommandFailed("apt-get ended with 100")

    def body(begun):
        other = beside.meanwhile(begun.wait)
        while begun.missing:
            time.sleep(0.01)
        threading.Timer(0.1, host.go.set).start()
        for wait in (begun.wait, other):
            with pytest.raises(CommandFailed, match="100"):
                wait()

    with pytest.raises(CommandFailed, match="100"), beside.installed_beside(["git"]) as begun:
        body(begun)


def test_who_waits_beside_another_one_is_told_that_there_was_something_to_wait_for(host):
    with beside.installed_beside(["git"]) as begun:
        other = beside.meanwhile(begun.wait)
        while begun.missing:
            time.sleep(0.01)
        threading.Timer(0.1, host.go.set).start()
        assert begun.wait()
        assert other()
        assert not begun.wait()
    assert host.ended == [["git"]]
