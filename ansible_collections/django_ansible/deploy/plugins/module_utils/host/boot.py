# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Has a host put itself in order after a boot in the middle of a run, which ends the keeper of that run (:mod:`.keeper`) and its lock, or where the keeper could not.

A unit in multi-user.target stands for it as long as the keeper lives. systemd reads it when it starts, so that nothing has to be loaded meanwhile.
"""
from __future__ import annotations

import contextlib
import importlib
import json
import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import notice, shipped, supervised, systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import replace_link, write_atomically_as
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock

UNITS = "/etc/systemd/system"
FOLDER = "/var/lib/django-ansible-deploy"
TRIES = 12  # to say that this host rolled back: after a boot, the network may be later than this
STARTS = 12  # that systemd tries in a day, however long each takes
INTERRUPTED = "%s was interrupted here"
# After what a site needs, since the host asks for its health as it goes back. What it needs may come late, or have another name: an engine from a snap has.
UNIT = """\
[Unit]
Description=Rollback of a deploy of %s that this boot interrupted
After=network.target nginx.service postgresql.service redis-server.service docker.service
StartLimitIntervalSec=86400
StartLimitBurst=%d

[Service]
Type=exec
ExecStart=%s
Restart=on-failure
RestartSec=5
%s"""


def _paths(app_name: str) -> tuple[str, str]:
    name = "django-ansible-deploy-%s-boot.service" % app_name
    return os.path.join(UNITS, name), os.path.join(UNITS, "multi-user.target.wants", name)


def _address(app_name: str) -> str:
    """Where the address is that is told: it may hold a secret, and every user may see what is in a unit."""
    return os.path.join(FOLDER, app_name + ".notify")


def _told(app_name: str) -> str:
    with contextlib.suppress(FileNotFoundError), open(_address(app_name), encoding="utf-8") as file:
        return file.read()
    return ""


def unit(place: str, told: dict) -> str:
    """What systemd reads at a boot in the middle of a run.

    :param place: where the code of this collection was left.
    :param told: `app_name`, `run`, `actor`, `locks`, `way_back` and `params`, as the keeper has them.
    """
    facts = {name: told[name] for name in ("app_name", "run", "actor", "locks", "way_back", "params")}
    limits = "".join("%s=%s\n" % limit for limit in supervised.LIMITS.items())
    return UNIT % (told["app_name"], STARTS, " ".join(map(systemd.quoted, shipped.command(place, "host.boot", json.dumps(facts)))), limits)


def arm(app_name: str, content: str, notify: str = "") -> None:
    """From now on a boot has this host go back.

    :param content: what :func:`unit` made.
    :param notify: address that is told then; empty for nobody.
    """
    path, wanted = _paths(app_name)
    os.makedirs(FOLDER, mode=0o700, exist_ok=True)
    write_atomically_as(_address(app_name), notify.encode(), 0o600, os.getuid(), os.getgid())
    write_atomically_as(path, content.encode(), 0o600, os.getuid(), os.getgid())
    os.makedirs(os.path.dirname(wanted), exist_ok=True)
    replace_link(path, wanted)


def start(app_name: str) -> None:
    """Has this host go back as after a boot: now, and again while that fails."""
    name = os.path.basename(_paths(app_name)[0])
    # From a boot in the middle of an earlier run on, multi-user.target has systemd keep the unit as it was then: that run's, which has nothing to do any more.
    systemd.quietly("daemon-reload")
    # Tries for an earlier run do not count.
    systemd.quietly("reset-failed", name)
    run(["systemctl", "start", "--no-block", name], timeout=30)


def disarm(app_name: str, content: str) -> None:
    """Undoes :func:`arm`, unless a later run has armed the host again.

    :param content: what :func:`unit` made, or a part of it that no other run has.
    """
    path, wanted = _paths(app_name)
    with contextlib.suppress(FileNotFoundError):
        with open(path, encoding="utf-8") as file:
            if content not in file.read():
                return
        os.unlink(wanted)
        os.unlink(path)
        os.unlink(_address(app_name))


def give_up(lock: DeployLock) -> None:
    """Has somebody look at this host, when it was its last try."""
    name = os.path.basename(_paths(lock.app_name)[0])
    if systemd.show(name, "NRestarts").get("NRestarts") == str(STARTS - 1):
        notice.of_failure(_told(lock.app_name), lock.app_name, lock.run, lock.actor, INTERRUPTED, name)


def main(facts: str) -> None:
    """Goes back as the keeper would have, unless a later run works here already, which then puts the host in order."""
    told = json.loads(facts)
    lock = DeployLock(told["app_name"], told["run"], told["actor"], told["locks"])
    with supervised.Supervised().working():
        way_back = importlib.import_module(shipped.OURS + told["way_back"])
        step, went = lock.try_step(), None
        if step is not None:
            with step:
                if lock.holder() is None or lock.is_held():
                    try:
                        went = way_back.go_back(told["params"], lock.run)
                    except Exception:
                        give_up(lock)
                        raise
        address = _told(lock.app_name)
        disarm(lock.app_name, systemd.quoted(facts))
        if went is not None:
            notice.of_rollback(address, lock.app_name, lock.run, lock.actor, went, INTERRUPTED, TRIES)
