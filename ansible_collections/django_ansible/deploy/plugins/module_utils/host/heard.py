# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Where a host hears of the run that deploys to it, for both sides; what listens there is loaded where it is started alone (:mod:`.hearing`)."""
from __future__ import annotations

import os

# Not below the lock's folder, which is closed to the user that the runner connects as.
FOLDER = "/run/django-ansible-deploy-heard"

HEART_ARGUMENTS = {
    "heart": {"type": "str", "default": "", "no_log": True},
    "may_fail": {"type": "int", "default": 0},
    "notify": {"type": "str", "default": "", "no_log": True},
    "unheard": {"type": "bool", "default": False},
}


class Unheard(Exception):
    """No heartbeat has come yet. The runner may be dead, or have no way to send one: when it says so itself, the run goes on without."""


def socket_path(token: str, folder: str = FOLDER) -> str:
    return os.path.join(folder, token, "socket")
