# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The switch: a release starts in the free slot, is probed, gets the requests, and the way back."""
from __future__ import annotations

import contextlib
import json
import os
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.django import settings_completion
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.environment import Environment
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import nginx, passwords, systemd, undo
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile, Restorable, ensure_directory, read_link, replace_link
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.probe import Probe, Probes, wait_until_healthy
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Unsafe
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import pages, prepared, processes, static, uploads
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import layout_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.environment import release_environment
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

PROBE_SECONDS = 10


class Activation:
    """One host's way from what serves now to the wanted release, and back when it does not answer."""

    def __init__(self, params: dict) -> None:
        self.params = params
        self.layout = layout_of(params)
        self.release = params["release"]
        # A host without it only runs processes: a slot is then no more than a place of the release and its environment.
        self.web = params["web"]
        self.live = self.layout.live_slot()
        self.credentials = sorted(params["credentials"])
        self.facts = prepared.read(self.layout, self.release)
        self.previous_release = self.layout.slot_release(self.live)
        # Check mode asks for a release that nobody has made: then what serves is the best guess.
        known = self.facts or (prepared.read(self.layout, self.previous_release) if self.previous_release else {})
        self.uploads = uploads.decide(params["uploads"], known.get("uploads"))
        self.files = [
            (entry["kind"], ManagedFile(entry["path"], self.site(entry["content"]) if entry["kind"] == "nginx" else entry["content"], entry["mode"]))
            for entry in params["files"]
        ]
        own_site = [file for kind, file in self.files if kind == "nginx"]
        self.told, self.warnings = self.tell_uploads(own_site)
        sites, self.removals = nginx.plan(params["refuse_unknown_names"], own_site)
        self.files += [("nginx", site) for site in sites]
        self.files += [("nginx", file) for file in [*pages.files(params["pages"], self.layout.release_dir(self.release), known.get("pages")), *self.passwords()]]
        self.different = [(kind, file) for kind, file in self.files if file.differs()]
        self.slot = self.layout.free_slot() if self.needs_start() else self.live
        scheme = (params["url"] or "http").split(":")[0]
        first = {"path": params["health_path"], "host": "", "statuses": self.healthy_statuses(), "headers": {}}
        self.probe = Probes(
            [
                Probe(entry["path"], entry["host"] or params["health_host"], entry["statuses"], scheme, entry["headers"], params["behind_proxy"])
                for entry in [first, *params["health_checks"]]
            ],
            PROBE_SECONDS,
        )
        self.touches_nginx = any(kind == "nginx" for kind, _ in self.different) or self.nginx_off() or bool(self.removals)
        self.restorable = Restorable()
        self.processes = processes.Processes(self.layout, params)
        self.started = time.time()
        # Then the free slot is where the release is tried, and the live one goes over to it.
        self.one_at_a_time = self.web and params["strategy"] == "restart" and self.live is not None and self.slot != self.live

    def site(self, content: str) -> str:
        """nginx's site for this host and this release."""
        return nginx.suited(uploads.placed(content, self.uploads.locations(self.layout.app_name, self.layout.media)))

    def passwords(self) -> list[ManagedFile]:
        """The passwords that nginx asks for; an empty file where there were some."""
        wish = self.params["passwords"]
        users = json.loads(wish["users"])
        file = ManagedFile(wish["path"], "", "0640", "root", "www-data", secret=True)
        before = (file.read() or b"").decode() if users else ""
        file.content = passwords.text(users, before).encode()
        return [file] if users or os.path.exists(file.path) else []

    def tell_uploads(self, sites: list[ManagedFile]) -> tuple[list[str], list[str]]:
        """What to say of uploads that this run publishes, and what to warn of where they were public."""
        before = sites[0].read() if sites else None
        if not sites or not self.facts or before == sites[0].content:
            return [], []
        return uploads.told(self.uploads, before.decode(errors="replace") if before is not None else None, sites[0].content.decode(), self.layout.media)

    def healthy_statuses(self) -> list[int]:
        """Those that are asked for; and 404 at / where the project has no page there, and nobody asked for another one."""
        asked = self.params["health_statuses"]
        if asked or self.params["health_path"] != "/" or self.facts.get("home", True):
            return asked
        return [*range(200, 400), 404]

    def slot_environment(self, slot: str) -> Environment:
        return release_environment(self.params, self.layout, self.release, slot)

    def slot_files(self, slot: str) -> list[ManagedFile]:
        """The environment of a slot, what completes the project's settings, and its credentials, which only systemd reads."""
        environment, folder = self.slot_environment(slot), self.layout.slot_credentials(slot)
        group, settings = self.params["app_group"], prepared.settings_text(self.layout, self.release)
        module = os.path.join(self.layout.slot_settings(slot), settings_completion.MODULE + ".py")
        return [
            ManagedFile(self.layout.slot_env(slot), environment.env_file(), "0640", "root", group, secret=True),
            *([ManagedFile(module, settings, "0640", "root", group, secret=True)] if settings else []),
            *(ManagedFile(os.path.join(folder, name), environment.values.get(name, ""), "0600", secret=True) for name in environment.credentials),
        ]

    def slot_differs(self, slot: str) -> bool:
        return any(file.differs() for file in self.slot_files(slot))

    def write_slot(self) -> None:
        """Gives the slot its environment, and takes away credentials that it has no more."""
        folder = self.layout.slot_credentials(self.slot)
        for file in self.slot_files(self.slot):
            self.write(file)
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            # A name with a dot is what a file was before, for the way back.
            if name not in self.credentials and "." not in name:
                self.restorable.keep(os.path.join(folder, name))
                os.unlink(os.path.join(folder, name))

    def needs_start(self) -> bool:
        """Whether the application has to start anew: another release, environment or unit, or nothing that runs."""
        return (
            self.live is None
            or self.previous_release != self.release
            or self.slot_differs(self.live)
            or any(kind in ("unit", "gunicorn") for kind, _ in self.different)
            or (self.web and systemd.show(self.layout.slot_service(self.live), "ActiveState")["ActiveState"] != "active")
        )

    def stands_by(self) -> bool:
        """Whether the free slot runs this release already, with this environment, and started after its units were written."""
        layout = self.layout
        if (
            layout.slot_release(self.slot) != self.release
            or self.slot_differs(self.slot)
            or any(kind in ("unit", "gunicorn") for kind, _ in self.different)
            or systemd.show(layout.slot_service(self.slot), "ActiveState")["ActiveState"] != "active"
        ):
            return False
        read = [file.path for kind, file in self.files if kind in ("unit", "gunicorn")]
        return all(os.stat(path).st_mtime < os.stat(layout.slot_socket(self.slot)).st_mtime for path in read)

    def links(self) -> dict:
        """Every link as it has to be once the slot is live."""
        layout = self.layout
        return {
            layout.current: os.path.join("slots", self.slot),
            os.path.join(layout.etc, "env"): self.slot + ".env",
            **({os.path.join(layout.etc, "credentials"): self.slot + ".credentials"} if self.credentials else {}),
            **self.params["paths"],
        }

    def wrong_links(self) -> list[str]:
        return [path for path, target in self.links().items() if read_link(path) != target]

    def tmpfiles(self) -> ManagedFile:
        """What makes the socket link again after a boot."""
        layout = self.layout
        lines = (
            "# Ansible managed",
            "d %s 0755 root root -" % layout.run,
            "L %s - - - - %s" % (layout.socket_link, layout.slot_socket(self.slot)),
        )
        return ManagedFile("/etc/tmpfiles.d/%s.conf" % layout.app_name, "\n".join(lines) + "\n")

    def nginx_off(self) -> bool:
        link = self.params["nginx_link"]
        return bool(link) and read_link(link["link"]) != link["target"]

    def pending(self) -> list[str]:
        """What a run would change, for people; empty when the host is as it should be."""
        pending = [file.path for _, file in self.different] + self.removals + self.wrong_links()
        if self.slot != self.live:
            pending.append("slot")
        if self.web and read_link(self.layout.socket_link) != self.layout.slot_socket(self.slot):
            pending.append(self.layout.socket_link)
        if self.web and self.tmpfiles().differs():
            pending.append(self.tmpfiles().path)
        if self.nginx_off():
            pending.append(self.params["nginx_link"]["link"])
        return pending + self.processes.pending(self.live if self.one_at_a_time else self.slot)

    def write(self, file: ManagedFile) -> None:
        self.restorable.keep(file.path)
        ensure_directory(os.path.dirname(file.path))
        file.write()

    def link(self, target: str, path: str) -> None:
        """Points a link at its target; a folder that a user's earlier tooling put there is moved aside, not lost."""
        if os.path.isdir(path) and not os.path.islink(path):
            self.restorable.set_aside(path, "%s.before-%s" % (path, self.release))
        self.restorable.keep(path)
        replace_link(target, path)

    def start_slot(self) -> None:
        """Brings the release up in the free slot and waits until it answers on its own socket."""
        if not self.web:
            self.point_slot()
            return
        if self.stands_by():
            # It may have been restarted in its time as the live slot; that says nothing of now.
            try_quietly("systemctl", "reset-failed", self.layout.slot_service(self.slot))
        else:
            self.start_units()
        self.wait_for_slot()

    def wait_for_slot(self) -> None:
        layout = self.layout
        service = layout.slot_service(self.slot)
        trouble = wait_until_healthy(
            lambda left: self.probe.over_socket(layout.slot_socket(self.slot), left),
            lambda: systemd.has_given_up(service),
            self.params["health_timeout"],
        )
        if trouble:
            raise CommandFailed("%s is not healthy at %s: %s" % (service, self.params["health_path"], trouble))

    def try_out(self) -> None:
        """Lets the release answer once with a single worker beside what serves, so that the switch is not where it fails."""
        trial = ManagedFile(os.path.join(self.layout.run, "trial"), "")
        ensure_directory(self.layout.run)
        trial.write()
        try:
            self.start_slot()
            systemd.systemctl("stop", *reversed(self.layout.slot_units(self.slot)), timeout=600)
        finally:
            os.unlink(trial.path)

    def start_units(self) -> None:
        """Points the free slot at the release and has systemd start it."""
        layout = self.layout
        units = layout.slot_units(self.slot)
        if any(map(systemd.is_active, units)):
            systemd.systemctl("stop", *reversed(units), timeout=600)
        self.point_slot()
        for kind, file in self.different:
            if kind in ("unit", "gunicorn"):
                self.write(file)
        if any(kind == "unit" for kind, _ in self.different):
            systemd.systemctl("daemon-reload")
        # An earlier failure must neither count as one of this start nor use up systemd's limit of starts.
        try_quietly("systemctl", "reset-failed", *units)
        try:
            systemd.systemctl("start", *units, timeout=self.params["health_timeout"] + 30)
        except CommandFailed as error:
            raise CommandFailed("%s does not start" % units[1]) from error

    def point_slot(self) -> None:
        """Points the free slot at the release and gives it the environment."""
        layout = self.layout
        self.restorable.keep(layout.slot_link(self.slot))
        replace_link(os.path.join("..", "releases", self.release), layout.slot_link(self.slot))
        ensure_directory(layout.run)
        self.write_slot()

    def apply_nginx(self) -> bool:
        """Writes nginx's file and has nginx check it before anything reads it. Tells whether nginx has to read it."""
        changed = False
        for kind, file in self.different:
            if kind == "nginx":
                self.write(file)
                changed = True
        for path in self.removals:
            self.restorable.keep(path)
            os.unlink(path)
            changed = True
        if self.nginx_off():
            self.link(self.params["nginx_link"]["target"], self.params["nginx_link"]["link"])
            changed = True
        if changed:
            try:
                said = run(["nginx", "-t"])
            except CommandFailed as error:
                line = nginx.refused_line(str(error))
                raise CommandFailed("nginx refuses its new configuration: %s%s" % (error, "\nThat line is: %s" % line if line else "")) from error
            taken = conflicting_names(said, self.params["server_names"])
            if taken:
                raise CommandFailed(
                    "another site of this host's nginx has the server name %s already: remove it there (`nginx -T` shows where) or deploy under another name"
                    % ", ".join(taken)
                )
        return changed

    def switch(self) -> None:
        """The switch itself is the rename of the socket link; the rest makes it last."""
        layout = self.layout
        for kind, file in self.different:
            if kind == "plain":
                self.write(file)
        if self.web:
            self.write(self.tmpfiles())
            self.restorable.keep(layout.socket_link)
            ensure_directory(os.path.dirname(layout.socket_link))
            replace_link(layout.slot_socket(self.slot), layout.socket_link)
        for path, target in self.links().items():
            self.link(target, path)

    def restart(self) -> None:
        """Has the live slot go over to the release that was tried in the other one. Its socket stays open, and requests wait there."""
        layout = self.layout
        tried, self.slot = self.slot, self.live
        replace_link(os.path.join("..", "releases", self.previous_release), layout.slot_link(tried))
        self.restorable.keep(layout.slot_link(self.slot))
        replace_link(os.path.join("..", "releases", self.release), layout.slot_link(self.slot))
        self.write_slot()
        systemd.systemctl("restart", layout.slot_service(self.slot), timeout=600)
        self.wait_for_slot()

    def reload_nginx(self, changed: bool) -> None:
        if not systemd.is_active("nginx.service"):
            systemd.systemctl("enable", "--now", "nginx.service")
        elif changed:
            systemd.systemctl("reload", "nginx.service")

    def probe_front(self) -> None:
        trouble = wait_until_healthy(self.probe.through_nginx, lambda: False, PROBE_SECONDS)
        if trouble:
            raise CommandFailed("nginx does not pass %s on to the application: %s" % (self.params["health_path"], trouble))

    def enable(self) -> None:
        """Makes the slot start at boot. Before the switch, so that a host that goes down at any moment comes back with what it serves."""
        if not all(map(systemd.is_enabled, self.layout.slot_units(self.slot))):
            systemd.enable(*self.layout.slot_units(self.slot))

    def run(self, pending: list[str]) -> None:
        """Does what is pending. What was there before can be put back until the deploy is finished."""
        starting = self.slot != self.live
        link = self.layout.socket_link
        replaced = systemd.listeners(link) if os.path.exists(link) and not os.path.islink(link) else []
        nginx_changed = False
        try:
            self.processes.check()
            if starting:
                self.try_out() if self.one_at_a_time else self.start_slot()
                self.warnings += static.merge(self.facts, self.layout).warnings
            nginx_changed = self.apply_nginx()
            if self.one_at_a_time:
                self.restart()
            if self.web:
                self.enable()
            self.switch()
            if self.web:
                self.reload_nginx(nginx_changed)
                self.probe_front()
            self.processes.hand_over(self.slot, self.restorable)
            # Inside as well: a disk that is full only shows here, and a release that nobody wrote down must not stay.
            activated = self.layout.read_release(self.release).get("activated")
            self.note()
            undo.remember(
                self.layout.app_name, self.restorable, run=self.params["run_id"], slot=self.slot if starting else None, release=self.release,
                previous_slot=self.live, previous_release=self.previous_release, nginx=nginx_changed, replaced=replaced, done=pending, activated=activated,
                processes=self.processes.moves,
            )
        except Exception as error:
            raise CommandFailed(self.give_up(str(error), starting)) from error

    def note(self) -> None:
        layout = self.layout
        layout.mark_release(self.release, activated=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), bad=None)
        layout.claim_layout()
        layout.record(
            release=self.release, revision=layout.read_release(self.release).get("revision"), previous=self.previous_release, result="succeeded",
            slot=self.slot, run=self.params["run_id"], actor=self.params["actor"], seconds=round(time.time() - self.started, 1),
        )

    def give_up(self, cause: str, starting: bool) -> str:
        """Puts everything back and tells why, with the application's last words."""
        log = systemd.log_since(self.layout.slot_service(self.slot), self.started) if starting else ""
        go_back(
            self.layout, self.restorable, slot=self.slot if starting else None, previous_slot=self.live,
            previous_release=self.previous_release, nginx=self.touches_nginx, moves=self.processes.moves,
        )
        serving = "the old release %s still serves" % self.previous_release if self.previous_release else "nothing was served before, and nothing is"
        parts = ["release %s was not activated, %s: %s" % (self.release, serving, cause)]
        if log:
            parts.append("Last log lines:\n" + log)
        return self.slot_environment(self.slot).mask("\n".join(parts))


