# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The one way in which a program is started on a host."""
from __future__ import annotations

import os
import pwd
import subprocess

TAIL = 40
LONGEST_TAIL = 8000  # characters: a program may print megabytes without ending a line


class CommandFailed(Exception):
    """A command ended with an error; the text says which, and the end of what it printed. C(printed) is all of it, C(found) what was found out before.

    C(applied) are migrations that were applied before it failed, and stay.
    """

    def __init__(self, message: str, printed: str = "") -> None:
        super().__init__(message)
        self.printed = printed
        self.found: dict = {}
        self.applied: list[str] = []


def tail(text: str, lines: int = TAIL) -> str:
    last = "\n".join(text.strip().splitlines()[-lines:])
    return last if len(last) <= LONGEST_TAIL else "…" + last[-LONGEST_TAIL:]


def run(argv: list[str], *, env: dict | None = None, user: str | None = None, cwd: str | None = None, timeout: float = 1800, **options) -> str:
    """Runs *argv* without a shell and returns what it printed. *timeout* is in seconds.

    :raises CommandFailed: when it cannot be started, ends with an error or runs out of time.
    """
    if user:
        account = pwd.getpwnam(user)
        options.update(user=account.pw_uid, group=account.pw_gid, extra_groups=os.getgrouplist(user, account.pw_gid))
    try:
        done = subprocess.run(
            argv, env=env, cwd=cwd, timeout=timeout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False, **options
        )
    except FileNotFoundError as error:
        raise CommandFailed("%s is not on this host (%s)" % (argv[0], error)) from error
    except subprocess.TimeoutExpired as error:
        raise CommandFailed("%s did not end within %d s" % (" ".join(argv[:3]), timeout)) from error
    if done.returncode:
        raise CommandFailed("%s ended with %d:\n%s" % (" ".join(argv[:4]), done.returncode, tail(done.stdout)), done.stdout)
    return done.stdout
