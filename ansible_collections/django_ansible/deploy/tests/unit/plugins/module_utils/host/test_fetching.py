"""What apt fetches in the background until somebody needs it."""
from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import fetching, packages

APT = """#!/bin/sh
sleep 0.4
echo "$@" >>%(folder)s/ran
[ ! -e %(folder)s/broken ]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Of a host whose apt takes a while and writes C(ran); it fails where there is a file C(broken)."""
    (tmp_path / "apt-get").write_text(APT % {"folder": tmp_path})
    (tmp_path / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", "%s:/usr/bin:/bin" % tmp_path)
    monkeypatch.setattr(packages, "FETCHED", str(tmp_path / "run" / "packages.lock"))
    monkeypatch.setattr(packages, "are_lists_older", lambda max_age: True)
    return tmp_path


def ran(folder):
    """What apt was called for, without options."""
    path = folder / "ran"
    lines = path.read_text().splitlines() if path.exists() else []
    return [[word for word in line.split() if word in ("update", "install", "--download-only", "nginx", "DPkg::Lock::Timeout=0")] for line in lines]


UPDATE, FETCH = ["DPkg::Lock::Timeout=0", "update"], ["DPkg::Lock::Timeout=0", "install", "--download-only", "nginx"]


def test_nothing_is_waited_for_where_nothing_was_begun(folder):
    packages.wait_until_fetched()
    assert not os.path.exists(packages.FETCHED)


def test_it_outlives_the_process_that_began_it_is_waited_for_and_installs_nothing(folder):
    program = "from ansible_collections.django_ansible.deploy.plugins.module_utils.host import fetching, packages\n"
    program += "packages.FETCHED, packages.are_lists_older = %r, lambda age: True\nfetching.begin(['nginx'])" % packages.FETCHED
    # Its output ends with the process, so that nobody waits for what it began.
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert FETCH not in ran(folder)
    packages.wait_until_fetched()
    assert ran(folder) == [UPDATE, FETCH]


def test_lists_that_were_just_renewed_stay(folder, monkeypatch):
    monkeypatch.setattr(packages, "are_lists_older", lambda max_age: False)
    fetching.begin(["nginx"])
    packages.wait_until_fetched()
    assert ran(folder) == [FETCH]


def test_nothing_is_fetched_by_lists_that_could_not_be_renewed(folder):
    (folder / "broken").touch()
    fetching.begin(["nginx"])
    packages.wait_until_fetched()
    assert ran(folder) == [UPDATE]


def test_nothing_begins_beside_others_and_nobody_waits_for_them(folder):
    started = time.monotonic()
    fetching.begin(["nginx"])
    fetching.begin(["nginx"])
    assert time.monotonic() - started < 0.4
    packages.wait_until_fetched()
    assert ran(folder) == [UPDATE, FETCH]


def test_a_lock_that_cannot_be_made_keeps_nobody(folder, monkeypatch):
    (folder / "file").touch()
    monkeypatch.setattr(packages, "FETCHED", str(folder / "file" / "packages.lock"))
    fetching.begin(["nginx"])
