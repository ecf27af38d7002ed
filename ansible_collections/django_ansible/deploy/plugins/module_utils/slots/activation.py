# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The switch: a release starts in the free slot, is probed, gets the requests, and all is put back when it does not answer."""
from __future__ import annotations

import os
import time
from collections.abc import Callable

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import elsewhere, systemd, undo
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.evidence import UNDECIDED
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import Restorable, ensure_directory, replace_link
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.processor_waits import Waits
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.watch import COMMAND_SECONDS
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import bake, commands, early_start, last_environment, replacing, static
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.environment import application_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.front import Front
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.going_back import go_back
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.slot_start import SlotStart
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.wanted import Wanted


class Activation:
    """One host's way from what serves now to the wanted release, and back when it does not answer."""

    def __init__(self, wanted: Wanted, served: Callable[[], frozenset[str]] | None = None) -> None:
        """:param served: answers as :func:`static.served_already` does, of what was read already."""
        self.wanted = wanted
        self.served = served or (lambda: static.served_already(wanted.facts, wanted.layout))
        self.layout = wanted.layout
        begun = self.take_over()
        self.restorable = begun["restorable"] if begun else Restorable()
        self.start = SlotStart(wanted, self.restorable, is_begun=begun is not None, meanwhile=self.look_at_static_files)
        self.front = Front(wanted, self.restorable)
        self.told: list[str] = []
        self.warnings: list[str] = []
        self.started = time.time()
        self.log_from = begun["since"] if begun else self.started
        self.earlier = undo.content(self.layout.app_name)
        self.is_starting = self.slot != wanted.live
        # Before the release is noted as live here.
        self.activated = self.layout.read_release(wanted.release).get("activated")
        self.replaced: list[str] = []
        self.static_files: frozenset[str] = frozenset()

    def look_at_static_files(self) -> None:
        """Reading all of them would take its time between the first healthy answer and the switch."""
        self.static_files = self.served()

    def take_over(self) -> dict | None:
        """What an earlier step of this run has begun of this."""
        wanted, layout = self.wanted, self.layout
        begun = early_start.recall(layout, wanted.params["run_id"])
        return begun if begun and (begun["slot"], begun["release"]) == (wanted.slot, wanted.release) else None

    @property
    def slot(self) -> str:
        """The slot that the release is in, or comes up in."""
        return self.start.slot

    def run(self, pending: list[str]) -> None:
        """Does what is pending. What was there before can be put back until the deploy is finished."""
        wanted, processes = self.wanted, self.wanted.processes
        starting = self.is_starting
        link = self.layout.socket_link
        self.replaced = systemd.listeners(link) if os.path.exists(link) and not os.path.islink(link) else []
        try:
            processes.check()
            if not self.start.is_begun:
                early_start.end(self.layout, wanted.params["run_id"])
                early_start.discard(self.layout)  # Of a run that nobody ended.
            if starting:
                self.start.try_out() if wanted.one_at_a_time else self.start.start()
                self.warnings += static.merge(wanted.facts, self.layout, self.static_files).warnings
            # From here on, whatever ends this step in the middle, this host goes back. As it watches, the step may take long.
            self.restorable.noted = self.remember
            nginx_changed = self.front.apply()
            if wanted.one_at_a_time:
                self.start.restart()
            if wanted.web:
                self.start.enable()
            log, waits = bake.Log(self.layout.access_log), Waits(self.web_service if wanted.params["bake"] else "")
            self.switch()
            if wanted.web:
                self.front.reload(nginx_changed)
                self.front.check()
                self.warnings += self.front.closed_ports()
            processes.hand_over(self.slot, self.restorable)
            self.warnings += processes.warnings
            if starting and wanted.params["bake"]:
                self.bake(log, waits)
            # Inside as well: a disk that is full only shows here, and a release that nobody wrote down must not stay.
            self.note()
            early_start.forget(self.layout)
            self.remember(pending)
        except Exception as error:
            raise CommandFailed(self.give_up(str(error), starting)) from error

    def remember(self, done: list[str] | None = None) -> None:
        """:param done: what this step did, once it is through."""
        wanted = self.wanted
        undo.remember(
            self.layout.app_name, self.restorable, run=wanted.params["run_id"], slot=self.slot if self.is_starting else None, release=wanted.release,
            previous_slot=wanted.live, previous_release=wanted.previous_release, nginx=wanted.touches_nginx, replaced=self.replaced, done=done,
            activated=self.activated, processes=wanted.processes.moves,
        )

    @property
    def web_service(self) -> str:
        """Of the slot; empty where the host has no web part."""
        return self.layout.slot_service(self.slot) if self.wanted.web else ""

    def bake(self, log: bake.Log, waits: Waits) -> None:
        """Watches the release while visitors ask it."""
        params, moves, release = self.wanted.params, self.wanted.processes.moves, self.wanted.release
        processes = [*moves["started"], *moves["restarted"]]
        lock, application = lock_of(params, check_mode=False), application_of(params, self.layout, release)
        verdict, said = bake.Bake(
            log, waits, release, self.web_service, processes, params, lock.is_asked_to_stop, lambda seconds: elsewhere.ask(lock.keeper(), seconds, release),
            lambda command: commands.trouble_of(application, self.layout, command, COMMAND_SECONDS),
            bake.tells_of_before(self.layout, release, self.wanted.previous_release),
        ).watch()
        self.told.append(said)
        if verdict == UNDECIDED:
            self.warnings.append(said)

    def switch(self) -> None:
        """The switch itself is the rename of the socket link; the rest makes it last."""
        layout, links, web = self.layout, self.wanted.links(self.slot), [self.wanted.tmpfiles(self.slot)] if self.wanted.web else []
        plain = [*(file for kind, file in self.wanted.different if kind == "plain"), *web]
        # At once. A folder in the place of a link is kept when it is moved aside.
        links_kept = [path for path in links if os.path.islink(path) or not os.path.isdir(path)]
        self.restorable.keep(*(file.path for file in plain), *([layout.socket_link] if web else []), *links_kept)
        for file in plain:
            replacing.write(self.restorable, file)
        if web:
            ensure_directory(os.path.dirname(layout.socket_link))
            replace_link(layout.slot_socket(self.slot), layout.socket_link)
        for path, target in links.items():
            replacing.link(self.restorable, target, path, self.wanted.release)

    def note(self) -> None:
        layout, wanted = self.layout, self.wanted
        layout.mark_release(wanted.release, activated=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), bad=None)
        # Put back with the rest: a release that goes back to its earlier environment last ran with that.
        ran_with = last_environment.completed(wanted.params, layout, wanted.release)
        replacing.write(self.restorable, last_environment.file(layout, wanted.release, ran_with))
        layout.claim_layout()
        layout.record(
            release=wanted.release, revision=layout.read_release(wanted.release).get("revision"), previous=wanted.previous_release, result="succeeded",
            slot=self.slot, run=wanted.params["run_id"], actor=wanted.params["actor"], seconds=round(time.time() - self.started, 1),
        )

    def give_up(self, cause: str, starting: bool) -> str:
        """Puts everything back and tells why, with the application's last words."""
        wanted = self.wanted
        log = systemd.log_since(self.layout.slot_service(self.slot), self.log_from) if starting else ""
        early_start.forget(self.layout)
        self.restorable.noted = lambda: None
        go_back(
            self.layout, self.restorable, slot=self.slot if starting else None, previous_slot=wanted.live,
            previous_release=wanted.previous_release, nginx=wanted.touches_nginx, moves=wanted.processes.moves,
        )
        undo.put_back(self.layout.app_name, self.earlier)
        serving = "the old release %s is still live" % wanted.previous_release if wanted.previous_release else "nothing was served before, and nothing is"
        parts = ["release %s was not activated, %s: %s" % (wanted.release, serving, cause)]
        if log:
            parts.append("Last log lines:\n" + log)
        return wanted.slot_environment(self.slot).mask("\n".join(parts))
