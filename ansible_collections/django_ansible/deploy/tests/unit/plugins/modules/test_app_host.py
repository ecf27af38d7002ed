import sys

import pytest
from ansible_collections.django_ansible.deploy.plugins.modules import app_host


class Refused(Exception):
    pass


class Module:
    def fail_json(self, msg):
        raise Refused(msg)


@pytest.fixture
def system(monkeypatch):
    """A Debian host on which everything is in order."""
    found = {"ID": "debian", "PRETTY_NAME": "Debian GNU/Linux 12 (bookworm)"}
    monkeypatch.setattr(app_host, "os_release", lambda: found)
    monkeypatch.setattr(app_host.os.path, "isdir", lambda path: True)
    monkeypatch.setattr(app_host.os, "geteuid", lambda: 0)
    return found


def refusal():
    with pytest.raises(Refused) as refused:
        app_host.refuse_unfit_host(Module())
    return str(refused.value)


def test_a_host_in_order_is_taken(system):
    app_host.refuse_unfit_host(Module())


@pytest.mark.parametrize("system_id, like", [("fedora", ""), ("alpine", ""), ("rocky", "rhel centos fedora")])
def test_other_systems_are_refused(system, system_id, like):
    system.update(ID=system_id, ID_LIKE=like, PRETTY_NAME="Another Linux")
    assert refusal() == "Another Linux is not supported: role mode needs Debian or Ubuntu"


def test_what_is_made_from_debian_is_taken(system):
    system.update(ID="raspbian", ID_LIKE="debian")
    app_host.refuse_unfit_host(Module())


def test_a_python_that_gunicorn_does_not_take_is_refused(system, monkeypatch):
    system["PRETTY_NAME"] = "Debian GNU/Linux 11 (bullseye)"
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    assert refusal() == (
        "Debian GNU/Linux 11 (bullseye) is too old: role mode needs Python 3.10 or newer (Debian 12, Ubuntu 22.04), and this host has 3.9"
    )
    monkeypatch.setattr(sys, "version_info", (3, 10, 0, "final", 0))
    app_host.refuse_unfit_host(Module())


def test_no_systemd_and_no_root_are_refused(system, monkeypatch):
    monkeypatch.setattr(app_host.os, "geteuid", lambda: 1000)
    assert "root is needed" in refusal()
    monkeypatch.setattr(app_host.os.path, "isdir", lambda path: False)
    assert "systemd does not run" in refusal()


@pytest.mark.parametrize(
    "revision, releases, lacks",
    [
        ("a" * 40, [], True),
        ("a" * 40, [{"revision": "b" * 40, "as_built": True}], True),
        ("a" * 40, [{"revision": "a" * 40, "as_built": False}], True),
        ("a" * 40, [{"revision": "a" * 40, "as_built": True}], False),
        ("", [], False),
    ],
)
def test_what_a_release_has_is_told_where_another_one_is_to_be_made_from_a_checkout(revision, releases, lacks):
    assert app_host.lacks_release({"releases": releases}, revision) is lacks
