"""Installing packages on a host that installs some by itself."""
from __future__ import annotations

import os
import subprocess
import sys
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
    monkeypatch.setattr(packages, "RENEWING", "/nonexistent/renewing")
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
    monkeypatch.setattr(packages, "RENEWING", "/nonexistent/renewing")
    monkeypatch.setattr(packages, "LISTS", str(tmp_path))
    packages.apt_install(["nginx"], max_age=0)
    (tmp_path / "deb.debian.org_debian_dists_bookworm_main_i18n_Translation-en").touch()
    packages.apt_install(["nginx"], max_age=0)
    assert ran == [True, True, False, False]


APT = """#!/bin/sh
sleep 0.4
for word; do case "$word" in update|install|DPkg::Lock::Timeout=*) echo "$word" >>%(folder)s/ran;; esac; done
[ ! -e %(folder)s/broken ] || exit 100
touch %(folder)s/lists/deb_Packages
"""


@pytest.fixture
def slow(tmp_path, monkeypatch):
    """A folder of a host without package lists, whose apt takes a while and writes C(ran); it fails where there is a file C(broken)."""
    (tmp_path / "apt-get").write_text(APT % {"folder": tmp_path})
    (tmp_path / "apt-get").chmod(0o755)
    (tmp_path / "lists/partial").mkdir(parents=True)
    monkeypatch.setenv("PATH", "%s:/usr/bin:/bin" % tmp_path)
    monkeypatch.setattr(packages, "RENEWING", str(tmp_path / "run" / ".renewing"))
    monkeypatch.setattr(packages, "LISTS", str(tmp_path / "lists"))
    return tmp_path


def ran(folder):
    path = folder / "ran"
    return path.read_text().split() if path.exists() else []


BEGUN = ["DPkg::Lock::Timeout=0", "update"]


def test_lists_are_renewed_by_what_outlives_the_process_that_began_it_and_waited_for(slow):
    program = "from ansible_collections.django_ansible.deploy.plugins.module_utils.host import packages\n"
    program += "packages.RENEWING, packages.LISTS = %r, %r\npackages.begin_renewing(600)" % (packages.RENEWING, packages.LISTS)
    # Its output ends with the process, so that nobody waits for what it began.
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert ran(slow) == []
    packages.renew_lists(600)
    assert ran(slow) == BEGUN


def test_lists_that_were_just_renewed_stay(slow):
    (slow / "lists/deb_Packages").touch()
    packages.begin_renewing(600)
    packages.renew_lists(600)
    assert ran(slow) == []
    assert not os.path.exists(packages.RENEWING)


def test_nobody_waits_for_those_who_have_begun(slow):
    started = time.monotonic()
    packages.begin_renewing(600)
    packages.begin_renewing(600)
    assert time.monotonic() - started < 0.4
    packages.renew_lists(600)
    assert ran(slow) == BEGUN


def test_whoever_needs_lists_that_could_not_be_renewed_says_why(slow):
    (slow / "broken").touch()
    packages.begin_renewing(600)
    with pytest.raises(CommandFailed, match="100"):
        packages.renew_lists(600)
    assert ran(slow) == [*BEGUN, "DPkg::Lock::Timeout=300", "update"]


def test_a_lock_that_cannot_be_made_keeps_nobody(slow, monkeypatch):
    (slow / "file").touch()
    monkeypatch.setattr(packages, "RENEWING", str(slow / "file" / ".renewing"))
    packages.begin_renewing(600)
    assert ran(slow) == []
