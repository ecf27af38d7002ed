# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""nginx in front of an application: its files, its check of them, and a visitor's way through it."""
from __future__ import annotations

import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import nginx, systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import Restorable
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.probe import wait_until_healthy
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import replacing
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.wanted import PROBE_SECONDS, Wanted


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
                line = nginx.refused_line(str(error))
                raise CommandFailed("nginx refuses its new configuration: %s%s" % (error, "\nThat line is: %s" % line if line else "")) from error
            taken = conflicting_names(said, self.wanted.params["server_names"])
            if taken:
                raise CommandFailed(
                    "another site of this host's nginx has the server name %s already: remove it there (`nginx -T` shows where) or deploy under another name"
                    % ", ".join(taken)
                )
        return changed

    def reload(self, changed: bool) -> None:
        if not systemd.is_active("nginx.service"):
            systemd.systemctl("enable", "--now", "nginx.service")
        elif changed:
            systemd.systemctl("reload", "nginx.service")

    def check(self) -> None:
        trouble = wait_until_healthy(self.wanted.probe.through_nginx, lambda: False, PROBE_SECONDS)
        if trouble:
            raise CommandFailed("nginx does not pass %s on to the application: %s" % (self.wanted.params["health_path"], trouble))


def conflicting_names(said: str, names: list[str]) -> list[str]:
    """Those of *names* that `nginx -t` warns of: it would ignore them in one of the sites that have them."""
    return [name for name in names if 'conflicting server name "%s"' % name in said]
