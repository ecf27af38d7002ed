#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_activate
short_description: Starts a prepared release in the free slot and switches to it once it answers
description:
  - Writes the units and the slot's environment file, starts the free slot, asks it over its own socket, and then moves the link that
    nginx connects to by one C(rename(2)). Asks once more through nginx.
  - When anything of this fails, files, links and units are put back as they were and the failure shows the application's last log lines.
  - When the live slot already runs this release with this environment and these files, nothing is done.
extends_documentation_fragment:
  - django_ansible.deploy.layout
  - django_ansible.deploy.layout.application
options:
  release:
    description: Name of a release that is prepared.
    type: str
    required: true
  files:
    description:
      - Files of the host that belong to the application, each with C(path), C(content) and C(kind), which says what reads it.
      - V(unit) is read by systemd and V(gunicorn) by the application's processes, so a difference restarts into the free slot;
        V(nginx) is read by nginx, V(plain) by nobody who has to be told.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Absolute path.
        type: path
        required: true
      content:
        description: What the file holds.
        type: str
        required: true
      kind:
        description: What reads it.
        type: str
        choices: [unit, gunicorn, nginx, plain]
        default: plain
  nginx_link:
    description: Link that makes nginx read its file, and what it points to, as C(link) and C(target).
    type: dict
    default: {}
  paths:
    description: Links for people, such as C(src) and C(venv), as a mapping of path to target. A folder in their place is moved aside.
    type: dict
    default: {}
  health_path:
    description: Path that is asked.
    type: str
    default: /
  health_host:
    description: Host that the request names.
    type: str
    default: localhost
  health_statuses:
    description: Statuses that are healthy; empty means 200 to 399.
    type: list
    elements: int
    default: []
  health_timeout:
    description: How long a start may take until it answers, in seconds.
    type: int
    default: 60
  url:
    description: Where the site answers, for the report.
    type: str
  run_id:
    description: Who deploys, for C(deploys.jsonl).
    type: str
    default: ''
  actor:
    description: In whose name, for C(deploys.jsonl).
    type: str
    default: ''
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
author:
  - The django-ansible-deploy authors
"""

EXAMPLES = r"""
- name: Serve the release
  django_ansible.deploy.app_activate:
    app_name: mydjango
    app_dir: /opt/mydjango
    app_user: django
    app_group: django
    socket_link: /run/mydjango/gunicorn.sock
    release: 20260102T030405Z-0123456
    health_path: /healthz
    health_host: www.example.com
"""

RETURN = r"""
slot:
  description: The slot that is live afterwards.
  type: str
  returned: success
done:
  description: What changed, V(slot) and paths.
  type: list
  returned: success
deploy:
  description: C(release), C(previous_release), C(revision) and C(url), for the events file.
  type: dict
  returned: success
