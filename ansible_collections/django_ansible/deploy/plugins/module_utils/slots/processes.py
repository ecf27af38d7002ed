# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What an application runs beside its web part: long-running processes, and timers.

A process has a template unit for each slot, ``<app_name>-<process>-<slot>@.service``, with its release written into it: the old release's
processes go on as they are while the new one's start, and end the jobs they have. What runs is what is enabled. A timer has one pair of units and
starts whatever release is current.
"""
from __future__ import annotations

import contextlib
import copy
import glob
import os
import re
import shlex
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.django.environment import Environment
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile, Restorable
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import SLOTS, Layout

UNITS = "/etc/systemd/system"
WANTED = os.path.join(UNITS, "multi-user.target.wants")
# Whose a unit is; systemd leaves names alone that begin with X-.
MARK = "X-DjangoApplication="
ONCE = "X-DjangoOnce=true"
LONGEST_STOP = 7200  # seconds; systemd itself ends a stop after the process's own patience

# What a run does with processes and timers, so that it can be undone and finished:
# units that were started, that were told to stop, that were restarted, and what only starts or ends once the whole fleet is through.
NO_MOVES: dict = {"started": [], "stopped": [], "restarted": [], "later": [], "timers": [], "gone": [], "settle": 0}


def exec_start(command: str, folder: str, shared: str) -> str:
    """A command as ExecStart= takes it. Programs are those of the virtual environment, ``*.py`` runs with its Python.

    :param folder: the release, or a link to it.
    :param shared: the folder in which the application may write, for ``{shared}``.
    """
    words = shlex.split(command)
    if words[0].endswith(".py"):
        words.insert(0, "python")
    if not words[0].startswith("/"):
        words[0] = os.path.join(folder, ".venv/bin", words[0])
    places = {"{number}": "%i", "{slot}": "%j", "{shared}": shared}
    return re.sub("|".join(map(re.escape, places)), lambda found: places[found.group(0)], " ".join(map(_quoted, words)))


def _quoted(word: str) -> str:
    for character, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("%", "%%"), ("$", "$$")):
        word = word.replace(character, escaped)
    return '"%s"' % word if re.search(r"[\s\"';\\]", word) or not word else word


def owned_units(app_name: str) -> dict:
    """The unit files of an application's processes and timers, by name: whether only one host of the fleet runs it."""
    found = {}
    for path in glob.glob(os.path.join(UNITS, app_name + "-*")):
        if path.endswith((".service", ".timer")) and not os.path.islink(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                lines = file.read().splitlines()
            if MARK + app_name in lines:
                found[os.path.basename(path)] = ONCE in lines
    return found


def template_of(unit: str) -> str:
    """The template of an instance: a-b@1.service is one of a-b@.service."""
    return re.sub(r"@\d+\.service$", "@.service", unit)


def enabled_instances(owned: dict) -> list[str]:
    names = sorted(os.listdir(WANTED)) if owned and os.path.isdir(WANTED) else []
    return [name for name in names if re.search(r"@\d+\.service$", name) and template_of(name) in owned]


def instances(app_name: str) -> list[str]:
    """The processes that run, and the timers, for people who ask for the status."""
    owned = owned_units(app_name)
    return enabled_instances(owned) + sorted(name for name in owned if name.endswith(".timer"))


@contextlib.contextmanager
def paused(layout: Layout):
    """Stops all that runs of the application, and has it go on afterwards. Requests wait meanwhile."""
    units = [layout.slot_service(slot) for slot in SLOTS] + [re.sub(r"@\.service$", "@*.service", unit) for unit in owned_units(layout.app_name)]

    def send(signal: str) -> None:
        # One by one: a unit that is not there would keep the signal from the others.
        for unit in units:
            run_quietly("kill", "--signal=" + signal, unit)

    try:
        # One signal reaches what is there; what was started just then, the next one does.
        for _ in range(3):
            send("STOP")
        yield
    finally:
        send("CONT")


class Processes:
    """One host's processes and timers as they should be, and the way there."""

    def __init__(self, layout: Layout, params: dict) -> None:
        self.layout = layout
        self.app_group = params["app_group"]
        self.templates = params["process_templates"]
        self.processes = {entry["name"]: entry for entry in params["processes"]}
        self.timers = {entry["name"]: entry for entry in params["timers"]}
        self.release = params["release"]
        self.owned = owned_units(layout.app_name)
        self.moves: dict = {**copy.deepcopy(NO_MOVES), "settle": params["process_settle"]}

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
        command = exec_start(entry["command"], folder, self.layout.shared)
        places = {**{key: str(value) for key, value in entry.items()}, "release_dir": folder, "exec_start": command, "once": ONCE if entry["once"] else "", **more}
        return re.sub(r"@([a-z_]+)@", lambda found: places.get(found.group(1), found.group(0)), self.templates[template])

    def process_files(self, slot: str) -> list[tuple[str, ManagedFile]]:
        """The files of a slot's processes, each with the template unit that reads it."""
        files = []
        for name, entry in self.processes.items():
            unit = self.template(name, slot)
            text = self.filled("process", entry, self.layout.release_dir(self.release), slot=slot)
            files.append((unit, ManagedFile(os.path.join(UNITS, unit), text)))
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
            text = self.filled("job", entry, self.layout.current)
            schedule = "\n".join("OnCalendar=%s" % line for line in entry["schedule"])
            files.append((base + ".timer", ManagedFile(os.path.join(UNITS, base + ".service"), text)))
            files.append((base + ".timer", ManagedFile(os.path.join(UNITS, base + ".timer"), self.filled("timer", entry, self.layout.current, on_calendar=schedule))))
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
        return sorted({*self.idle(units), *(unit for unit in units if not os.path.lexists(os.path.join(UNITS, "timers.target.wants", unit)))})

    def pending(self, slot: str) -> list[str]:
        """What a run would change, given the slot that is live afterwards."""
        if not (self.processes or self.timers or self.owned):
            return []
        enabled = enabled_instances(self.owned)
        wanted = self.wanted(slot)
        of_processes, of_timers = self.different(slot)
        return [
            *(file.path for _, file in of_processes + of_timers),
            *(unit for unit in wanted if unit not in enabled),
            *self.idle([unit for unit in wanted if unit in enabled]),
            *(unit for unit in enabled if unit not in wanted),
            *(unit for unit in self.idle_timers() if os.path.exists(os.path.join(UNITS, unit))),
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
            if unit.endswith((".service", ".timer")) and os.path.exists(os.path.join(UNITS, unit)) and unit not in self.owned:
                raise CommandFailed("%s is a unit of somebody else: name the process or timer in another way" % unit)

    def hand_over(self, slot: str, restorable: Restorable) -> None:
        """Starts the release's processes, sees them stay up, and lets those of the release before end their jobs.

        A process that only one host runs is stopped before its successor starts. Where it comes to this host from another one, it starts in
        :func:`finish`, when the other host has stopped it.
        """
        if not (self.processes or self.timers or self.owned):
            return
        enabled = enabled_instances(self.owned)
        wanted = self.wanted(slot)
        of_processes, of_timers = self.different(slot)
        running = set(map(template_of, enabled))
        for unit, file in of_processes + of_timers:
            # Units of a slot that does not run do no harm, and while they end their jobs they must not vanish.
            if unit in running or unit.endswith(".timer"):
                restorable.keep(file.path)
            file.write()
        if of_processes or of_timers:
            systemd.systemctl("daemon-reload")
        changed = {unit for unit, _ in of_processes}
        leaving = [unit for unit in enabled if unit not in wanted]
        before = {process_of(self.layout.app_name, unit) for unit in leaving}
        arriving = [unit for unit in wanted if unit not in enabled]
        moves = self.moves
        moves["later"] = [unit for unit in arriving if self.processes[wanted[unit]]["once"] and wanted[unit] not in before]
        moves["timers"] = sorted({unit for unit, _ in of_timers} | set(self.idle_timers()))
        moves["gone"] = self.gone_timers()
        alone = [unit for unit in leaving if self.owned[template_of(unit)] or self.processes.get(process_of(self.layout.app_name, unit), {}).get("once")]
        stop(alone, moves)
        start([unit for unit in arriving if unit not in moves["later"]], moves)
        staying = [unit for unit in wanted if unit in enabled]
        idle = self.idle(staying)
        restart([unit for unit in staying if template_of(unit) in changed or unit in idle], moves)
        self.see_them_stay([*moves["started"], *moves["restarted"]])
        rest = [unit for unit in leaving if unit not in alone]
        replaced = [unit for unit in rest if process_of(self.layout.app_name, unit) in self.processes]
        stop(replaced, moves, wait=False)
        # What has no successor is waited for, so that its units can go.
        stop([unit for unit in rest if unit not in replaced], moves)

    def see_them_stay(self, units: list[str]) -> None:
        trouble = first_that_ends(units, self.moves["settle"])
        if trouble:
            unit, log = trouble
            text = "%s does not stay up" % unit + ("\nIts last log lines:\n" + log if log else "")
            for entry in self.processes.values():
                text = Environment.parse(entry["environment"]).mask(text)
            raise CommandFailed(text)


def process_of(app_name: str, unit: str) -> str:
    """The process that an instance is of, without application, slot and number."""
    return unit[len(app_name) + 1 :].rpartition("@")[0].rpartition("-")[0]


def start(units: list[str], moves: dict) -> None:
    """Starts and enables units. One that still ends the jobs of an older release starts when it has."""
    if units:
        moves["started"] += units
        systemd.systemctl("enable", "--quiet", *units)
        run_quietly("reset-failed", *units)
        # One that does not start is found, with what it said, among those that do not stay up.
        run_quietly("start", *units)


def stop(units: list[str], moves: dict, wait: bool = True) -> None:
    if units:
        moves["stopped"] += units
        systemd.systemctl("disable", "--quiet", *units)
        systemd.systemctl("stop", *([] if wait else ["--no-block"]), *units, timeout=LONGEST_STOP)


def restart(units: list[str], moves: dict) -> None:
    if units:
        moves["restarted"] += units
        run_quietly("reset-failed", *units)
        run_quietly("restart", *units)


def first_that_ends(units: list[str], seconds: float) -> tuple[str, str] | None:
    """The first of some units that were just started that does not stay up for so long, with what it said."""
    since, deadline = time.time(), time.monotonic() + seconds
    while units:
        for unit, found in systemd.show_each(units, "ActiveState", "SubState", "NRestarts").items():
            if found["ActiveState"] in ("inactive", "failed") or "auto-restart" in found["SubState"] or found.get("NRestarts", "0") != "0":
                return unit, systemd.log_since(unit, since - 5)
        if time.monotonic() >= deadline:
            break
        time.sleep(0.5)
    return None


def go_back(app_name: str, moves: dict) -> None:
    """Undoes :meth:`Processes.hand_over`, after the files were put back."""
    owned = owned_units(app_name)
    if moves["restarted"] or moves["timers"]:
        run_quietly("daemon-reload")
    if moves["started"]:
        run_quietly("disable", "--quiet", *moves["started"])
        alone = [unit for unit in moves["started"] if owned.get(template_of(unit))]
        run_quietly("stop", "--no-block", *(unit for unit in moves["started"] if unit not in alone))
        run_quietly("stop", *alone)
    if moves["stopped"]:
        run_quietly("enable", "--quiet", *moves["stopped"])
        run_quietly("start", "--no-block", *moves["stopped"])
    if moves["restarted"]:
        run_quietly("restart", "--no-block", *moves["restarted"])


def ended(layout: Layout, moves: dict) -> tuple[list[str], set[str]]:
    """The files of processes that ended with the slot they belong to, and the releases of those that still end their jobs."""
    owned = owned_units(layout.app_name)
    in_use = set(map(template_of, [*enabled_instances(owned), *moves["later"]]))
    paths, releases = [], set()
    for unit in sorted(owned):
        if not unit.endswith("@.service") or unit in in_use:
            continue
        path = os.path.join(UNITS, unit)
        if systemd.any_active(unit.replace("@.", "@*.")):
            with open(path, encoding="utf-8") as file:
                releases.update(re.findall(r"^WorkingDirectory=.*/releases/([^/\n]+)", file.read(), re.MULTILINE))
            continue
        name, _, slot = unit[len(layout.app_name) + 1 : -len("@.service")].rpartition("-")
        paths += filter(os.path.exists, (path, os.path.join(layout.etc, "%s.%s.env" % (slot, name))))
    return paths, releases


def finish(moves: dict, paths: list[str]) -> None:
    """Starts what had to wait for the whole fleet, and removes timers that are no longer wanted, and *paths*.

    :raises CommandFailed: when a process does not stay up.
    """
    if moves["gone"]:
        systemd.systemctl("disable", "--now", "--quiet", *moves["gone"])
    for timer in moves["gone"]:
        paths = [*paths, *(os.path.join(UNITS, unit) for unit in (timer, timer.replace(".timer", ".service")))]
    if moves["timers"]:
        systemd.systemctl("enable", "--quiet", *moves["timers"])
        systemd.systemctl("restart", *moves["timers"])
    start(moves["later"], {"started": []})
    trouble = first_that_ends(moves["later"], moves["settle"])
    if trouble:
        raise CommandFailed("%s does not stay up\nIts last log lines:\n%s" % trouble)
    for path in paths:
        os.unlink(path)
    if paths:
        systemd.systemctl("daemon-reload")


def run_quietly(verb: str, *arguments: str) -> None:
    if verb == "daemon-reload" or any(not argument.startswith("-") for argument in arguments):
        try:
            systemd.systemctl(verb, *arguments, timeout=LONGEST_STOP)
        except CommandFailed:
            pass
