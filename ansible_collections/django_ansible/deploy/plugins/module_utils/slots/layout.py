# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Where an application lives on a host, and what its links say is running."""
from __future__ import annotations

import os
from collections.abc import Iterator

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import pythons
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import read_link
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.releases import Releases, is_name, listed

SLOTS = ("blue", "green")


class Layout(Releases):
    """The folders, links and unit names of one application on one host."""

    def __init__(self, app_name: str, app_dir: str, socket_link: str) -> None:
        super().__init__(app_dir)
        self.app_name = app_name
        self.app_dir = app_dir
        self.socket_link = socket_link
        self.venvs = os.path.join(app_dir, "venvs")
        self.shared = os.path.join(app_dir, "shared")
        self.media = os.path.join(self.shared, "media")
        self.static = os.path.join(app_dir, "static")
        # Where releases and virtual environments are while they are made, and static files before they are served.
        self.building = os.path.join(app_dir, "building")
        self.collected = os.path.join(app_dir, "collected")
        self.tools = os.path.join(app_dir, "tools")
        self.slots = os.path.join(app_dir, "slots")
        self.current = os.path.join(app_dir, "current")
        self.etc = os.path.join("/etc", app_name)
        # What releases were prepared for, see slots/prepared.py.
        self.prepared = os.path.join(self.etc, "prepared")
        # Closes the site while it is there; beside it, who gets through.
        self.maintenance = os.path.join(self.etc, "maintenance")
        self.let_through = os.path.join(self.etc, "maintenance.d")
        # Has load balancers go elsewhere while it is there.
        self.draining = os.path.join(self.etc, "draining")
        self.run = os.path.join("/run", app_name)
        self.access_log = "/var/log/nginx/%s.access.log" % app_name

    def records(self) -> Iterator[str]:
        yield from super().records()
        yield from (os.path.join(self.prepared, name) for name in listed(self.prepared) if name.endswith(".json"))

    def venv(self, release: str) -> str:
        """The virtual environment of a release."""
        return os.path.join(self.release_dir(release), ".venv")

    def starts(self, release: str) -> bool:
        """Whether a release could start now: an upgrade of Debian takes away the Python that it was made with."""
        return pythons.starts(self.venv(release))

    def startable(self, release: str) -> str:
        """Folder of a release whose code is about to be run.

        :raises CommandFailed: when its Python is gone.
        """
        if not self.starts(release):
            raise CommandFailed("release %s cannot start any more, since the Python that it was made with is not on this host: deploy, which makes it anew" % release)
        return self.release_dir(release)

    def slot_link(self, slot: str) -> str:
        return os.path.join(self.slots, slot)

    def slot_env(self, slot: str) -> str:
        return os.path.join(self.etc, slot + ".env")

    def slot_settings(self, slot: str) -> str:
        """The folder of the settings module that completes the project's."""
        return os.path.join(self.etc, slot + ".settings")

    def slot_credentials(self, slot: str) -> str:
        return os.path.join(self.etc, slot + ".credentials")

    def slot_socket(self, slot: str) -> str:
        return os.path.join(self.run, slot + ".sock")

    def slot_service(self, slot: str) -> str:
        return "%s@%s.service" % (self.app_name, slot)

    def slot_units(self, slot: str) -> list[str]:
        """The units of a slot, in the order in which they start."""
        return ["%s@%s.socket" % (self.app_name, slot), self.slot_service(slot)]

    def live_slot(self) -> str | None:
        """The slot that gets the requests: the socket link says so; before the first boot's tmpfiles, `current` does."""
        for link, suffix in ((self.socket_link, ".sock"), (self.current, "")):
            target = read_link(link)
            if target:
                name = os.path.basename(target)
                if name.endswith(suffix) and name[: len(name) - len(suffix)] in SLOTS:
                    return name[: len(name) - len(suffix)]
        return None

    def free_slot(self) -> str:
        """The slot that a new release starts in."""
        return SLOTS[1] if self.live_slot() == SLOTS[0] else SLOTS[0]

    def slot_release(self, slot: str | None) -> str | None:
        target = read_link(self.slot_link(slot)) if slot else None
        name = os.path.basename(target) if target else None
        return name if is_name(name) else None

    def live_release(self) -> str | None:
        return self.slot_release(self.live_slot())

    def kept_releases(self, count: int) -> set[str]:
        """The newest *count* releases that have served and are not marked bad, and those that a slot points at: the live one, and the one to go back to.

        A release that never served, whatever its deploy failed at, pushes none of them out.
        """
        good = [found["release"] for found in self.list_releases() if found.get("activated") and not found.get("bad")]
        return {*good[-max(count, 1) :], *filter(None, map(self.slot_release, SLOTS))}
