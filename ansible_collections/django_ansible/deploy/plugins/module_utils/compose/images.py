# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""What a project's images are on the host, and what the registry has for them now."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.containers import digest_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError, EngineError, Untold, docker_config
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.registry import (
    basic,
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
    # One string, not a list: no_log on a list would mask each of its values, user names included, in every answer.
    "registries": {"type": "str", "no_log": True, "default": "[]"},
}


def parse_registries(text):
    """Credentials by registry: a JSON list of mappings with registry, username and password. Those without any of the three are left out."""
    given = json.loads(text or "[]")
    result = [{key: str(entry.get(key) or "") for key in ("registry", "username", "password")} for entry in given]
    return [entry for entry in result if any(entry.values())]


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
    def __init__(self, compose, services, registries):
        """Takes the credentials, if there are any: `config` is the host's docker config with them, and has never been on a disk."""
        self.engine = compose.engine
        self.services = services
        self.wanted = wanted_images(services)
        self.references = sorted(set(self.wanted.values()))
        self.config = docker_config(compose.config_dir)
        self.digests, self.errors = {}, {}
        self.credentials = [entry for entry in registries if check_credential(**entry)]
        for entry in self.credentials:
            self.config = with_login(self.config, self.key(entry["registry"]), {"auth": basic(entry["username"], entry["password"])})

    def local(self):
        return {reference: self.engine.image(reference) for reference in self.references}

    def survey(self):
        """Compare host and registry. Afterwards: `before`, `digests`, `errors`, `stale` references, and whether a pull is `needed`."""
        self.before = self.local()
        fixed = {reference for reference in self.references if holds(self.before[reference], split_reference(reference)[3])}
        enough = {reference for reference in self.references if self.is_enough(reference, self.before[reference])}
        self._resolve([reference for reference in self.references if reference not in fixed | enough])
        self._try_untried()
        self.stale = {reference for reference, digest in self.digests.items() if not holds(self.before[reference], digest)}
        self.needed = bool(self.stale or self.errors)

    def is_enough(self, reference, here):
        """Whether the compose file wants whatever image this host has, which may be in no registry."""
        wanting = (service for service in self.services.values() if service["image"] == reference)
        return bool(here) and any(service["pull_policy"] in ("missing", "if_not_present") for service in wanting)

    def outdated(self, references):
        return sorted(name for name, reference in self.wanted.items() if reference in references)

    def refuse_unpullable(self):
        """Stop at an image that surely cannot be pulled, and tell what cannot be known without trying."""
        sure, warnings = [], []
        for reference, error in sorted(self.errors.items()):
            # The engine's default registry may stand behind a mirror that does not answer for digests.
            if split_reference(reference)[0] and not isinstance(error, Untold):
                sure.append(cannot_pull(reference, error))
            else:
                warnings.append(f"Whether the image {reference} has changed is not known: {error.message}.")
        if sure:
            raise ComposeError("\n".join(sure))
        return warnings

    def chosen(self):
        """By reference, the digest that is to run; empty where only a pull can tell."""
        result = {}
        for reference in self.references:
            here = digest_of(self.before[reference], reference).partition("@")[2]
            result[reference] = split_reference(reference)[3] or self.digests.get(reference) or ("" if reference in self.errors else here)
        return result

    def recorded(self, chosen):
        """By service, its image as name@digest; one that no registry knows by its id on this host."""
        result = {}
        for name, service in self.services.items():
            reference = service["image"]
            digest = chosen.get(reference, "")
            result[name] = f"{split_reference(reference)[1]}@{digest}" if digest else digest_of(self.before.get(reference) or self.engine.image(reference) or {}, reference)
        return result

    def auth(self, reference):
        """What the engine is told for a pull of this reference, or None."""
        if not any(self.config.get(name) for name in ("auths", "credsStore", "credHelpers")):
            return None
        return encode_auth(stored_auth(self.config, self.key(split_reference(reference)[0])))

    def key(self, registry):
        return registry_key(registry, self.engine.info().get("IndexServerAddress") or "")

    def logged_in(self):
        """The config for a program that asks the registries itself, with the tokens that some of them give in the place of passwords."""
        config = self.config
        for entry in self.credentials:
            config = with_login(config, *login(self.engine, **entry))
        return config

    def _try_untried(self):
        """A credential with which the registry has just answered is right; the others are tried, so that a wrong one is said as such."""
        answered = {self.key(split_reference(reference)[0]) for reference in self.digests} if self.credentials else set()
        for entry in self.credentials:
            if self.key(entry["registry"]) not in answered:
                login(self.engine, **entry)

    def _resolve(self, references):
        auths = {reference: self.auth(reference) for reference in references}

        def ask(reference):
            try:
                self.digests[reference] = self.engine.remote_digest(reference, auths[reference])
            except EngineError as error:
                self.errors[reference] = error
            except ComposeError as error:
                self.errors[reference] = EngineError(0, str(error).rstrip("."))
            except (KeyError, TypeError):
                self.errors[reference] = Untold("this engine does not know digests")

        if len(references) == 1:
            ask(references[0])
        elif references:
            with ThreadPoolExecutor(max_workers=4) as pool:
                list(pool.map(ask, references))
