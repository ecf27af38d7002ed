# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = """
name: commands_for
short_description: Those of an application's commands that a host runs in some phases
description:
  - From what C(django_app_commands) says, without the entries of other phases and of other hosts.
options:
  _input:
    description: Entries with C(command), C(phase), C(once) and C(env).
    type: list
    elements: dict
    required: true
  phases:
    description: The phases to take.
    type: list
    elements: str
    required: true
  leads:
    description: Whether this host is the one that runs what is run once for the fleet.
    type: bool
    required: true
"""

EXAMPLES = r"""
- name: Show what runs before the switch
  ansible.builtin.debug:
    msg: "{{ [{'command': 'manage.py compress', 'phase': 'static'}] | django_ansible.deploy.commands_for(['static'], true) }}"
"""

RETURN = """
_value:
  description: Lists of C(command) and C(env) by phase.
  type: dict
"""

import re
import shlex

# What is written into the release happens on every host; what reaches the database, once.
ONCE = {"build": False, "static": False, "first": True, "migrate": True, "finish": True}
KEYS = {"command", "phase", "once", "env"}


def commands_for(commands, phases, leads):
    found = {phase: [] for phase in phases}
    for entry in commands:
        phase = entry.get("phase", "migrate")
        if phase in found and (leads or not entry.get("once", ONCE[phase])):
            found[phase].append({"command": entry["command"], "env": {str(name): str(value) for name, value in entry.get("env", {}).items()}})
    return {phase: entries for phase, entries in found.items() if entries}


def broken_commands(commands):
    """What is wrong with entries, as the role's rules tell it: name, value and rule of each."""
    wrong = []
    for number, entry in enumerate(commands, 1):
        rule = _trouble(entry)
        if rule:
            value = {key: value for key, value in entry.items() if key != "env"} if isinstance(entry, dict) else entry
            wrong.append({"name": "django_app_commands, entry %d," % number, "value": value, "rule": rule})
    return wrong


def broken_checks(checks, variable, service=False):
    """What is wrong with addresses and commands of a check, as the role's rules tell it. With *service*, a command begins with that of a compose file."""
    wrong, command = [], "a service and a command, such as web python manage.py check" if service else "a command"
    for check in checks:
        address, words = re.match(r"https?://[^\s/]+", str(check)), str(check).split()
        is_one = len(words) > service and "://" not in words[0]
        rule = None if address else _split(str(check)) if is_one else "use an address that begins with http:// or https://, or %s" % command
        if rule:
            wrong.append({"name": variable, "value": check, "rule": rule})
    return wrong


def _split(command):
    try:
        shlex.split(command)
    except ValueError as error:
        return "its command has an open quote (%s)" % error
    return None


def _trouble(entry):
    if not isinstance(entry, dict) or not isinstance(entry.get("command"), str) or not entry["command"].strip():
        return "it needs a command, such as command: manage.py compress"
    unknown = set(entry) - KEYS
    if unknown:
        return "it has %s, and only %s are known" % (", ".join(sorted(unknown)), ", ".join(sorted(KEYS)))
    if entry.get("phase", "migrate") not in ONCE:
        return "phase has to be one of %s" % ", ".join(ONCE)
    if not isinstance(entry.get("once", True), bool):
        return "once has to be true or false"
    if entry.get("phase") in ("build", "static") and entry.get("once"):
        return "what is run in the phase %s is written into the release, so every host has to run it" % entry["phase"]
    env = entry.get("env", {})
    if not isinstance(env, dict) or not all(re.match(r"[A-Za-z_]\w*\Z", str(name)) for name in env):
        return "env has to be a mapping of variable names"
    return _split(entry["command"])


class FilterModule:
    def filters(self):
        return {"commands_for": commands_for, "broken_checks": broken_checks, "broken_commands": broken_commands}
