"""Packages that are installed while something else goes on."""
from __future__ import annotations

import threading

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

    def install(packages, max_age):
        assert host.go.wait(10)
        if host.error:
            raise host.error
        host.ended.append(packages)

    host = Host()
    host.go, host.ended = threading.Event(), []
    monkeypatch.setattr(beside, "missing_packages", lambda packages: [name for name in packages if name in ("git", "nginx")])
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
