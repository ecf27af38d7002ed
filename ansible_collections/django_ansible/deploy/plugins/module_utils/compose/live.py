# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""The live release of a project, for what is done with it besides deploying."""

from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import Compose, masker, parse_env
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import Store, project_at


class Live:
    """What runs of the project that *params*, of FILES_ARGUMENTS, are about.

    :raises ComposeError: when none was deployed to this host.
    """

    def __init__(self, params):
        self.values = parse_env(params["env"])
        self.compose = Compose()
        self.project = params["name"] or project_at(params["files"][0])
        self.store = Store(self.project) if self.project else None
        self.release = self.store.live() if self.store else None
        if not self.release:
            raise ComposeError(f"{self.project or params['files'][0]} has no live release on this host: deploy it first")
        self.store.refuse_unreadable()
        self.record = self.store.read_release(self.release)
        self.config_file = self.store.config_file(self.release)

    def mask(self):
        """Hides in a text what the release's deploy, and this run, were given."""
        return masker([*self.store.secrets(self.release), *self.values.values()])

    def is_seen(self, folder):
        """Whether a container of the project mounts a folder of the host."""
        return any(mount.get("Source") == folder for entry in self.compose.engine.containers(self.project) for mount in entry.get("Mounts") or [])

    def services(self):
        return sorted(self.record["summary"]["services"])
