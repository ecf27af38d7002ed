# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Debian packages of a host: which are missing, and installing them."""
from __future__ import annotations

import glob
import os
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import run

LISTS = "/var/lib/apt/lists"
LISTS_MAX_AGE = 24 * 3600


def missing_packages(packages: list[str]) -> list[str]:
    printed = run(["sh", "-c", 'dpkg-query -W -f \'${Package} ${db:Status-Abbrev}\\n\' "$@" 2>/dev/null || true', "sh", *packages])
    installed = {line.split()[0] for line in printed.splitlines() if line.split()[1:2] == ["ii"]}
    return [name for name in dict.fromkeys(packages) if name not in installed]


def apt_install(packages: list[str]) -> None:
    """Installs Debian packages; waits for another apt as long as the role's own installation does.

    :raises CommandFailed: with apt's last lines.
    """
    # Ubuntu's needrestart would restart what is live, in the middle of a deploy.
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1"}
    apt = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300"]
    indexes = glob.glob(LISTS + "/*_Packages*")
    if not indexes or time.time() - max(map(os.path.getmtime, (LISTS, LISTS + "/partial"))) > LISTS_MAX_AGE:
        run([*apt, "update"], env=env)
    run([*apt, "install", "--no-install-recommends", *packages], env=env)
