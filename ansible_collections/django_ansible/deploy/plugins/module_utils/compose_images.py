# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""What a project's images are on the host, and what the registry has for them now."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose_engine import ComposeError, EngineError, docker_config
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose_project import digest_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose_registry import (
    encode_auth,
    host_of,
    login,
    refused,
    registry_key,
    split_reference,
    stored_auth,
    with_login,
)

REGISTRY_ARGUMENTS = {
    "registry": {"type": "str", "default": ""},
    "registry_username": {"type": "str", "default": ""},
    "registry_password": {"type": "str", "default": "", "no_log": True},
}


def check_credential(registry, username, password):
    """Whether there is one. A registry, a user and a password come together; each half alone is somebody's mistake."""
    if username and not password:
        raise ComposeError(f"The password for the registry user {username} is empty: set registry-password, and see that its secret exists for this environment.")
    if password and not username:
        raise ComposeError("There is a password for the registry and no user: set registry-username.")
    if registry and not username:
        raise ComposeError(f"The registry {host_of(registry)} has neither user nor password: set both, or leave registry empty to pull without a login of its own.")
    return bool(username)


def wanted_images(services):
    """Services whose image comes from a registry."""
    return {name: service["image"] for name, service in services.items() if service["image"] and not service["build"] and service["pull_policy"] != "never"}


def holds(image, digest):
    """Whether an image of this host is what a registry calls by that digest."""
    return bool(image and digest) and any(entry.endswith("@" + digest) for entry in image.get("RepoDigests") or [])


def cannot_pull(reference, error):
    """One sentence for an image that the registry does not give."""
    registry = split_reference(reference)[0] or "its registry"
    detail = error.message.rstrip(".")
    if error.status == 404:
        return f"The image {reference} cannot be pulled, {registry} does not have it: push it, or correct its name in the compose file."
    if refused(error):
        return f"The image {reference} cannot be pulled, {registry} wants a login that may read it: set registry, registry-username and registry-password ({detail})."
    return f"The image {reference} cannot be pulled, {registry} does not answer as it should: {detail}."


class Images:
    def __init__(self, project, services, registry, username, password):
        """Tries the credential, if there is one; `config` is then the host's docker config with it, and has never been on a disk."""
        self.engine = project.engine
        self.services = services
        self.wanted = wanted_images(services)
        self.references = sorted(set(self.wanted.values()))
        self.config = docker_config(project.config_dir)
        self.logged_in = check_credential(registry, username, password)
        if self.logged_in:
            self.config = with_login(self.config, *login(self.engine, registry, username, password))
        self.digests, self.errors = {}, {}

    def local(self):
        return {reference: self.engine.image(reference) for reference in self.references}

    def survey(self):
        """Compare host and registry. Afterwards: `before`, `digests`, `errors`, `stale` references, and whether a pull is `needed`."""
        self.before = self.local()
        fixed = {reference for reference in self.references if holds(self.before[reference], split_reference(reference)[3])}
        enough = {
            service["image"]
            for service in self.services.values()
            if service["pull_policy"] in ("missing", "if_not_present") and self.before.get(service["image"])
        }
        self._resolve([reference for reference in self.references if reference not in fixed | enough])
        self.stale = {reference for reference, digest in self.digests.items() if not holds(self.before[reference], digest)}
        # With a platform of its own, an image of another one may go by the same digest: then only compose knows.
        foreign = {service["image"] for service in self.services.values() if service["platform"]}
        self.needed = bool(self.stale or self.errors or foreign & set(self.digests))

    def outdated(self, references):
        return sorted(name for name, reference in self.wanted.items() if reference in references)

    def predicted(self):
        """Services whose image a pull would change, and warnings; an image that surely cannot be pulled is an error."""
        warnings = []
        for reference, error in sorted(self.errors.items()):
            # The engine's default registry may stand behind a mirror that does not answer for digests.
            if split_reference(reference)[0] and (refused(error) or error.status == 404 or not self.before[reference]):
                raise ComposeError(cannot_pull(reference, error))
            warnings.append(f"Whether the image {reference} has changed cannot be told: {error.message}.")
        return self.outdated(self.stale | {reference for reference in self.errors if not self.before[reference]}), warnings

    def recorded(self, local, from_registry=False):
        """Digest by service: of the images on the host, or of those that the registry has."""
        result = {}
        for name, reference in self.wanted.items():
            digest = self.digests.get(reference, "")
            if from_registry and digest:
                result[name] = f"{split_reference(reference)[1]}@{digest}"
            else:
                result[name] = digest_of(local[reference], reference, digest)
        return result

    def _resolve(self, references):
        auths = {reference: self._auth(reference) for reference in references}

        def ask(reference):
            try:
                self.digests[reference] = self.engine.remote_digest(reference, auths[reference])
            except EngineError as error:
                self.errors[reference] = error
            except ComposeError as error:
                self.errors[reference] = EngineError(0, str(error).rstrip("."))
            except (KeyError, TypeError):
                self.errors[reference] = EngineError(0, "this engine does not tell digests")

        if len(references) == 1:
            ask(references[0])
        elif references:
            with ThreadPoolExecutor(max_workers=4) as pool:
                list(pool.map(ask, references))

    def _auth(self, reference):
        if not any(self.config.get(name) for name in ("auths", "credsStore", "credHelpers")):
            return None
        index = self.engine.info().get("IndexServerAddress") or ""
        return encode_auth(stored_auth(self.config, registry_key(split_reference(reference)[0], index)))
