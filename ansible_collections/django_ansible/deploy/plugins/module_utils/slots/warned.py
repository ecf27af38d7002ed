# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Warnings in the order in which they are worth reading: people look at the first few."""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import prepared
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


def of_live(layout: Layout) -> list[str] | None:
    """What was warned of when the live release was prepared; None when there is none, or a version before made it."""
    release = layout.live_release()
    known = prepared.read(layout, release).get("warnings") if release else None
    return known if isinstance(known, list) else None


def new_first(warnings: list[str], known: list[str] | None) -> list[str]:
    """Those that the live release did not have come first, and say so."""
    if known is None:
        return warnings
    return ["new: " + warning for warning in warnings if warning not in known] + [warning for warning in warnings if warning in known]
