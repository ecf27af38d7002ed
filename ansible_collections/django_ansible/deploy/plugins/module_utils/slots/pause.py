# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Keeping all that runs of an application still for a moment, so that it cannot interfere with what root does.

Whoever keeps it still may be killed meanwhile. So a unit of systemd waits beside it for a lock of the kernel's, which ends with the process that has it, and
has the application go on then.
"""
from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shlex
import uuid

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import lock, systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import run
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import process_units
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import SLOTS, Layout


def go_on(path: str, units: list[str]) -> list[str]:
    """The command that has *units* go on once nobody has the lock of the file *path*, which it removes."""
    steps = [["flock", path, "rm", "-f", path], *(["systemctl", "kill", "--signal=CONT", unit] for unit in units)]
    return ["/bin/sh", "-c", "; ".join(shlex.join(step) for step in steps)]


@contextlib.contextmanager
def paused(layout: Layout):
    """Stops all that runs of the application, and has it go on afterwards, also when this process is killed. Requests wait meanwhile.

    :raises CommandFailed: when nothing could have it go on then; nothing was stopped.
    """
    owned = [unit for unit in process_units.owned_units(layout.app_name) if unit != "%s-%s.service" % (layout.app_name, process_units.DUMPS)]
    units = [layout.slot_service(slot) for slot in SLOTS] + [re.sub(r"@\.service$", "@*.service", unit) for unit in owned]

    def send(signal: str) -> None:
        # One by one: a unit that is not there would keep the signal from the others.
        for unit in units:
            systemd.quietly("kill", "--signal=" + signal, unit)

    with going_on(layout.app_name, units):
        try:
            # One signal reaches what is there; what was started just then, the next one does.
            for _ in range(3):
                send("STOP")
            yield
        finally:
            send("CONT")


@contextlib.contextmanager
def going_on(app_name: str, units: list[str]):
    """Has *units* go on when this process ends before it leaves this."""
    mark = uuid.uuid4().hex[:8]
    path, guard = os.path.join(lock.FOLDER, "%s.paused-%s" % (app_name, mark)), "django-ansible-deploy-%s-paused-%s.service" % (app_name, mark)
    os.makedirs(lock.FOLDER, mode=0o700, exist_ok=True)
    with open(path, "x", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            run(systemd.transient(["--unit=" + guard, "--description=Pause of %s" % app_name], go_on(path, units)), timeout=30)
            yield
        finally:
            systemd.quietly("stop", guard)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
