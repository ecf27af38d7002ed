# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Dumps of a project's database on a schedule, by what a deploy left on the host: nobody has to come for them.

systemd runs ``main`` as root by a timer; what is done then, database/night.py says.
"""

from __future__ import annotations

import json
import os
import sys

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import Compose
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.one_off import application_and_client
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import Store
from ansible_collections.django_ansible.deploy.plugins.module_utils.database import night
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.recovery import Recovery
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import shipped, systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile

MODULE = "compose.nightly"
UNITS = "/etc/systemd/system"
SERVICE = """\
# Ansible managed
[Unit]
Description=%s, dump of its database
After=network-online.target docker.service

[Service]
Type=oneshot
ExecStart=%s
Nice=10
IOSchedulingClass=idle
TimeoutStartSec=infinity
"""
TIMER = """\
# Ansible managed
[Unit]
Description=%s, when its database is dumped

[Timer]
OnCalendar=%s
# A time that passed while the host was down is made up for.
Persistent=true

[Install]
WantedBy=timers.target
"""


def unit_of(project, kind):
    return f"django-ansible-deploy-{project}-dumps.{kind}"


def path_of(project, kind):
    return os.path.join(UNITS, unit_of(project, kind))


class Schedule:
    """When a project's database is dumped.

    *calendar* is as systemd's OnCalendar reads it; empty makes no dumps. *wish* is what ``main`` is told, besides the project.
    """

    def __init__(self, project, calendar, wish):
        self.project, self.calendar, self.spec = project, calendar, Store(project).schedule
        spec = json.dumps({**wish, "project": project}, indent=1, sort_keys=True) + "\n"
        command = " ".join(map(systemd.quoted, shipped.stored_command(MODULE, self.spec)))
        self.files = [
            ManagedFile(self.spec, spec, "0600", secret=True),
            ManagedFile(path_of(project, "service"), SERVICE % (project, command)),
            ManagedFile(path_of(project, "timer"), TIMER % (project, calendar)),
        ]

    def differs(self):
        if not self.calendar:
            return os.path.exists(self.spec)
        return any(file.differs() for file in self.files)

    def ensure(self):
        """Writes down what differs, and has systemd go by it.

        :raises CommandFailed: where there is no systemd or this is not root, and when systemd does not take the schedule.
        """
        if os.geteuid() != 0 or not os.path.isdir("/run/systemd/system"):
            raise CommandFailed("django_app_dump_schedule needs systemd, and root on the host")
        if not self.calendar:
            remove(self.project)
            return
        shipped.store(MODULE)
        for file in self.files:
            file.write()
        systemd.systemctl("daemon-reload")
        systemd.systemctl("enable", "--quiet", unit_of(self.project, "timer"))
        systemd.systemctl("restart", unit_of(self.project, "timer"))


def remove(project):
    """Ends the schedule of a project."""
    spec = Store(project).schedule
    if not os.path.exists(spec):
        return
    systemd.quietly("disable", "--now", "--quiet", unit_of(project, "timer"))
    for path in (path_of(project, "timer"), path_of(project, "service"), spec):
        if os.path.exists(path):
            os.unlink(path)
    systemd.quietly("daemon-reload")


def problems(project):
    """What somebody should look at, a sentence each."""
    if os.path.exists(Store(project).schedule):
        job = unit_of(project, "service")
        if systemd.show(job, "Result").get("Result", "success") != "success":
            yield f"the last dump on schedule failed: systemctl status {job} has the reason"


def main(path):
    with open(path, encoding="utf-8") as file:
        told = json.load(file)
    store, wish = Store(told["project"]), told["dumps"]
    live = store.live()
    if not live:
        print("no release is live on this host, so nothing was dumped", flush=True)
        return
    try:
        application, client = application_and_client(Compose(), store, live, told)
        recovery = Recovery(client, store.backups, night.ACTOR)
        kept = {found["release"] for found in store.list_releases()}
        for sentence in night.night(recovery, application, wish, owner=store.project, live=live, kept=kept, record=store.record):
            print(sentence, flush=True)
    except CommandFailed as error:
        sys.exit(str(error))
