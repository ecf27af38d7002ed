"""Installing packages on a host that installs some by itself."""
from __future__ import annotations

import time
import types

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import packages
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

HELD = {
    "update": "Reading package lists...\nE: Could not get lock /var/lib/apt/lists/lock. It is held by process 812 (apt-get)\nE: Unable to lock directory /var/lib/apt/lists/",
    "install": "E: Could not get lock /var/cache/apt/archives/lock. It is held by process 813 (unattended-upgr)\nE: Unable to lock directory /var/cache/apt/archives/",
}


@pytest.fixture
def host(monkeypatch):
    """One whose apt says what is put into C(says), by command, and then works."""

    class Host:
        ran: list = []
        waited = 0.0
        says: dict = {}

        def run(self, argv, env):
            command = next(word for word in argv if word in ("update", "install"))
            self.ran.append(command)
            assert env["NEEDRESTART_SUSPEND"] == "1"
            if self.says.get(command):
                raise CommandFailed("apt-get ended with 100", self.says[command].pop(0))

        def sleep(self, seconds):
            self.waited += seconds

    host = Host()
    host.ran, host.says = [], {}
    monkeypatch.setattr(packages, "run", host.run)
    # Of this module alone: others may have threads that sleep.
    monkeypatch.setattr(packages, "time", types.SimpleNamespace(sleep=host.sleep, monotonic=lambda: host.waited, time=time.time))
    return host


def test_who_renews_the_lists_or_fetches_packages_is_waited_for(host):
    host.says = {command: [said] * 3 for command, said in HELD.items()}
    packages.apt_install(["nginx"], max_age=0)
    assert host.ran == ["update"] * 4 + ["install"] * 4
    assert host.waited == 12


def test_it_waits_for_no_longer_than_the_limit(host):
    host.says = {"update": [HELD["update"]] * 1000}
    with pytest.raises(CommandFailed) as failure:
        packages.apt_install(["nginx"], max_age=0)
    assert failure.value.printed == HELD["update"]
    assert packages.LOCK_TIMEOUT <= host.waited <= packages.LOCK_TIMEOUT + 2


def test_any_other_trouble_is_said_at_once(host):
    host.says = {"install": ["E: Unable to locate package nginz"]}
    with pytest.raises(CommandFailed):
        packages.apt_install(["nginz"], max_age=0)
    assert host.ran == ["update", "install"]


def test_what_is_unpacked_counts_before_it_is_set_up(monkeypatch):
    monkeypatch.setattr(packages, "run", lambda argv: "libpq5 iU \nnginx ii \ngit iH \nlibxml2 it \nlibmagic1 rc \n")
    asked = ["libpq5", "nginx", "git", "libxml2", "libmagic1", "gone", "nginx"]
    assert packages.unpacked_packages(asked) == ["libpq5", "nginx", "libxml2"]
    assert packages.missing_packages(asked) == ["libpq5", "git", "libxml2", "libmagic1", "gone"]


def test_long_descriptions_are_only_fetched_where_a_host_has_some(monkeypatch, tmp_path):
    ran = []
    monkeypatch.setattr(packages, "run", lambda argv, env: ran.append("Acquire::Languages=none" in argv))
    monkeypatch.setattr(packages, "LISTS", str(tmp_path))
    packages.apt_install(["nginx"], max_age=0)
    (tmp_path / "deb.debian.org_debian_dists_bookworm_main_i18n_Translation-en").touch()
    packages.apt_install(["nginx"], max_age=0)
    assert ran == [True, True, False, False]
