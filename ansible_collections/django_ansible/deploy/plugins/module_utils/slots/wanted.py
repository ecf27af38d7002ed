# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What one host should serve, where that goes, and what is different there: it looks and decides, and changes nothing."""
from __future__ import annotations

import json
import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.django.environment import Environment
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import nginx, passwords, systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile, read_link
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.probe import Probe, Probes
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import last_environment, pages, pointing, prepared, processes, uploads
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import layout_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.environment import release_environment

PROBE_SECONDS = 10


class Wanted:
    """What one host should serve, from what a module was given."""

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
        self.files = [(entry["kind"], ManagedFile(entry["path"], self.suited(entry["kind"], entry["content"]), entry["mode"])) for entry in params["files"]]
        own_site = [file for kind, file in self.files if kind == "nginx"]
        self.told, self.warnings = self.tell_uploads(own_site)
        self.told += filter(None, [last_environment.sentence(params, self.layout, self.release)])
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
        self.touches_nginx = self.differs_in("nginx") or self.nginx_off() or bool(self.removals)
        self.processes = processes.Processes(self.layout, params)
        # Then the free slot is where the release is tried, and the live one goes over to it.
        self.one_at_a_time = self.web and params["strategy"] == "restart" and self.live is not None and self.slot != self.live

    def suited(self, kind: str, content: str) -> str:
        """A file for this host and this release."""
        if kind == "nginx":
            return nginx.suited(uploads.placed(content, self.uploads.locations(self.layout.app_name, self.layout.media)))
        return systemd.suited(content) if kind == "unit" else content

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
        return pointing.files(self.params, self.layout, self.release, slot)

    def slot_differs(self, slot: str) -> bool:
        return any(file.differs() for file in self.slot_files(slot))

    def needs_start(self) -> bool:
        """Whether the application has to start anew: another release, environment or unit, or nothing that runs."""
        return (
            self.live is None
            or self.previous_release != self.release
            or self.slot_differs(self.live)
            or self.differs_in("unit", "gunicorn")
            or (self.web and systemd.show(self.layout.slot_service(self.live), "ActiveState")["ActiveState"] != "active")
        )

    def is_set_up(self) -> bool:
        """Whether the slot has this release and its environment, and units that are as they should be."""
        return self.layout.slot_release(self.slot) == self.release and not self.slot_differs(self.slot) and not self.differs_in("unit", "gunicorn")

    def stands_by(self) -> dict | None:
        """What systemd says of the free slot where that runs this release already, with this environment, and started after its units were written; else None."""
        layout = self.layout
        found = systemd.show(layout.slot_service(self.slot), "ActiveState", "NRestarts") if self.is_set_up() else {"ActiveState": "inactive"}
        if found["ActiveState"] != "active":
            return None
        read = [file.path for kind, file in self.files if kind in ("unit", "gunicorn")]
        return found if all(os.stat(path).st_mtime < os.stat(layout.slot_socket(self.slot)).st_mtime for path in read) else None

    def links(self, slot: str) -> dict:
        """Every link as it has to be once a slot is live."""
        layout = self.layout
        return {
            layout.current: os.path.join("slots", slot),
            os.path.join(layout.etc, "env"): slot + ".env",
            **({os.path.join(layout.etc, "credentials"): slot + ".credentials"} if self.credentials else {}),
            **self.params["paths"],
        }

    def tmpfiles(self, slot: str) -> ManagedFile:
        """What makes the socket link again after a boot."""
        layout = self.layout
        lines = (
            "# Ansible managed",
            "d %s 0755 root root -" % layout.run,
            "L %s - - - - %s" % (layout.socket_link, layout.slot_socket(slot)),
        )
        return ManagedFile("/etc/tmpfiles.d/%s.conf" % layout.app_name, "\n".join(lines) + "\n")

    def nginx_off(self) -> bool:
        link = self.params["nginx_link"]
        return bool(link) and read_link(link["link"]) != link["target"]

    def differs_in(self, *kinds: str) -> bool:
        """Whether a file of such a kind has to be written."""
        return any(kind in kinds for kind, _ in self.different)

    def pending(self) -> list[str]:
        """What a run would change, for people; empty when the host is as it should be."""
        wrong = [path for path, target in self.links(self.slot).items() if read_link(path) != target]
        pending = [file.path for _, file in self.different] + self.removals + wrong
        if self.slot != self.live:
            pending.append("slot")
        if self.web and read_link(self.layout.socket_link) != self.layout.slot_socket(self.slot):
            pending.append(self.layout.socket_link)
        tmpfiles = self.tmpfiles(self.slot)
        if self.web and tmpfiles.differs():
            pending.append(tmpfiles.path)
        if self.nginx_off():
            pending.append(self.params["nginx_link"]["link"])
        return pending + self.processes.pending(self.live if self.one_at_a_time else self.slot)
