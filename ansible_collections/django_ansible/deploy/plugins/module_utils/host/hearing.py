# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Has a host hear whether the run that deploys to it still lives: what does so is started, and the run waits until it has heard a heartbeat."""
from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from concurrent.futures import Future, ThreadPoolExecutor

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import boot, keeper, shipped, supervised, systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import write_atomically_as
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.heard import FOLDER, Unheard
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock


def callers_group() -> int:
    """The group of the user that became root, which the runner's channel is opened as; root's own where nobody had to."""
    told = os.environ.get("SUDO_GID")
    return int(told) if told else _group_above(os.getppid())


def _group_above(pid: int) -> int:
    """Of the nearest process above this one that is not root's: su and doas do not say who called them."""
    with contextlib.suppress(OSError):
        while pid:
            with open("/proc/%d/status" % pid, encoding="utf-8", errors="replace") as file:
                facts = dict(line.split(":", 1) for line in file)
            if int(facts["Uid"].split()[0]):
                return int(facts["Gid"].split()[0])
            pid = int(facts["PPid"])
    return 0


def make_folder(path: str, group: int) -> None:
    """The folder of a socket, that root and *group* can reach."""
    os.mkdir(path, 0o700)
    os.chown(path, os.geteuid(), group)
    os.chmod(path, 0o710)


def begin(lock: DeployLock, token: str, way_back, params: dict, notify: str = "") -> Starting | Leased:
    """Has the host listen whether the run lives that has just taken *lock*.

    :param token: the secret that names the socket; empty where the runner has no channel.
    :param way_back: module whose ``go_back(params, run)`` brings the host back to what it served, such as ``slots.returning``;
        ``confirm(params, run)`` writes down that it stays, ``finish(params, run)`` ends a run that did and says whether it could, ``look(params, run, seconds, part)`` tells what visitors see of the release before.
    :param notify: address that is told when this host rolls back by itself; empty for nobody.
    :returns: what to wait for before this process ends, with which the lock would.
    """
    if not (lock.run and token and os.geteuid() == 0 and os.path.isdir("/run/systemd/system")):
        return Leased(lock)
    return Starting(lock, token, way_back.__name__[len(shipped.OURS) :], params, notify)


class Leased:
    """There is no heartbeat: without a channel, root or systemd."""

    def __init__(self, lock: DeployLock) -> None:
        self.lock = lock

    def wait(self, is_last: bool) -> None:
        self.lock.outlive()


class Starting:
    """A keeper that systemd starts, or has started already when a run asks for it again."""

    def __init__(self, lock: DeployLock, token: str, way_back: str, params: dict, notify: str) -> None:
        self.lock = lock
        self.folder = os.path.join(FOLDER, token)
        self.unit = "django-ansible-deploy-%s-%s.service" % (lock.app_name, token[:8])
        self.trouble: str | None = None
        self.starts: Future | None = None
        locks_folder = os.path.dirname(lock.path)
        place = os.path.join(locks_folder, "%s.%s" % (lock.app_name, token[:8]))
        self.spec, self.alive = place + ".keeper", place + ".heard"
        told = {
            "app_name": lock.app_name, "run": lock.run, "actor": lock.actor, "locks": locks_folder, "folder": self.folder, "alive": self.alive,
            "way_back": way_back, "params": params, "place": shipped.ship(), "notify": notify,
        }
        self.armed = boot.unit(told["place"], told)
        os.makedirs(FOLDER, mode=0o711, exist_ok=True)
        os.chmod(FOLDER, 0o711)
        try:
            make_folder(self.folder, callers_group())
        except FileExistsError:
            # When its connection breaks, Ansible asks for the step again: the first one has begun to listen to this run.
            return
        # Killed, as for lack of memory, or stopped, it starts again with what it was told.
        options = [
            "--no-block", "--unit=" + self.unit, "--description=Heartbeat of a deploy of %s" % lock.app_name,
            "--property=Restart=on-failure", "--property=OOMScoreAdjust=-900", *("--property=%s=%s" % limit for limit in supervised.LIMITS.items()),
        ]
        write_atomically_as(self.spec, json.dumps(told).encode(), 0o600, os.getuid(), os.getgid())
        # Meanwhile the host is looked at.
        self.starts = ThreadPoolExecutor(1).submit(run, systemd.transient(options, shipped.command(told["place"], keeper.__name__[len(shipped.OURS) :], self.spec)), timeout=30)

    def wait(self, is_last: bool, seconds: float = 5.0) -> str | None:
        """Waits for the first heartbeat.

        :param is_last: whether the runner knows that none has come, and goes on.
        :returns: None when the run is heard; else what that means, and the lock has a lease as without this.
        :raises Unheard: when the runner has to know. Unless it answers, the lock is free as soon as it would be for a run that is heard no more.
        """
        deadline = time.monotonic() + seconds
        while self.trouble is None:
            if os.path.exists(os.path.join(self.folder, "heard")):
                self._hand_over()
                return None
            if self.starts and self.starts.done() and self.starts.exception():
                self.trouble = str(self.starts.exception())
                shutil.rmtree(self.folder, ignore_errors=True)
            elif time.monotonic() >= deadline:
                self.trouble = "no heartbeat of the runner came to this host"
            time.sleep(0.005)
        if not is_last:
            self._hand_over()
            raise Unheard
        with contextlib.suppress(CommandFailed):
            run(["systemctl", "stop", self.unit], timeout=30)
        # What it would have done at its end.
        boot.disarm(self.lock.app_name, self.armed)
        for path in (self.spec, self.alive):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.lock.outlive()
        return "when this run is killed, its deploy lock lasts 15 minutes, and this host stays on the release that it then serves: %s" % self.trouble

    def _hand_over(self) -> None:
        """What listens holds the lock from now on, in the place of this process."""
        self.lock.hear(self.alive, os.path.join(self.folder, "socket"))
