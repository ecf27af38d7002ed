# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""A release comes up in a slot: links, environment, units, and the wait until it is healthy on its own socket."""
from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile, Restorable, ensure_directory, replace_link
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.giving_up import RunEnded
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.probe import wait_until_healthy
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import pointing, replacing
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.wanted import Wanted


class SlotStart:
    """The way of a release up in a slot. Whatever was there before is kept for the way back."""

    def __init__(self, wanted: Wanted, restorable: Restorable, is_begun: bool = False, meanwhile: Callable[[], None] = lambda: None) -> None:
        """
        :param is_begun: whether an earlier step of this run has begun to start it.
        :param meanwhile: called while the release comes up.
        """
        self.wanted = wanted
        self.layout = wanted.layout
        self.restorable = restorable
        self.is_begun = is_begun
        self.slot = wanted.slot
        self.meanwhile = meanwhile

    def start(self) -> None:
        """Brings the release up in the free slot and waits until it answers on its own socket."""
        if not self.wanted.web:
            self.point()
            return
        standing = None if self.is_begun else self.wanted.stands_by()
        if standing:
            # It may have been restarted in its time as the live slot; that says nothing of now.
            if systemd.has_failed(standing):
                systemd.quietly("reset-failed", self.layout.slot_service(self.slot))
        else:
            is_on_its_way = self.is_begun and self.wanted.is_set_up() and not systemd.has_given_up(self.layout.slot_service(self.slot))
            self.start_begun() if is_on_its_way else self.start_units()
        self.meanwhile()
        self.wait()

    def wait(self) -> None:
        layout = self.layout
        service = layout.slot_service(self.slot)
        with self.waiting():
            trouble = wait_until_healthy(
                lambda left: self.wanted.probe.over_socket(layout.slot_socket(self.slot), left),
                lambda: systemd.has_given_up(service),
                self.wanted.params["health_timeout"],
            )
        if trouble:
            raise CommandFailed("%s is not healthy at %s: %s" % (service, self.wanted.params["health_path"], trouble))

    @contextlib.contextmanager
    def waiting(self):
        """Around a wait that changes no file: it fails when the run has ended."""
        try:
            with lock_of(self.wanted.params, check_mode=False).while_run_lives():
                yield
        except RunEnded as error:
            raise CommandFailed(str(error)) from error

    def try_out(self) -> None:
        """Lets the release answer once with a single worker beside what serves, so that the switch is not where it fails."""
        trial = ManagedFile(os.path.join(self.layout.run, "trial"), "")
        ensure_directory(self.layout.run)
        trial.write()
        try:
            self.start()
            systemd.systemctl("stop", *reversed(self.layout.slot_units(self.slot)), timeout=600)
        finally:
            os.unlink(trial.path)

    def start_units(self) -> None:
        """Points the free slot at the release and has systemd start it."""
        layout = self.layout
        units = layout.slot_units(self.slot)
        if any(map(systemd.is_active, units)):
            systemd.systemctl("stop", *reversed(units), timeout=600)
        self.point()
        for kind, file in self.wanted.different:
            if kind in ("unit", "gunicorn"):
                replacing.write(self.restorable, file)
        if self.wanted.differs_in("unit"):
            systemd.systemctl("daemon-reload")
        # An earlier failure must neither count as one of this start nor use up systemd's limit of starts.
        systemd.quietly("reset-failed", *units)
        self.start_begun()

    def start_begun(self) -> None:
        """Waits until systemd has started the units."""
        units = self.layout.slot_units(self.slot)
        try:
            with self.waiting():
                systemd.systemctl("start", *units, timeout=self.wanted.params["health_timeout"] + 30)
        except CommandFailed as error:
            raise CommandFailed("%s does not start" % units[1]) from error

    def point(self) -> None:
        """Points the free slot at the release and gives it the environment."""
        pointing.point(self.wanted.params, self.layout, self.wanted.release, self.slot, self.restorable)

    def restart(self) -> None:
        """Has the live slot go over to the release that was tried in the other one. Its socket stays open, and requests wait there."""
        layout = self.layout
        tried, self.slot = self.slot, self.wanted.live
        replace_link(os.path.join("..", "releases", self.wanted.previous_release), layout.slot_link(tried))
        self.restorable.keep(layout.slot_link(self.slot))
        replace_link(os.path.join("..", "releases", self.wanted.release), layout.slot_link(self.slot))
        pointing.write(self.wanted.params, layout, self.wanted.release, self.slot, self.restorable)
        with self.waiting():
            systemd.systemctl("restart", layout.slot_service(self.slot), timeout=600)
        self.wait()

    def enable(self) -> None:
        """Makes the slot start at boot. Before the switch, so that a host that goes down at any moment comes back with what it serves."""
        systemd.enable(*self.layout.slot_units(self.slot))
