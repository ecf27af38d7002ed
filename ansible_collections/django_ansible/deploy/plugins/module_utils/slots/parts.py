# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""A part of an application leaves a host: a process, a timer, or the slot that is not live."""
from __future__ import annotations

import os
import re

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import left, process_units
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import SLOTS, Layout


class Part:
    """What of a part is on this host.

    :param name: of a process or timer, C(blue) or C(green).
    :raises CommandFailed: when it is the live slot, or nothing has this name.
    """

    def __init__(self, layout: Layout, name: str) -> None:
        self.layout, self.name = layout, name
        self.told: list[str] = []
        if name in SLOTS and name == layout.live_slot():
            raise CommandFailed("%s is live: deploy or roll back first, so that the other slot is, or remove the application" % name)
        if name not in SLOTS:
            self._refuse_unknown()

    def _refuse_unknown(self) -> None:
        app_name = self.layout.app_name
        known = sorted({part_of(app_name, unit) for unit in process_units.owned_units(app_name)})
        if self.layout.list_releases() and self.name not in known:
            raise CommandFailed("%s has no part %s on this host: use blue, green%s" % (app_name, self.name, "".join(", " + one for one in known)))

    def units(self) -> list[str]:
        """Unit files that go; those of a slot belong to the live one, too."""
        app_name = self.layout.app_name
        return sorted(unit for unit in process_units.owned_units(app_name) if part_of(app_name, unit) == self.name)

    def files(self) -> list[str]:
        """Files and folders of root's, besides units."""
        layout, name = self.layout, self.name
        if name in SLOTS:
            paths = [layout.slot_link(name), layout.slot_env(name), layout.slot_settings(name), layout.slot_credentials(name)]
        else:
            # A name is nothing but a name where no unit has it.
            paths = [os.path.join(layout.etc, "%s.%s.env" % (slot, name)) for slot in SLOTS] if self.units() else []
            paths += [process_units.DUMPS_SPEC % layout.app_name] if name == process_units.DUMPS else []
        return [path for path in paths if os.path.lexists(path)]

    def is_there(self) -> list[str]:
        """What would go, for people."""
        running = self.layout.slot_units(self.name) if self.name in SLOTS and self.files() else []
        return [*running, *self.units(), *self.files()]

    def leave(self) -> None:
        """What runs gets the time to end that a deploy would give it.

        :raises CommandFailed: when a unit does not end.
        """
        units = self.units()
        if self.name in SLOTS:
            running = list(reversed(self.layout.slot_units(self.name)))
        else:
            running = [unit.replace("@.", "@*.") for unit in sorted(units, key=lambda unit: not unit.endswith(".timer"))]
        enabled = [*self.enabled(units), *(unit for unit in running if self.name in SLOTS or unit.endswith(".timer"))]
        for unit in enabled:
            if systemd.is_enabled(unit):
                systemd.disable(unit)
        for unit in running:
            systemd.systemctl("stop", unit, timeout=systemd.LONGEST_STOP)
        systemd.quietly("reset-failed", *running)
        gone = [*(os.path.join(process_units.UNITS, unit) for unit in units), *self.files()]
        for path in gone:
            with Tree(os.path.dirname(path)) as folder:
                folder.remove(os.path.basename(path))
        systemd.systemctl("daemon-reload")
        left.forget(self.layout, gone)
        if self.name in SLOTS:
            self.told.append("a rollback starts the older release anew")
        else:
            self.told.append("the next deploy brings %s back, unless it is taken out of the variables before" % self.name)

    def enabled(self, units: list[str]) -> list[str]:
        return process_units.enabled_instances({unit: False for unit in units})


def part_of(app_name: str, unit: str) -> str:
    """The process or timer that a unit file is of."""
    name = unit[len(app_name) + 1 :].rpartition(".")[0]
    return re.sub(r"-(%s)@$" % "|".join(SLOTS), "", name)
