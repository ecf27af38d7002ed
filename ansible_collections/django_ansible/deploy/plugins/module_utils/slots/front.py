# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""nginx in front of an application: its files, its check of them, and a visitor's way through it."""
from __future__ import annotations

import os
import re

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import firewall, nginx, nginx_trial, systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import Restorable
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.probe import wait_until_healthy
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import replacing
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.wanted import PROBE_SECONDS, Wanted

REFUSED = "nginx refuses its new configuration: %s"
LISTEN = re.compile(r"^\s*listen (?:\[::\]:)?(\d+)", re.MULTILINE)
# A certificate that the deploy makes later, or what a task of the project's own puts there. nginx and OpenSSL have the same words for it.
NOT_YET = "No such file or directory"

# A release that is not there: of what only it would tell, what the live one is known to have counts.
UNMADE = "00000000T000000Z-0000000"


class Front:
    """nginx as it has to be for what is wanted."""

    def __init__(self, wanted: Wanted, restorable: Restorable) -> None:
        self.wanted = wanted
        self.restorable = restorable

    def apply(self) -> bool:
        """Writes nginx's file and has nginx check it before anything reads it. Tells whether nginx has to read it."""
        changed = False
        for kind, file in self.wanted.different:
            if kind == "nginx":
                replacing.write(self.restorable, file)
                changed = True
        for path in self.wanted.removals:
            self.restorable.keep(path)
            os.unlink(path)
            changed = True
        if self.wanted.nginx_off():
            link = self.wanted.params["nginx_link"]
            replacing.link(self.restorable, link["target"], link["link"], self.wanted.release)
            changed = True
        if changed:
            try:
                said = run(["nginx", "-t"])
            except CommandFailed as error:
                raise CommandFailed(REFUSED % nginx.with_refused_line(str(error))) from error
            refuse_taken_names(said, self.wanted.params["server_names"])
        return changed

    def closed_ports(self) -> list[str]:
        """What to warn of once, before anybody was served here: a firewall that lets nobody in at the site's ports."""
        if self.wanted.previous_release is not None:
            return []
        sites = "\n".join(file.content.decode() for kind, file in self.wanted.files if kind == "nginx")
        return firewall.warning(sorted({int(port) for port in LISTEN.findall(sites)}))

    def reload(self, changed: bool) -> None:
        if not systemd.is_active("nginx.service"):
            systemd.systemctl("enable", "--now", "nginx.service")
        elif changed:
            systemd.systemctl("reload", "nginx.service")

    def check(self) -> None:
        trouble = wait_until_healthy(self.wanted.probe.through_nginx, lambda: False, PROBE_SECONDS)
        if trouble:
            raise CommandFailed("nginx does not pass %s on to the application: %s" % (self.wanted.params["health_path"], trouble))


def try_out(params: dict) -> None:
    """Has nginx look at the site that a deploy is going to give it, before anything is done for that deploy.

    :raises CommandFailed: when it refuses the site. What only the release itself or a later task brings is left to the check before the switch.
    """
    if not params["service"].get("web") or not systemd.is_active("nginx.service"):
        return
    wanted = Wanted({**params, **params["service"], "release": UNMADE})
    if not wanted.touches_nginx:
        return
    link = wanted.params["nginx_link"]
    try:
        said = nginx_trial.said_of([file for kind, file in wanted.files if kind == "nginx"], wanted.removals, {link["link"]: link["target"]} if link else {})
    except CommandFailed as error:
        if NOT_YET in error.printed:
            return
        raise CommandFailed(REFUSED % error) from error
    refuse_taken_names(said, wanted.params["server_names"])


def refuse_taken_names(said: str, names: list[str]) -> None:
    """:raises CommandFailed: when another site of this host has a name of this one's."""
    taken = conflicting_names(said, names)
    if taken:
        raise CommandFailed(
            "another site of this host's nginx has the server name %s already: remove it there (`nginx -T` shows where) or deploy under another name"
            % ", ".join(taken)
        )


def conflicting_names(said: str, names: list[str]) -> list[str]:
    """Those of *names* that `nginx -t` warns of: it would ignore them in one of the sites that have them."""
    return [name for name in names if 'conflicting server name "%s"' % name in said]
