# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Debian packages of a host: which are missing, and installing them."""
from __future__ import annotations

import glob
import os
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.giving_up import whole

LISTS = "/var/lib/apt/lists"
LISTS_MAX_AGE = 24 * 3600
LOCK_TIMEOUT = 300
HELD = "E: Could not get lock "
# What dpkg says of a package that is to be installed and is unpacked, half set up, waits for triggers or is installed.
UNPACKED = ("iU", "iF", "iW", "it", "ii")
# Long descriptions are two fifths of what apt reads. A host that has some keeps them, and what apt made of them.
DESCRIPTIONS = "/*_i18n_Translation-*"
WITHOUT_DESCRIPTIONS = ("-o", "Acquire::Languages=none")


def missing_packages(packages: list[str]) -> list[str]:
    installed = _in_state(packages, "ii")
    return [name for name in dict.fromkeys(packages) if name not in installed]


def unpacked_packages(packages: list[str]) -> list[str]:
    """Those whose files are there, whether or not dpkg has set them up by now."""
    there = _in_state(packages, *UNPACKED)
    return [name for name in dict.fromkeys(packages) if name in there]


def _in_state(packages: list[str], *states: str) -> set[str]:
    printed = run(["sh", "-c", 'dpkg-query -W -f \'${Package} ${db:Status-Abbrev}\\n\' "$@" 2>/dev/null || true', "sh", *packages])
    return {line.split()[0] for line in printed.splitlines() if line.split()[1:2] and line.split()[1] in states}


def apt_install(packages: list[str], *, max_age: int = LISTS_MAX_AGE) -> None:
    """Installs Debian packages, once whatever else installs or fetches some has ended.

    :param max_age: seconds; package lists that are older are renewed first.
    :raises CommandFailed: with apt's last lines.
    """
    renew_lists(max_age)
    apt_get("install", "--no-install-recommends", *packages)


def renew_lists(max_age: int) -> None:
    """Renews the package lists where there are none, or older ones, in seconds.

    :raises CommandFailed: with apt's last lines.
    """
    indexes = glob.glob(LISTS + "/*_Packages*")
    if not indexes or time.time() - max(map(os.path.getmtime, (LISTS, LISTS + "/partial"))) >= max_age:
        apt_get("update")


def apt_get(*arguments: str) -> None:
    """:raises CommandFailed: with apt's last lines."""
    # Ubuntu's needrestart would restart what is live, in the middle of a deploy.
    env = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1"}
    kept = ("-o", "DPkg::Options::=--force-confdef", "-o", "DPkg::Options::=--force-confold")
    descriptions = () if glob.glob(LISTS + DESCRIPTIONS) else WITHOUT_DESCRIPTIONS
    deadline = time.monotonic() + LOCK_TIMEOUT
    while True:
        try:
            with whole():
                run(["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=%d" % LOCK_TIMEOUT, *descriptions, *kept, *arguments], env=env)
            return
        except CommandFailed as failed:
            # apt itself waits for dpkg alone, not for who renews the lists or fetches packages.
            if HELD not in failed.printed or time.monotonic() > deadline:
                raise
            time.sleep(2)
