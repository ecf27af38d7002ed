# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Names of applications that something else of a host has: its units and its folder would be taken, and go when the application leaves."""
from __future__ import annotations

import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run

PACKAGED = ("/usr/lib/systemd/system", "/lib/systemd/system")  # units of packages; root's own are in /etc
KINDS = ("@.service", "@.socket", ".service", ".socket")


def refusal(app_name: str, etc: str) -> str | None:
    """Why a first deploy may not take this name; None when it may.

    :param etc: the folder that is going to be the application's, which an administrator may have made for it.
    """
    taken = [app_name + kind for kind in KINDS if any(os.path.exists(os.path.join(folder, app_name + kind)) for folder in PACKAGED)]
    if taken:
        return "app_name %s is that of a service of this host (%s), whose units the application's would replace: choose another one" % (app_name, taken[0])
    package = package_of(etc) if os.path.isdir(etc) else None
    if package:
        return "app_name %s would make %s the application's, and it belongs to the package %s: choose another one" % (app_name, etc, package)
    return None


def package_of(path: str) -> str | None:
    """The Debian package that a path belongs to, or the first of several."""
    try:
        return run(["dpkg-query", "--search", path], timeout=60).partition(":")[0].partition(",")[0]
    except CommandFailed:  # none, or no Debian
        return None
