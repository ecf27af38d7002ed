# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""One host goes back to what it served before."""
from __future__ import annotations

import contextlib

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import Restorable
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Unsafe
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import prepared, process_moves, static
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


def go_back(
    layout: Layout, restorable: Restorable, *, slot: str | None, previous_slot: str | None, previous_release: str | None, nginx: bool, moves: dict
) -> None:
    """Puts files and links back, the socket link among the first, and stops the slot that was started.

    :param slot: the slot that was started, if one was; the same as *previous_slot* when that went over to another release.
    :param previous_slot: the slot that served before, if one did. After a boot it has to start again.
    :param nginx: whether nginx may have read files that were put back.
    :param moves: what was done with processes.
    """
    if previous_slot and not systemd.is_active(layout.slot_service(previous_slot)):
        systemd.quietly("start", *layout.slot_units(previous_slot))
    restorable.restore()
    process_moves.go_back(layout.app_name, moves)
    if previous_release:
        with contextlib.suppress(Unsafe):  # What the application did to its files must not keep the host from what served before.
            static.merge(prepared.read(layout, previous_release), layout)
    if slot:
        units = layout.slot_units(slot)
        systemd.quietly("daemon-reload")
        if slot == previous_slot:
            # Its socket stays open: the requests that wait there are answered by what served before.
            systemd.systemctl("restart", layout.slot_service(slot), timeout=600)
        else:
            systemd.quietly("disable", "--quiet", *units)
            systemd.quietly("stop", "--no-block", *reversed(units))
    if nginx and systemd.is_active("nginx.service"):
        systemd.quietly("reload", "nginx.service")
