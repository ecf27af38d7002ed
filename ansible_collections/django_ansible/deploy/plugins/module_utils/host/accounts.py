# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The account that runs the application."""
from __future__ import annotations

import grp
import os
import pwd

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import run

NO_SHELLS = ("", "nologin", "false", "sync", "true")
FIRST_PERSON = 1000


def exists(user: str, group: str) -> bool:
    """Whether an account exists with this as its primary group."""
    try:
        return pwd.getpwnam(user).pw_gid == grp.getgrnam(group).gr_gid
    except KeyError:
        return False


def ensure(user: str, group: str, home: str) -> None:
    """Makes an account that nobody logs in with, and its group, unless it is there with that group; one that has another gets this group, home and shell.

    :raises CommandFailed: with the words of what makes accounts.
    """
    if exists(user, group):
        return
    rules = ["--gid", group, "--home-dir", home, "--shell", "/usr/sbin/nologin"]
    try:
        grp.getgrnam(group)
    except KeyError:
        run(["groupadd", "--system", group])
    try:
        pwd.getpwnam(user)
    except KeyError:
        run(["useradd", "--system", "--no-create-home", *rules, user])
    else:
        run(["usermod", *(rule.replace("--home-dir", "--home") for rule in rules), user])


def refusal(user: str) -> str | None:
    """Why an account may not run the application: it is root, or somebody logs in with it. None when it may, or is not there yet."""
    try:
        found = pwd.getpwnam(user)
    except KeyError:
        return None
    if found.pw_uid == 0:
        return "app_user %s is root on this host: name a system user, which the deploy makes when it is missing" % user
    logs_in = os.path.basename(found.pw_shell) not in NO_SHELLS
    has_home = (found.pw_dir.rstrip("/") + "/").startswith(("/home/", "/root/"))
    if logs_in and (has_home or found.pw_uid >= FIRST_PERSON):
        return (
            "app_user %s is a login account of this host (uid %d, home %s, shell %s), and the application could read and change whatever its owner can: name another "
            "user, which the deploy makes when it is missing, or take the shell away (usermod --shell /usr/sbin/nologin %s)"
            % (user, found.pw_uid, found.pw_dir, found.pw_shell, user)
        )
    return None
