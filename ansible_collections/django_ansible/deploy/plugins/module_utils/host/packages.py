# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Debian packages of a host: which are missing, and installing them."""
from __future__ import annotations

import fcntl
import glob
import os
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.giving_up import whole

LISTS = "/var/lib/apt/lists"
LISTS_MAX_AGE = 24 * 3600
# Seconds; whoever installed something right before has renewed the package lists.
JUST_NOW = 600
LOCK_TIMEOUT = 300
# Held by flock(2) as long as somebody fetches packages before the step that installs them.
FETCHED = "/run/django-ansible-deploy/.fetching"  # no application has that name
HELD = "E: Could not get lock "


def missing_packages(packages: list[str]) -> list[str]:
    printed = run(["sh", "-c", 'dpkg-query -W -f \'${Package} ${db:Status-Abbrev}\\n\' "$@" 2>/dev/null || true', "sh", *packages])
    installed = {line.split()[0] for line in printed.splitlines() if line.split()[1:2] == ["ii"]}
    return [name for name in dict.fromkeys(packages) if name not in installed]


def apt_install(packages: list[str], *, max_age: int = LISTS_MAX_AGE) -> None:
    """Installs Debian packages, once whatever else installs or fetches some has ended.

    :param max_age: seconds; package lists that are older are renewed first.
    :raises CommandFailed: with apt's last lines.
    """
    renew_lists(max_age)
    apt_get("install", "--no-install-recommends", *packages)


def renew_lists(max_age: int) -> None:
    """Renews the package lists where there are none, or older ones, in seconds, once what :func:`fetching.begin` has begun has ended.

    :raises CommandFailed: with apt's last lines.
    """
    wait_until_fetched()
    if are_lists_older(max_age):
        apt_get("update")


def are_lists_older(max_age: int) -> bool:
    """Whether package lists are older than that, in seconds, or not there."""
    indexes = glob.glob(LISTS + "/*_Packages*")
    return not indexes or time.time() - max(map(os.path.getmtime, (LISTS, LISTS + "/partial"))) >= max_age


def wait_until_fetched() -> None:
    """Waits until what :func:`fetching.begin` has begun on this host has ended."""
    try:
        lock = os.open(FETCHED, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_SH)
    finally:
        os.close(lock)


def environment() -> dict[str, str]:
    """What apt and the packages' own scripts run with."""
    # Ubuntu's needrestart would restart what is live, in the middle of a deploy.
    return {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1"}


def command(*arguments: str, patience: int) -> list[str]:
    """:param patience: seconds that apt waits for dpkg."""
    kept = ("-o", "DPkg::Options::=--force-confdef", "-o", "DPkg::Options::=--force-confold")
    return ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=%d" % patience, *kept, *arguments]


def apt_get(*arguments: str) -> None:
    """:raises CommandFailed: with apt's last lines."""
    deadline = time.monotonic() + LOCK_TIMEOUT
    while True:
        try:
            with whole():
                run(command(*arguments, patience=LOCK_TIMEOUT), env=environment())
            return
        except CommandFailed as failed:
            # apt itself waits for dpkg alone, not for who renews the lists or fetches packages.
            if HELD not in failed.printed or time.monotonic() > deadline:
                raise
            time.sleep(2)
