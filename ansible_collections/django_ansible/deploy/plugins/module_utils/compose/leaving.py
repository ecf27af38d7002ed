# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""A project leaves a host: its containers and networks end, then all goes that its deploys have brought."""

from __future__ import annotations

import contextlib
import os
import shutil
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import nightly
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import runs as commands
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import reason_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.prune import drop
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import (
    draining,
    freeze_of,
    lock_folder,
    maintenance_folder,
    projects,
    runs_folder,
    state_folder,
)
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import heard, lock, runs, shipped
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import write_atomically_as
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree

BACKUPS = "/var/backups"
DOWN = 3600  # seconds that all containers get to end; each has its own grace period
# What people would miss of the records.
DATA = ("backups", "deploys.jsonl")


class Leaving:
    """What is on this host of the project that *live* is."""

    def __init__(self, live):
        self.live, self.engine, self.store, self.project = live, live.compose.engine, live.store, live.project
        self.managed = self.store.files(live.release)
        self.told = []

    def is_there(self):
        """What would go, for people."""
        containers = [(entry.get("Names") or [""])[0].lstrip("/") for entry in self.engine.containers(self.project)]
        return [*sorted(containers), *sorted(self.managed.files), self.store.folder]

    def leave(self, keep_data, drain=0):
        """Afterwards nothing is left, but for what C(told) says.

        :param drain: seconds for load balancers to go elsewhere, before anything ends.
        :raises ComposeError: when compose cannot end what runs.
        """
        self._drain(drain)
        nightly.remove(self.project)
        for run in runs.known_runs(self.project, runs_folder()):
            commands.stop(self.engine, self.project, run["run"])
        self._down(keep_data)
        for path in sorted(self.managed.files):
            self.managed.place_of(path).remove()
        drop(self.engine, self.store, [record["release"] for record in self.store.list_releases()])
        self._leave_folder()
        if keep_data:
            self._keep()
        else:
            self.told.append("no data was kept")
        for path in (self.store.folder, maintenance_folder(self.project), os.path.join(runs_folder(), self.project)):
            shutil.rmtree(path, ignore_errors=True)
        freeze_of(self.project).lift()
        self.store.forget_undo()
        alone = [] if projects() else [os.path.join(state_folder(), "compose"), *([shipped.FOLDER] if os.geteuid() == 0 and not _other_records() else [])]
        for path in alone:
            shutil.rmtree(path, ignore_errors=True)
        for path in (os.path.join(state_folder(), "maintenance"), runs_folder(), state_folder()):
            with contextlib.suppress(OSError):  # Another application has something there, or there is none.
                os.rmdir(path)
        self.told.append("the engine and its packages stay as they are")

    def _drain(self, seconds):
        """From now on the proxy's health check fails, where the proxy looks. Returns when load balancers had so long to hear it."""
        if not seconds:
            return
        if not self.live.is_seen(maintenance_folder(self.project)):
            self.told.append(f"no load balancer could hear of it before: no container mounts {maintenance_folder(self.project)}")
            return
        write_atomically_as(draining(self.project), b"", 0o644, os.getuid(), os.getgid())
        try:
            time.sleep(seconds)
        except BaseException:
            os.unlink(draining(self.project))
            raise

    def _down(self, keep_data):
        record, live = self.live.record, self.live
        arguments = ["down", "--remove-orphans", *([] if keep_data else ["--volumes"])]
        code, _out, err = live.compose.call(
            arguments, files=[live.config_file], folder=os.path.dirname(record["file"]), project=self.project, profiles=record.get("profiles") or [], timeout=DOWN,
        )
        if code != 0:
            raise ComposeError(f"its containers did not go: {reason_of(err, 10)}")
        left = self.engine.volumes(self.project)
        if left:
            self.told.append(f"the volumes {', '.join(left)} stay with their data: remove them with docker volume rm")

    def _leave_folder(self):
        """The project's folder is the user's: what no deploy has brought stays."""
        folder = self.managed.folder
        if not os.path.isdir(folder):
            return
        inside = {os.path.dirname(os.path.relpath(path, folder)) for path in self.managed.files}
        above = {os.sep.join(rel.split(os.sep)[:depth]) for rel in inside for depth in range(1, rel.count(os.sep) + 2)}
        with Tree(folder) as tree:
            for rel in sorted(filter(None, above), key=len, reverse=True):
                if not rel.startswith("..") and tree.kind(rel) == "folder" and not any(tree.entries(rel)):
                    tree.remove(rel)
            left = sorted(entry.path for entry in tree.entries())
        if left:
            self.told.append(f"{folder} stays, with {', '.join(left[:20])}, which no deploy has brought")
            return
        with Tree(os.path.dirname(folder)) as parent:
            parent.remove(os.path.basename(folder))

    def _keep(self):
        there = [name for name in DATA if os.path.lexists(os.path.join(self.store.folder, name))]
        if not there:
            return
        place = BACKUPS if os.geteuid() == 0 and os.path.isdir(BACKUPS) else os.path.expanduser("~")
        kept = os.path.join(place, "%s-%s" % (self.project, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())))
        os.mkdir(kept, 0o700)
        for name in there:
            shutil.move(os.path.join(self.store.folder, name), os.path.join(kept, name))
        self.told.append(f"{', '.join(there)} of {self.store.folder} are kept in {kept}")


def _other_records():
    """Whether applications of role mode are here, whose hosts need what is shipped to them."""
    return os.path.isdir("/var/cache/django-ansible-deploy")


def forget_lock(project):
    """The lock goes last; nobody waits for it, since there is nothing left to deploy to."""
    for suffix in (".lock", ".stop"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(lock_folder(), project + suffix))
    for folder in (lock.FOLDER, heard.FOLDER):
        with contextlib.suppress(OSError):
            os.rmdir(folder)
