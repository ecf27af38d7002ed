# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""A compose project on a host, resolved: one JSON text in which every file, profile, placeholder and env_file has had its say.

The same text is checked, recorded and started, so nothing that changes meanwhile gets in between, and a release can come back whole.
Compose gives a service the same configuration hash from it as from the files themselves (tried).
"""

from __future__ import annotations

import json
import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import reason_of, warnings_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError


class Project:
    """Compose files on a host and what is to be known of them. The folder of the first one is the project's."""

    def __init__(self, compose, files, name="", profiles=(), services=()):
        for file in files:
            if not os.path.isabs(file):
                raise ComposeError(f"The compose file {file} is not an absolute path: write where it is on the host, such as /root/compose.yml.")
        self.compose = compose
        self.files = list(files)
        self.folder = os.path.dirname(self.files[0])
        self.name = name
        self.profiles = list(profiles)
        self.services = list(services)

    def resolve(self, stage=None):
        """The resolved text, and the warnings that compose has. With a *stage*, its files are read instead and the text speaks of the real folder."""
        self.compose.argv()  # a missing compose is said before a missing file
        folder, files = self.folder, self.files
        if stage:
            folder, files = stage, [_moved(file, self.folder, stage) for file in files]
        for file, real in zip(files, self.files):
            if not os.path.isfile(file):
                raise ComposeError(
                    f"There is no compose file {real} on this host: put it there, name another one in compose-file, or let compose-source upload one."
                )
        code, out, err = self.compose.call(
            ["config", "--format", "json"], files=files, folder=folder, project=self.name, profiles=self.profiles, timeout=60
        )
        if stage:
            out, err = (text.replace(os.path.dirname(stage), os.path.dirname(self.folder).rstrip("/")) for text in (out, err))
        if code != 0:
            self.compose.require_version_2()
            raise ComposeError(f"The compose file {self.files[0]} is not valid: {reason_of(err, 6) or 'compose gives no reason'}")
        return out, warnings_of(err)

    def summary(self, text):
        """What the other modules need of a resolved text."""
        try:
            project = summarize(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ComposeError("This compose does not answer `config --format json`: install a newer compose plugin.") from None
        if not project["services"]:
            raise ComposeError(f"The compose file {self.files[0]} has no service to start.")
        unknown = sorted(set(self.services) - set(project["services"]))
        if unknown:
            raise ComposeError(f"compose_app_services names {', '.join(unknown)}, which the compose file does not have: it has {', '.join(sorted(project['services']))}.")
        project["declared"] = sorted(project["services"])
        if self.services:
            project["services"] = with_dependencies(project["services"], self.services)
        return project


def _moved(path, folder, to):
    return os.path.join(to, os.path.relpath(path, folder)) if (path + "/").startswith(folder.rstrip("/") + "/") else path


def with_dependencies(services, names):
    """The named services and what they depend on."""
    found, waiting = {}, list(names)
    while waiting:
        name = waiting.pop()
        if name in services and name not in found:
            found[name] = services[name]
            waiting += services[name]["depends_on"]
    return {name: services[name] for name in services if name in found}


def summarize(config):
    """What the modules need of `config --format json`."""
    services = {}
    for name, service in (config.get("services") or {}).items():
        deploy = service.get("deploy") or {}
        replicas = deploy.get("replicas")
        if replicas is None:
            replicas = service.get("scale")
        services[name] = {
            # A service that is built and has no image of its own gets this one from compose.
            "image": service.get("image") or (f"{config['name']}-{name}" if service.get("build") else ""),
            "build": bool(service.get("build")),
            "platform": service.get("platform") or "",
            "pull_policy": service.get("pull_policy") or "",
            "depends_on": sorted(service.get("depends_on") or {}),
            "checked": bool(service.get("healthcheck")) and not (service.get("healthcheck") or {}).get("disable"),
            "replicas": 1 if replicas is None else int(replicas),
        }
    return {"name": config["name"], "services": services}