def go_back(
    layout: Layout, restorable: Restorable, *, slot: str | None, previous_slot: str | None, previous_release: str | None, nginx: bool, moves: dict
) -> None:
    """Puts files and links back, the socket link among the first, and stops the slot that was started.

    :param slot: the slot that was started, if one was; the same as *previous_slot* when that went over to another release.
    :param previous_slot: the slot that served before, if one did. After a boot it has to start again.
    :param nginx: whether nginx may have read files that were put back.
    :param moves: what was done with processes.
    """
    if previous_slot and not systemd.is_active(layout.slot_service(previous_slot)):
        try_quietly("systemctl", "start", *layout.slot_units(previous_slot))
    restorable.restore()
    processes.go_back(layout.app_name, moves)
    if previous_release:
        with contextlib.suppress(Unsafe):  # What the application did to its files must not keep the host from what served before.
            static.merge(prepared.read(layout, previous_release), layout)
    if slot:
        units = layout.slot_units(slot)
        try_quietly("systemctl", "daemon-reload")
        if slot == previous_slot:
            # Its socket stays open: the requests that wait there are answered by what served before.
            systemd.systemctl("restart", layout.slot_service(slot), timeout=600)
        else:
            try_quietly("systemctl", "disable", "--quiet", *units)
            try_quietly("systemctl", "stop", "--no-block", *reversed(units))
    if nginx and systemd.is_active("nginx.service"):
        try_quietly("systemctl", "reload", "nginx.service")


def conflicting_names(said: str, names: list[str]) -> list[str]:
    """Those of *names* that `nginx -t` warns of: it would ignore them in one of the sites that have them."""
    return [name for name in names if 'conflicting server name "%s"' % name in said]


def try_quietly(*argv: str) -> None:
    """A step that may fail without harm, or whose failure must not hide the first one."""
    try:
        run(list(argv))
    except CommandFailed:
        pass
