# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Keeping all that runs of an application still for a moment, so that it cannot interfere with what root does."""
from __future__ import annotations

import contextlib
import re

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import process_units
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import SLOTS, Layout


@contextlib.contextmanager
def paused(layout: Layout):
    """Stops all that runs of the application, and has it go on afterwards. Requests wait meanwhile."""
    owned = [unit for unit in process_units.owned_units(layout.app_name) if unit != "%s-%s.service" % (layout.app_name, process_units.DUMPS)]
    units = [layout.slot_service(slot) for slot in SLOTS] + [re.sub(r"@\.service$", "@*.service", unit) for unit in owned]

    def send(signal: str) -> None:
        # One by one: a unit that is not there would keep the signal from the others.
        for unit in units:
            systemd.quietly("kill", "--signal=" + signal, unit)

    try:
        # One signal reaches what is there; what was started just then, the next one does.
        for _ in range(3):
            send("STOP")
        yield
    finally:
        send("CONT")
