import sys

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import fitness
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed


@pytest.fixture
def system(monkeypatch):
    """A Debian host on which everything is in order."""
    found = {"ID": "debian", "PRETTY_NAME": "Debian GNU/Linux 12 (bookworm)"}
    monkeypatch.setattr(fitness, "os_release", lambda: found)
    monkeypatch.setattr(fitness.os.path, "isdir", lambda path: True)
    monkeypatch.setattr(fitness.os, "geteuid", lambda: 0)
    return found


def refusal():
    with pytest.raises(CommandFailed) as refused:
        fitness.refuse_unfit_host()
    return str(refused.value)


def test_a_host_in_order_is_taken(system):
    fitness.refuse_unfit_host()


@pytest.mark.parametrize("system_id, like", [("fedora", ""), ("alpine", ""), ("rocky", "rhel centos fedora")])
def test_other_systems_are_refused(system, system_id, like):
    system.update(ID=system_id, ID_LIKE=like, PRETTY_NAME="Another Linux")
    assert refusal() == "Another Linux is not supported: role mode needs Debian or Ubuntu"


def test_what_is_made_from_debian_is_taken(system):
    system.update(ID="raspbian", ID_LIKE="debian")
    fitness.refuse_unfit_host()


def test_a_python_that_gunicorn_does_not_take_is_refused(system, monkeypatch):
    system["PRETTY_NAME"] = "Debian GNU/Linux 11 (bullseye)"
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    assert refusal() == (
        "Debian GNU/Linux 11 (bullseye) is too old: role mode needs Python 3.10 or newer (Debian 12, Ubuntu 22.04), and this host has 3.9"
    )
    monkeypatch.setattr(sys, "version_info", (3, 10, 0, "final", 0))
    fitness.refuse_unfit_host()


def test_no_systemd_and_no_root_are_refused(system, monkeypatch):
    monkeypatch.setattr(fitness.os, "geteuid", lambda: 1000)
    assert "root is needed" in refusal()
    monkeypatch.setattr(fitness.os.path, "isdir", lambda path: False)
    assert "systemd does not run" in refusal()
