# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Package lists that are renewed, and packages that are fetched, before the step that installs them: by a process that outlives whoever began it.

It installs nothing. What it leaves where nothing follows is what apt keeps of any installation. Whoever is to renew the lists waits for it.
"""
from __future__ import annotations

import contextlib
import fcntl
import os
import shlex
import subprocess

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import packages

LONGEST = "1800"  # seconds


def begin(missing: list[str]) -> None:
    """Has apt begin, and waits for nothing. Does nothing where others have begun, or it cannot: whoever installs them says why."""
    renewing = [packages.command("update", patience=0)] if packages.are_lists_older(packages.JUST_NOW) else []
    fetching = packages.command("install", "--no-install-recommends", "--download-only", *missing, patience=0)
    with contextlib.suppress(OSError):
        _begin(" && ".join(map(shlex.join, [*renewing, fetching])))


def _begin(script: str) -> None:
    os.makedirs(os.path.dirname(packages.FETCHED), mode=0o700, exist_ok=True)
    with os.fdopen(os.open(packages.FETCHED, os.O_RDWR | os.O_CREAT, 0o600), "r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # What serves goes first. It has the lock's file as well, and with it the lock.
        argv, nothing = ["nice", "-n", "10", "timeout", LONGEST, "/bin/sh", "-c", script], subprocess.DEVNULL
        subprocess.Popen(
            argv, env=packages.environment(), stdin=nothing, stdout=nothing, stderr=nothing, cwd="/", start_new_session=True, pass_fds=[lock.fileno()]
        )