"""

import os
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils import static, systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.application import CommandFailed, Environment, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.arguments import APPLICATION, LAYOUT, layout_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.files import ManagedFile, Restorable, ensure_directory
from ansible_collections.django_ansible.deploy.plugins.module_utils.layout import SLOTS, read_link, replace_link
from ansible_collections.django_ansible.deploy.plugins.module_utils.probe import Probe, wait_until_healthy

PROBE_SECONDS = 10


class Activation:
    """One host's way from what serves now to the wanted release, and back when it does not answer."""

    def __init__(self, module: AnsibleModule) -> None:
        self.params = params = module.params
        self.layout = layout_of(params)
        self.environment = Environment.parse(params["environment"])
        self.release = params["release"]
        self.live = self.layout.live_slot()
        self.previous_release = self.layout.slot_release(self.live)
        self.files = [(entry["kind"], ManagedFile(entry["path"], entry["content"])) for entry in params["files"]]
        self.different = [(kind, file) for kind, file in self.files if file.differs()]
        self.slot = self.layout.free_slot() if self.needs_start() else self.live
        scheme = (params["url"] or "http").split(":")[0]
        self.probe = Probe(params["health_path"], params["health_host"], params["health_statuses"], scheme)
        self.restorable = Restorable()
        self.started = time.time()

    def slot_file(self, slot: str) -> ManagedFile:
        return ManagedFile(self.layout.slot_env(slot), self.environment.env_file(), "0640", "root", self.params["app_group"], secret=True)

    def needs_start(self) -> bool:
        """Whether the application has to start anew: another release, environment or unit, or nothing that runs."""
        return (
            self.live is None
            or self.previous_release != self.release
            or self.slot_file(self.live).differs()
            or any(kind in ("unit", "gunicorn") for kind, _ in self.different)
            or systemd.show(self.layout.slot_service(self.live), "ActiveState")["ActiveState"] != "active"
        )

    def links(self) -> dict:
        """Every link as it has to be once the slot is live."""
        layout = self.layout
        return {
            layout.current: os.path.join("slots", self.slot),
            os.path.join(layout.etc, "env"): self.slot + ".env",
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
        pending = [file.path for _, file in self.different] + self.wrong_links()
        if self.slot != self.live:
            pending.append("slot")
        if read_link(self.layout.socket_link) != self.layout.slot_socket(self.slot):
            pending.append(self.layout.socket_link)
        if self.tmpfiles().differs():
            pending.append(self.tmpfiles().path)
        if self.nginx_off():
            pending.append(self.params["nginx_link"]["link"])
        return pending

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
        layout = self.layout
        units = layout.slot_units(self.slot)
        if any(map(systemd.is_active, units)):
            systemd.systemctl("stop", *reversed(units), timeout=600)
        self.restorable.keep(layout.slot_link(self.slot))
        replace_link(os.path.join("..", "releases", self.release), layout.slot_link(self.slot))
        ensure_directory(layout.run)
        self.write(self.slot_file(self.slot))
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
        trouble = wait_until_healthy(
            lambda left: self.probe.over_socket(layout.slot_socket(self.slot), min(left, PROBE_SECONDS)),
            lambda: systemd.has_given_up(units[1]),
            self.params["health_timeout"],
        )
        if trouble:
            raise CommandFailed("%s is not healthy at %s: %s" % (units[1], self.params["health_path"], trouble))

    def apply_nginx(self) -> bool:
        """Writes nginx's file and has nginx check it before anything reads it. Tells whether nginx has to read it."""
        changed = False
        for kind, file in self.different:
            if kind == "nginx":
                self.write(file)
                changed = True
        if self.nginx_off():
            self.link(self.params["nginx_link"]["target"], self.params["nginx_link"]["link"])
            changed = True
        if changed:
            try:
                run(["nginx", "-t", "-q"])
            except CommandFailed as error:
                raise CommandFailed("nginx refuses its new configuration: %s" % error) from error
        return changed

    def switch(self) -> None:
        """The switch itself is the rename of the socket link; the rest makes it last."""
        layout = self.layout
        for kind, file in self.different:
            if kind == "plain":
                self.write(file)
        self.write(self.tmpfiles())
        self.restorable.keep(layout.socket_link)
        ensure_directory(os.path.dirname(layout.socket_link))
        replace_link(layout.slot_socket(self.slot), layout.socket_link)
        for path, target in self.links().items():
            self.link(target, path)

    def reload_nginx(self, changed: bool) -> None:
        if not systemd.is_active("nginx.service"):
            systemd.systemctl("enable", "--now", "nginx.service")
        elif changed:
            systemd.systemctl("reload", "nginx.service")

    def probe_front(self) -> None:
        trouble = wait_until_healthy(lambda left: self.probe.through_nginx(min(left, PROBE_SECONDS)), lambda: False, PROBE_SECONDS)
        if trouble:
            raise CommandFailed("nginx does not pass %s on to the application: %s" % (self.params["health_path"], trouble))

    def enable(self) -> None:
        """Makes the slot start at boot. Before the switch, so that a host that goes down at any moment comes back with what it serves."""
        if not all(map(systemd.is_enabled, self.layout.slot_units(self.slot))):
            systemd.systemctl("enable", "--quiet", *self.layout.slot_units(self.slot))

    def disable_others(self) -> None:
        for slot in SLOTS:
            if slot != self.slot and any(map(systemd.is_enabled, self.layout.slot_units(slot))):
                systemd.systemctl("disable", "--quiet", *self.layout.slot_units(slot))

    def retire(self, units: list[str]) -> None:
        """Ends what listened on the socket's path before this collection did, such as a tutorial's gunicorn.socket."""
        if units:
            systemd.systemctl("disable", "--now", "--quiet", *units, timeout=600)
            replace_link(self.layout.slot_socket(self.slot), self.layout.socket_link)

    def run(self) -> None:
        starting = self.slot != self.live
        replaced = systemd.listeners(self.layout.socket_link) if os.path.exists(self.layout.socket_link) and not os.path.islink(self.layout.socket_link) else []
        try:
            if starting:
                self.start_slot()
                static.merge(self.layout.read_release(self.release), self.layout)
            nginx_changed = self.apply_nginx()
            self.enable()
            self.switch()
            self.reload_nginx(nginx_changed)
            self.probe_front()
            self.disable_others()
            self.restorable.forget()
            self.retire(replaced)
        except Exception as error:
            raise CommandFailed(self.give_up(str(error), starting)) from error

    def give_up(self, cause: str, starting: bool) -> str:
        """Puts everything back and tells why, with the application's last words."""
        log = systemd.log_since(self.layout.slot_service(self.slot), self.started) if starting else ""
        nginx_touched = any(kind == "nginx" for kind, _ in self.different)
        self.restorable.restore()
        if starting:
            units = self.layout.slot_units(self.slot)
            run(["systemctl", "daemon-reload"])
            try_quietly("systemctl", "disable", "--quiet", *units)
            try_quietly("systemctl", "stop", *reversed(units))
            try_quietly("systemctl", "reset-failed", *units)
        if nginx_touched and systemd.is_active("nginx.service"):
            try_quietly("systemctl", "reload", "nginx.service")
        serving = "the old release %s still serves" % self.previous_release if self.previous_release else "nothing was served before, and nothing is"
        self.layout.record(
            release=self.release, revision=self.layout.read_release(self.release).get("revision"), result="failed", run=self.params["run_id"],
            actor=self.params["actor"],
        )
        parts = ["release %s was not activated, %s: %s" % (self.release, serving, cause)]
        if log:
            parts.append("Last log lines:\n" + log)
        return self.environment.mask("\n".join(parts))


def try_quietly(*argv: str) -> None:
    """A step that may fail without harm, or whose failure must not hide the first one."""
    try:
        run(list(argv))
    except CommandFailed:
        pass


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **LAYOUT,
            **APPLICATION,
            "release": {"type": "str", "required": True},
            "files": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "path": {"type": "path", "required": True},
                    "content": {"type": "str", "required": True},
                    "kind": {"type": "str", "choices": ["unit", "gunicorn", "nginx", "plain"], "default": "plain"},
                },
            },
            "nginx_link": {"type": "dict", "default": {}},
            "paths": {"type": "dict", "default": {}},
            "health_path": {"type": "str", "default": "/"},
            "health_host": {"type": "str", "default": "localhost"},
            "health_statuses": {"type": "list", "elements": "int", "default": []},
            "health_timeout": {"type": "int", "default": 60},
            "url": {"type": "str"},
            "run_id": {"type": "str", "default": ""},
            "actor": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    activation = Activation(module)
    layout = activation.layout
    pending = activation.pending()
    revision = layout.read_release(activation.release).get("revision")
    result = {
        "changed": bool(pending),
        "done": pending,
        "slot": activation.slot,
        "diff": [file.diff() for _, file in activation.different],
        "deploy": {"release": activation.release, "previous_release": activation.previous_release, "revision": revision, "url": module.params["url"]},
    }
    if pending and not module.check_mode:
        try:
            activation.run()
        except CommandFailed as error:
            served = activation.previous_release
            told = {"release": served, "previous_release": served, "revision": layout.read_release(served).get("revision") if served else None}
            module.fail_json(msg=str(error), deploy={key: value for key, value in told.items() if value})
        layout.record(
            release=activation.release, revision=revision, previous=activation.previous_release, result="succeeded", slot=activation.slot,
            run=module.params["run_id"], actor=module.params["actor"], seconds=round(time.time() - activation.started, 1),
        )
    module.exit_json(**result)


if __name__ == "__main__":
    main()
