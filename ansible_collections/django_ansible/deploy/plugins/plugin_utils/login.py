# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Has ssh log in to a host while Ansible still works out what to ask there: the first module finds the connection that all later ones share.

The login belongs to the process that lets hosts hear of the run (heart_process.py), and ends with Ansible. One that comes to nothing says nothing: the
module makes a connection of its own then, and tells what is wrong.
"""
from __future__ import annotations

import hashlib
import json
import os
import time

from ansible_collections.django_ansible.deploy.plugins.plugin_utils import heart

LONGEST = 6.0  # seconds that a module waits for a login that has begun; one takes nine round trips


def prepare(action) -> None:
    """Starts the process that is going to log in, which takes as long as variables are looked at. No host hears of it."""
    if action._connection.transport == "ssh":
        heart.begin(os.path.dirname(heart.place("only")), os.getppid())


def begin(action) -> None:
    """Begins to log in to the host of an action plugin."""
    connection = action._connection
    if connection.transport != "ssh" or connection.get_option("password"):
        return
    argv = heart.ssh_command(connection, "true")
    control_path = heart.control_path(argv or [])
    if control_path and not os.path.exists(control_path):
        heart.put(_order(control_path), json.dumps(argv))


def wait(action) -> None:
    """Waits for a login that has begun, so that there is one connection and not two."""
    if action._connection.transport != "ssh":
        return
    control_path = heart.control_path(heart.ssh_command(action._connection, "true") or [])
    place, deadline = heart.place(_order(control_path)), time.monotonic() + LONGEST
    while os.path.exists(place) and not os.path.exists(control_path) and time.monotonic() < deadline:
        time.sleep(0.01)


def _order(control_path: str) -> str:
    return hashlib.sha256(control_path.encode()).hexdigest()[:16] + ".login"
