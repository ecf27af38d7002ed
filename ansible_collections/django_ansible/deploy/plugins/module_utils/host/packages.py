# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Debian packages of a host: which are missing, and installing them."""
from __future__ import annotations

import contextlib
import fcntl
import glob
import os
import subprocess
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.giving_up import whole

LISTS = "/var/lib/apt/lists"
LISTS_MAX_AGE = 24 * 3600
# Seconds; whoever installed something right before has renewed the package lists.
JUST_NOW = 600
LOCK_TIMEOUT = 300
# Held by flock(2) as long as lists are renewed that a later step needs.
RENEWING = "/run/django-ansible-deploy/.renewing"  # no application has that name
LONGEST_RENEWING = "600"  # seconds
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
    """Renews the package lists where there are none, or older ones, in seconds, once what :func:`begin_renewing` has begun has ended.

    :raises CommandFailed: with apt's last lines.
    """
    _wait_until_renewed()
    if _are_lists_older(max_age):
        apt_get("update")


def begin_renewing(max_age: int) -> None:
    """Has apt renew lists that are older, in seconds, and waits for nothing: that goes on when this process has ended.

    It installs nothing. Where others have begun, or it cannot, whoever needs the lists renews them and says why.
    """
    if not _are_lists_older(max_age):
        return
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(RENEWING), mode=0o700, exist_ok=True)
        with os.fdopen(os.open(RENEWING, os.O_RDWR | os.O_CREAT, 0o600), "r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # What serves goes first. It has the lock's file as well, and with it the lock.
            argv, nothing = ["nice", "-n", "10", "timeout", LONGEST_RENEWING, *_command("update", patience=0)], subprocess.DEVNULL
            subprocess.Popen(argv, env=_environment(), stdin=nothing, stdout=nothing, stderr=nothing, cwd="/", start_new_session=True, pass_fds=[lock.fileno()])


def _are_lists_older(max_age: int) -> bool:
    indexes = glob.glob(LISTS + "/*_Packages*")
    return not indexes or time.time() - max(map(os.path.getmtime, (LISTS, LISTS + "/partial"))) >= max_age


def _wait_until_renewed() -> None:
    try:
        lock = os.open(RENEWING, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_SH)
    finally:
        os.close(lock)


def _environment() -> dict[str, str]:
    """What apt and the packages' own scripts run with."""
    # Ubuntu's needrestart would restart what is live, in the middle of a deploy.
    return {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1"}


def _command(*arguments: str, patience: int) -> list[str]:
    """:param patience: seconds that apt waits for dpkg."""
    kept = ("-o", "DPkg::Options::=--force-confdef", "-o", "DPkg::Options::=--force-confold")
    descriptions = () if glob.glob(LISTS + DESCRIPTIONS) else WITHOUT_DESCRIPTIONS
    return ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=%d" % patience, *descriptions, *kept, *arguments]


def apt_get(*arguments: str) -> None:
    """:raises CommandFailed: with apt's last lines."""
    deadline = time.monotonic() + LOCK_TIMEOUT
    while True:
        try:
            with whole():
                run(_command(*arguments, patience=LOCK_TIMEOUT), env=_environment())
            return
        except CommandFailed as failed:
            # apt itself waits for dpkg alone, not for who renews the lists or fetches packages.
            if HELD not in failed.printed or time.monotonic() > deadline:
                raise
            time.sleep(2)
