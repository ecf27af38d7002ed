# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""An application leaves a host: first nginx sends nobody to it any more, then what runs ends, then everything goes that its deploys have made."""
from __future__ import annotations

import contextlib
import glob
import grp
import os
import pwd
import re
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.build import builder
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import heard, lock, nginx, runs, shipped, systemd, undo
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile, ensure_directory, read_link
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import process_units
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import SLOTS, Layout
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.runs import stop

BACKUPS = "/var/backups"
# What people would miss, of app_dir.
DATA = ("shared", "backups", "deploys.jsonl")
# Renews certificates, of every application of the host.
RENEWER = "/usr/local/lib/django-ansible-deploy"


class Leaving:
    """What of an application is on this host.

    :param links: links that point into app_dir, besides those in it.
    :param site: the file of nginx's site.
    """

    def __init__(self, layout: Layout, user: str, group: str, site: str, links: list[str]) -> None:
        self.layout, self.user, self.group, self.site = layout, user, group, site
        self.links = links
        self.alone = not other_applications(layout.app_name)
        self.told: list[str] = []

    def units(self) -> list[str]:
        """Its unit files, by name."""
        app_name = self.layout.app_name
        own = [app_name + "@.socket", app_name + "@.service", app_name + "-certificate.timer", app_name + "-certificate.service"]
        return [*process_units.owned_units(app_name), *(unit for unit in own if os.path.lexists(os.path.join(process_units.UNITS, unit)))]

    def files(self) -> list[str]:
        """Files and links of root's, besides units."""
        layout = self.layout
        paths = [
            os.path.join("/etc/nginx/sites-enabled", layout.app_name), self.site, "/usr/local/bin/%s-manage" % layout.app_name,
            "/etc/tmpfiles.d/%s.conf" % layout.app_name, *(os.path.join(undo.FOLDER, layout.app_name + suffix) for suffix in (".undo", ".freeze", ".held", ".early", ".notify")),
            *(path for path in self.links if (read_link(path) or "").startswith(layout.app_dir + os.sep)),
            *([site.path for site in map(nginx.catch_all, (80, 443))] if self.alone else []),
        ]
        return [path for path in paths if os.path.lexists(path)]

    def folders(self) -> list[str]:
        layout = self.layout
        paths = [
            layout.app_dir, layout.etc, layout.run, os.path.join(builder.CACHE, layout.app_name), "/var/lib/%s-acme" % layout.app_name,
            os.path.join(runs.FOLDER, layout.app_name), *([RENEWER, builder.CACHE, shipped.FOLDER] if self.alone else []),
        ]
        return [path for path in paths if os.path.isdir(path)]

    def accounts(self) -> list[str]:
        """Its users that were made for it."""
        found = [builder.account_of(self.layout.app_name)] if builder.exists(builder.account_of(self.layout.app_name)) else []
        if not builder.exists(self.user):
            return found
        account = pwd.getpwnam(self.user)
        if account.pw_dir == self.layout.app_dir and account.pw_shell.endswith("nologin") and not self._used_elsewhere():
            return [*found, self.user]
        self.told.append("the user %s stays, since it is not this application's alone" % self.user)
        return found

    def _used_elsewhere(self) -> bool:
        own = set(self.units())
        for path in glob.glob(os.path.join(process_units.UNITS, "*.service")):
            if os.path.basename(path) not in own and not os.path.islink(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    if re.search(r"^User=%s$" % re.escape(self.user), file.read(), re.MULTILINE):
                        return True
        return False

    def is_there(self) -> list[str]:
        """What would go, for people."""
        return [*self.units(), *self.files(), *self.folders(), *self.accounts()]

    def leave(self, keep_data: bool, drain: float = 0) -> None:
        """Afterwards nothing is left, but for what C(told) says.

        :param drain: seconds for load balancers to go elsewhere, before anything ends.
        :raises CommandFailed: before anything is touched, when a volume is mounted in app_dir; when a unit does not end, or nginx refuses what is left.
        """
        self._refuse_mounts()
        kept = self._place_to_keep() if keep_data else None
        units, accounts = self.units(), self.accounts()
        try:
            self._drain(drain)
            # The file stays until its folder goes: nginx's old processes may still answer a load balancer.
            self._leave_nginx()
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.layout.draining)
            raise
        self._end(units)
        for path in [*(os.path.join(process_units.UNITS, unit) for unit in units), *self.files()]:
            os.unlink(path)
        systemd.systemctl("daemon-reload")
        # systemd made one for each kind of unit that has instances.
        for name in sorted({unit.partition("@")[0] for unit in units if "@." in unit}):
            systemd.quietly("stop", "system-%s.slice" % name.replace("-", "\\x2d"))
        if kept:
            self._keep(kept)
        elif not keep_data:
            for path in glob.glob(os.path.join("/var/log/nginx", self.layout.app_name + ".*.log*")):
                os.unlink(path)
            self.told.append("no data was kept")
        for path in self.folders():
            with Tree(os.path.dirname(path)) as parent:
                parent.remove(os.path.basename(path))
        for user in accounts:
            run(["userdel", user])
        if self.user in accounts and _group_is_there(self.group):
            run(["groupdel", self.group])
        for path in (undo.FOLDER, runs.FOLDER):
            if os.path.isdir(path) and not os.listdir(path):
                os.rmdir(path)
        self.told.append("packages and the journal stay as they are")

    def _drain(self, seconds: float) -> None:
        """From now on the health check fails for whoever asks from elsewhere. Returns when they had so long to hear it."""
        if not seconds or not os.path.isfile(self.site):
            return
        if self._can_drain():
            ManagedFile(self.layout.draining, "").write()
            time.sleep(seconds)
        else:
            self.told.append("no load balancer could hear of it before: nginx's site is of an older version, or the only health check is /")

    def _can_drain(self) -> bool:
        """Whether nginx looks, and at a path of which not every visitor asks."""
        with open(self.site, encoding="utf-8") as file:
            text = file.read()
        found = re.search(r"^map \$uri \$\w+_asked \{(.*?)^\}", text, re.MULTILINE | re.DOTALL)
        return self.layout.draining in text and bool(found) and "~" in found.group(1)

    def _leave_nginx(self) -> None:
        """Running requests are answered to their end."""
        link = os.path.join("/etc/nginx/sites-enabled", self.layout.app_name)
        if not os.path.lexists(link):
            return
        os.unlink(link)
        if self.alone:
            for site in map(nginx.catch_all, (80, 443)):
                if os.path.exists(site.path):
                    os.unlink(site.path)
            nginx.give_welcome_page_back()
        run(["nginx", "-t", "-q"])
        if systemd.is_active("nginx.service"):
            systemd.systemctl("reload", "nginx.service")

    def _end(self, units: list[str]) -> None:
        app_name = self.layout.app_name
        timers = [unit for unit in units if unit.endswith(".timer")]
        patterns = [unit.replace("@.", "@*.") for unit in units if unit not in timers]
        enabled = [*process_units.enabled_instances({unit: False for unit in units}), *timers, *(unit for slot in SLOTS for unit in self.layout.slot_units(slot))]
        for run_ in runs.known_runs(app_name):
            stop(app_name, run_["run"])
        for unit in (*timers, *(pattern for pattern in patterns if pattern.endswith(".socket")), *patterns):
            systemd.systemctl("stop", unit, timeout=systemd.LONGEST_STOP)
        for unit in enabled:
            if systemd.is_enabled(unit):
                systemd.disable(unit)
        systemd.quietly("reset-failed", *patterns)

    def _refuse_mounts(self) -> None:
        """What is mounted would be emptied with the folder, or moved from where the host mounts it again."""
        inside = [path for path in mount_points() if path == self.layout.app_dir or path.startswith(self.layout.app_dir + os.sep)]
        if inside:
            raise CommandFailed("%s is mounted: unmount it, and take it out of /etc/fstab, before the application leaves; what is on it stays" % ", ".join(inside))

    def _data(self) -> list[str]:
        return [name for name in DATA if os.path.lexists(os.path.join(self.layout.app_dir, name))]

    def _place_to_keep(self) -> str | None:
        """A folder for the data on the same file system, so that it only has to be renamed; None where there is none."""
        if not self._data():
            return None
        app_dir = self.layout.app_dir
        place = BACKUPS if os.path.isdir(BACKUPS) and os.stat(BACKUPS).st_dev == os.stat(app_dir).st_dev else os.path.dirname(app_dir)
        return os.path.join(place, "%s-%s" % (self.layout.app_name, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())))

    def _keep(self, folder: str) -> None:
        """By renaming, since root reads nothing of what the application may write."""
        there = self._data()
        ensure_directory(folder, 0o700)
        for name in there:
            os.rename(os.path.join(self.layout.app_dir, name), os.path.join(folder, name))
        self.told.append("%s of %s are kept in %s, and nginx's logs where they are" % (", ".join(there), self.layout.app_dir, folder))


def mount_points() -> list[str]:
    """Where something is mounted on this host."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        return [re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), line.split()[4]) for line in file]


def other_applications(app_name: str) -> list[str]:
    """Applications that this collection has deployed here as well; each has a cache of its builder's."""
    names = os.listdir(builder.CACHE) if os.path.isdir(builder.CACHE) else []
    return sorted(name for name in names if name != app_name and not name.startswith("."))


def forget_lock(app_name: str) -> None:
    """The lock goes last; nobody waits for it, since there is nothing left to deploy to."""
    for path in (os.path.join(lock.FOLDER, app_name + suffix) for suffix in (".lock", ".stop")):
        if os.path.exists(path):
            os.unlink(path)
    for folder in (lock.FOLDER, heard.FOLDER):
        if os.path.isdir(folder) and not os.listdir(folder):
            os.rmdir(folder)


def _group_is_there(name: str) -> bool:
    try:
        return bool(grp.getgrnam(name))
    except KeyError:
        return False
