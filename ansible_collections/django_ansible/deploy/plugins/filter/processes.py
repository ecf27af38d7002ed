# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = """
name: processes
short_description: The processes or timers of an application that a host runs
description:
  - Chooses from O(_input) what is for a host, and gives each entry all its keys.
  - C(broken_processes) with the same arguments returns what is wrong with them instead, in the form of C(broken_rules).
  - C(once_hosts) returns the host of each entry that one host of the fleet runs, by name. C(stand_ins) returns those whose host does not answer, as a list of
    C(name), C(host) and C(stands_in), the next of its hosts.
options:
  _input:
    description: Processes or timers by name, as C(django_app_processes) and C(django_app_timers) have them.
    type: dict
    required: true
  host:
    description: Inventory name of the host.
    type: str
    required: true
  fleet:
    description: The application's hosts, in the order of the inventory.
    type: list
    elements: str
    required: true
  groups:
    description: Hosts by group, Ansible's C(groups).
    type: dict
    required: true
  kind:
    description: What they are.
    type: str
    choices: [process, timer]
    default: process
  dead:
    description: Hosts that do not answer. What one host runs is on the next one of its hosts.
    type: list
    elements: str
    default: []
  elsewhere:
    description: What other hosts run that only one may run, by name. It starts here when they have stopped it.
    type: list
    elements: str
    default: []
"""

EXAMPLES = """
- name: Choose
  ansible.builtin.set_fact:
    here: "{{ django_app_processes | django_ansible.deploy.processes(inventory_hostname, ansible_play_hosts_all, groups) }}"
"""

RETURN = """
_value:
  description: Entries as M(django_ansible.deploy.app_activate) takes them, sorted by name.
  type: list
  elements: dict
"""

import json
import re
import shlex
from collections.abc import Mapping

from ansible.errors import AnsibleFilterError

KEYS = {
    "process": {"command": "", "hosts": [], "env": {}, "count": 1, "once": False, "stop_signal": "SIGTERM", "patience": 60},
    "timer": {"command": "", "hosts": [], "env": {}, "schedule": [], "timeout": 0},
}
SHELL = re.compile(r"\A(\||\|\||&&?|;|[0-9]?>>?|<|\$\(.*)\Z")


def strings(value):
    return [str(entry) for entry in (value if isinstance(value, (list, tuple)) else [value])]


def hosts_of(entry, fleet, groups):
    """The hosts of the fleet that an entry is for: those it names, else the group `workers`, else all."""
    named = strings(entry.get("hosts") or [])
    if not named:
        named = ["workers"] if set(groups.get("workers", [])) & set(fleet) else list(fleet)
    chosen = {host for name in named for host in groups.get(name, [name])}
    return [host for host in fleet if host in chosen]


def is_once(entry, kind):
    return kind == "timer" or bool(entry.get("once"))


def once_hosts(entries, fleet, groups, kind="process", dead=()):
    """The host of each entry that one host of the fleet runs, by name; none for an entry whose hosts are all dead, or that is not ready to run."""
    found = {}
    for name, entry in entries.items():
        if isinstance(entry, Mapping) and is_once(entry, kind):
            found.update((name, host) for host in [host for host in hosts_of(entry, list(fleet), groups) if host not in dead][:1])
    return found


def stand_ins(entries, fleet, groups, dead, kind="process"):
    """What runs on another host than it belongs on, since that one is dead."""
    now = once_hosts(entries, fleet, groups, kind, dead)
    return [{"name": name, "host": host, "stands_in": now[name]} for name, host in once_hosts(entries, fleet, groups, kind).items() if now.get(name, host) != host]


def mistakes_of(entry, fleet, groups, kind):
    """What is wrong with one entry, as pairs of key and rule."""
    if not isinstance(entry, Mapping):
        yield "", "use a mapping with %s" % ", ".join(KEYS[kind])
        return
    for key in entry:
        if key not in KEYS[kind]:
            yield key, "there is no such key, there are: %s" % ", ".join(KEYS[kind])
    try:
        words = shlex.split(str(entry.get("command", "")))
    except ValueError as error:
        words = [str(error)]
        yield "command", "its quotes do not match (%s)" % error
    if not words:
        yield "command", "name a command"
    elif any(SHELL.match(word) for word in words):
        yield "command", "it runs without a shell, so there are no pipes, lists and redirections: put them into a script of the project"
    if not isinstance(entry.get("env", {}), Mapping):
        yield "env", "use a mapping of names to values"
    if not hosts_of(entry, fleet, groups):
        yield "hosts", "no host of the application is meant by it; there are: %s" % ", ".join(fleet)
    if kind == "timer" and not entry.get("schedule"):
        yield "schedule", "say when, as systemd's OnCalendar= takes it: daily, Mon 03:00, *:0/15"
    for key, least in (("count", 1), ("patience", 0), ("timeout", 0)):
        if key in entry and not (isinstance(entry[key], int) and not isinstance(entry[key], bool) and entry[key] >= least):
            yield key, "use a whole number from %d on" % least
    if not isinstance(entry.get("once", False), bool):
        yield "once", "use true or false"
    elif entry.get("once") and entry.get("count", 1) != 1:
        yield "count", "with once: true there is one for the whole fleet"
    if not re.match(r"\ASIG[A-Z0-9+-]+\Z", str(entry.get("stop_signal", "SIGTERM"))):
        yield "stop_signal", "name a signal, SIGTERM or SIGINT"


def broken_processes(entries, host, fleet, groups, kind="process", **_):
    broken = []
    for name, entry in entries.items():
        where = "django_app_%s.%s" % ("timers" if kind == "timer" else "processes", name)
        if not re.match(r"\A[a-z][a-z0-9_-]{0,31}\Z", str(name)):
            broken.append({"name": where, "value": name, "rule": "its name needs a lower-case letter, then letters, digits, - and _"})
        for key, rule in mistakes_of(entry, list(fleet), groups, kind):
            # Values of variables are secrets.
            value = "..." if key == "env" else entry.get(key) if key else entry
            broken.append({"name": "%s.%s" % (where, key) if key else where, "value": value, "rule": rule})
    return broken


def processes(entries, host, fleet, groups, kind="process", dead=(), elsewhere=()):
    fleet = list(fleet)
    if broken_processes(entries, host, fleet, groups, kind):
        raise AnsibleFilterError("these are not ready to run: %s" % broken_processes(entries, host, fleet, groups, kind))
    result = []
    alone = once_hosts(entries, fleet, groups, kind, dead)
    instead_of = {entry["name"]: entry["host"] for entry in stand_ins(entries, fleet, groups, dead, kind)}
    for name, given in sorted(entries.items()):
        entry = {**KEYS[kind], **given}
        once = is_once(entry, kind)
        if host not in ([alone.get(name)] if once else hosts_of(entry, fleet, groups)):
            continue
        made = {"name": name, "command": str(entry["command"]), "once": once, "environment": json.dumps({str(key): str(value) for key, value in entry["env"].items()})}
        if name in instead_of:
            made["instead_of"] = instead_of[name]
        if kind == "timer":
            made.update(schedule=strings(entry["schedule"]), timeout=entry["timeout"])
        else:
            made.update(count=entry["count"], stop_signal=str(entry["stop_signal"]), patience=entry["patience"], elsewhere=once and name in elsewhere)
        result.append(made)
    return result


class FilterModule:
    def filters(self):
        return {"processes": processes, "broken_processes": broken_processes, "once_hosts": once_hosts, "stand_ins": stand_ins}
