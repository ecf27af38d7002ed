# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The units of an application's processes and timers: whose they are, what they are called and how a command stands in one."""
from __future__ import annotations

import glob
import os
import re
import shlex

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import systemd

UNITS = "/etc/systemd/system"
WANTED = os.path.join(UNITS, "multi-user.target.wants")
# Whose a unit is; systemd leaves names alone that begin with X-.
MARK = "X-DjangoApplication="
ONCE = "X-DjangoOnce=true"
# The timer that makes dumps; its job is root's own.
DUMPS = "dumps"
DUMPS_SPEC = "/etc/%s/dumps.json"


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
    return re.sub("|".join(map(re.escape, places)), lambda found: places[found.group(0)], " ".join(map(systemd.quoted, words)))


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


def process_of(app_name: str, unit: str) -> str:
    """The process that an instance is of, without application, slot and number."""
    return unit[len(app_name) + 1 :].rpartition("@")[0].rpartition("-")[0]


def once_here(app_name: str) -> list[str]:
    """Names of the processes that this host runs and that only one host of the fleet may run."""
    owned = owned_units(app_name)
    return sorted({process_of(app_name, unit) for unit in enabled_instances(owned) if owned[template_of(unit)]})


def astray(app_name: str, hosts: dict, here: str) -> list[str]:
    """What this host runs that belongs on another one, a sentence each.

    :param hosts: the host that each process or timer belongs on which only one runs, by name.
    :param here: name of this host.
    """
    timers = [unit[len(app_name) + 1 : -len(".timer")] for unit in owned_units(app_name) if unit.endswith(".timer")]
    return [
        "%s runs here and belongs on %s: a deploy that reaches both moves it back, and until then it runs twice when %s runs it too" % (name, hosts[name], hosts[name])
        for name in sorted({*once_here(app_name), *timers}) if hosts.get(name, here) != here
    ]
