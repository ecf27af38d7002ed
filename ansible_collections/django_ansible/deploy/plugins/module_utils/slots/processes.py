# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What an application runs beside its web part: long-running processes, and timers.

A process has a template unit for each slot, ``<app_name>-<process>-<slot>@.service``, with its release written into it: the old release's
processes go on as they are while the new one's start, and end the jobs they have. What runs is what is enabled. A timer has one pair of units and
starts whatever release is current.
"""
from __future__ import annotations

import copy
import os
import re

from ansible_collections.django_ansible.deploy.plugins.module_utils.django.environment import Environment
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile, Restorable
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import nightly, process_moves, process_units
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import SLOTS, Layout

# What runs as the first process where process ids are a unit's own; see templates/init.py.j2.
INIT = "/usr/bin/python3 -I -S"


def stands_in(entry: dict) -> str | None:
    """What to say of what starts here since the host does not answer that it belongs on."""
    name, host = entry["name"], entry.get("instead_of")
    return "%s runs on this host from now on, since %s does not answer. Where %s still runs it, or comes back, it runs twice until a deploy reaches both" % (name, host, host) if host else None


class Processes:
    """One host's processes and timers as they should be, and the way there."""

    def __init__(self, layout: Layout, params: dict) -> None:
        self.layout = layout
        self.params = params
        self.app_group = params["app_group"]
        self.templates = params["process_templates"]
        self.processes = {entry["name"]: entry for entry in params["processes"]}
        self.timers = {entry["name"]: entry for entry in params["timers"]}
        self.release = params["release"]
        self.owned = process_units.owned_units(layout.app_name)
        self.moves: dict = {**copy.deepcopy(process_moves.NO_MOVES), "settle": params["process_settle"]}
        self.warnings: list[str] = []

    # What should be there.

    def template(self, name: str, slot: str) -> str:
        return "%s-%s-%s@.service" % (self.layout.app_name, name, slot)

    def wanted(self, slot: str) -> dict:
        """The units that should run, by name: the process each is of."""
        return {
            self.template(name, slot).replace("@.", "@%d." % number): name
            for name, entry in self.processes.items()
            for number in range(1, entry["count"] + 1)
        }

    def environment_path(self, name: str, slot: str) -> str:
        return os.path.join(self.layout.etc, "%s.%s.env" % (slot, name))

    def filled(self, template: str, entry: dict, folder: str, **more: str) -> str:
        command = process_units.exec_start(entry["command"], folder, self.layout.shared)
        if entry.get("dumps"):
            command = " ".join(nightly.command(self.layout))
        elif systemd.gives_own_pids():
            command = "%s %s %s" % (INIT, os.path.join(self.layout.etc, "init.py"), command)
        places = {**{key: str(value) for key, value in entry.items()}, "release_dir": folder, "exec_start": command, "once": process_units.ONCE if entry["once"] else "", **more}
        return re.sub(r"@([a-z_]+)@", lambda found: places.get(found.group(1), found.group(0)), systemd.suited(self.templates[template]))

    def process_files(self, slot: str) -> list[tuple[str, ManagedFile]]:
        """The files of a slot's processes, each with the template unit that reads it."""
        files = []
        for name, entry in self.processes.items():
            unit = self.template(name, slot)
            text = self.filled("process", entry, self.layout.release_dir(self.release), slot=slot)
            files.append((unit, ManagedFile(os.path.join(process_units.UNITS, unit), text)))
            # Also without variables of its own, so that ones that were taken away are gone.
            values = Environment.parse(entry["environment"])
            path = self.environment_path(name, slot)
            if values.values or os.path.exists(path):
                files.append((unit, ManagedFile(path, values.env_file(), "0640", "root", self.app_group, secret=True)))
        return files

    def timer_files(self) -> list[tuple[str, ManagedFile]]:
        files = []
        for name, entry in self.timers.items():
            base = "%s-%s" % (self.layout.app_name, name)
            text = self.filled("dumps" if entry.get("dumps") else "job", entry, self.layout.current)
            schedule = "\n".join("OnCalendar=%s" % line for line in entry["schedule"])
            files.append((base + ".timer", ManagedFile(os.path.join(process_units.UNITS, base + ".service"), text)))
            files.append((base + ".timer", ManagedFile(os.path.join(process_units.UNITS, base + ".timer"), self.filled("timer", entry, self.layout.current, on_calendar=schedule))))
            if entry.get("dumps"):
                path = nightly.spec_path(self.layout)
                files.append((base + ".timer", ManagedFile(path, nightly.spec(self.params, entry), "0600", "root", "root", secret=True)))
                continue
            values = Environment.parse(entry["environment"])
            path = os.path.join(self.layout.etc, "timer.%s.env" % name)
            if values.values or os.path.exists(path):
                files.append((base + ".timer", ManagedFile(path, values.env_file(), "0640", "root", self.app_group, secret=True)))
        return files

    def gone_timers(self) -> list[str]:
        kept = {"%s-%s.timer" % (self.layout.app_name, name) for name in self.timers}
        return [unit for unit in self.owned if unit.endswith(".timer") and unit not in kept]

    # What is different.

    def different(self, slot: str) -> tuple[list, list]:
        """The files of processes and of timers that differ, each with the unit that has to start anew."""
        return (
            [(unit, file) for unit, file in self.process_files(slot) if file.differs()],
            [(unit, file) for unit, file in self.timer_files() if file.differs()],
        )

    def idle(self, units: list[str]) -> list[str]:
        return [unit for unit, found in systemd.show_each(units, "ActiveState").items() if found["ActiveState"] in ("inactive", "failed")]

    def idle_timers(self) -> list[str]:
        units = ["%s-%s.timer" % (self.layout.app_name, name) for name in self.timers]
        return sorted({*self.idle(units), *(unit for unit in units if not os.path.lexists(os.path.join(process_units.UNITS, "timers.target.wants", unit)))})

    def pending(self, slot: str) -> list[str]:
        """What a run would change, given the slot that is live afterwards."""
        if not (self.processes or self.timers or self.owned):
            return []
        enabled = process_units.enabled_instances(self.owned)
        wanted = self.wanted(slot)
        of_processes, of_timers = self.different(slot)
        return [
            *(file.path for _, file in of_processes + of_timers),
            *(unit for unit in wanted if unit not in enabled),
            *self.idle([unit for unit in wanted if unit in enabled]),
            *(unit for unit in enabled if unit not in wanted),
            *(unit for unit in self.idle_timers() if os.path.exists(os.path.join(process_units.UNITS, unit))),
            *self.gone_timers(),
        ]

    # The way there.

    def check(self) -> None:
        """Refuses, before anything is started, what systemd would not take."""
        for name, entry in self.timers.items():
            for line in entry["schedule"]:
                try:
                    run(["systemd-analyze", "calendar", line])
                except CommandFailed as error:
                    raise CommandFailed("the timer %s has the schedule %r, which systemd does not understand: %s" % (name, line, error)) from error
        ours = {os.path.basename(file.path) for _, file in [*self.process_files(SLOTS[0]), *self.process_files(SLOTS[1]), *self.timer_files()]}
        for unit in sorted(ours):
            if unit.endswith((".service", ".timer")) and os.path.exists(os.path.join(process_units.UNITS, unit)) and unit not in self.owned:
                raise CommandFailed("%s is a unit of somebody else: name the process or timer in another way" % unit)

    def hand_over(self, slot: str, restorable: Restorable) -> None:
        """Starts the release's processes, sees them stay up, and lets those of the release before end their jobs.

        A process that only one host runs is stopped before its successor starts. Where another host runs it, or has run it, it starts in
        :func:`process_moves.finish`, when the other host has stopped it.
        """
        if not (self.processes or self.timers or self.owned):
            return
        enabled = process_units.enabled_instances(self.owned)
        wanted = self.wanted(slot)
        of_processes, of_timers = self.different(slot)
        running = set(map(process_units.template_of, enabled))
        # Units of a slot that does not run do no harm, and while they end their jobs they must not vanish.
        restorable.keep(*(file.path for unit, file in of_processes + of_timers if unit in running or unit.endswith(".timer")))
        for _, file in of_processes + of_timers:
            file.write()
        if any(entry.get("dumps") for entry in self.timers.values()):
            nightly.leave_code()
        if of_processes or of_timers:
            systemd.systemctl("daemon-reload")
        changed = {unit for unit, _ in of_processes}
        leaving = [unit for unit in enabled if unit not in wanted]
        before = {process_units.process_of(self.layout.app_name, unit) for unit in leaving}
        arriving = [unit for unit in wanted if unit not in enabled]
        moves = self.moves
        alone_here = {unit: self.processes[name] for unit, name in wanted.items() if self.processes[name]["once"]}
        moves["later"] = [unit for unit in arriving if unit in alone_here and (wanted[unit] not in before or alone_here[unit].get("elsewhere"))]
        moves["timers"] = sorted({unit for unit, _ in of_timers} | set(self.idle_timers()))
        moves["gone"] = self.gone_timers()
        new_timers = [self.timers[name] for name in self.timers if "%s-%s.timer" % (self.layout.app_name, name) not in self.owned]
        self.warnings += filter(None, map(stands_in, [*(alone_here[unit] for unit in moves["later"]), *new_timers]))
        alone = [unit for unit in leaving if self.owned[process_units.template_of(unit)] or self.processes.get(process_units.process_of(self.layout.app_name, unit), {}).get("once")]
        process_moves.stop(alone, moves, restorable.noted)
        process_moves.start([unit for unit in arriving if unit not in moves["later"]], moves, restorable.noted)
        staying = [unit for unit in wanted if unit in enabled]
        idle = self.idle(staying)
        process_moves.restart([unit for unit in staying if process_units.template_of(unit) in changed or unit in idle], moves, restorable.noted)
        self.see_them_stay([*moves["started"], *moves["restarted"]])
        rest = [unit for unit in leaving if unit not in alone]
        replaced = [unit for unit in rest if process_units.process_of(self.layout.app_name, unit) in self.processes]
        process_moves.stop(replaced, moves, restorable.noted, wait=False)
        # What has no successor is waited for, so that its units can go.
        process_moves.stop([unit for unit in rest if unit not in replaced], moves, restorable.noted)

    def see_them_stay(self, units: list[str]) -> None:
        trouble = process_moves.first_that_ends(units, self.moves["settle"])
        if trouble:
            unit, log = trouble
            text = "%s does not stay up" % unit + ("\nIts last log lines:\n" + log if log else "")
            for entry in self.processes.values():
                text = Environment.parse(entry["environment"]).mask(text)
            raise CommandFailed(text)
