# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Removes what no kept release needs: records, and images that are this project's alone."""

from __future__ import annotations

import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.activation import KEPT, kept_name
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import Store, projects
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.catalogue import Catalogue


def dropped_releases(store, keep):
    """Names of the releases that go: all but the newest *keep* that are not bad, and the live one."""
    releases = store.list_releases()
    good = [found["release"] for found in releases if not found.get("bad") and found.get("activated")]
    kept = {*good[-keep:], store.live()}
    return [found["release"] for found in releases if found["release"] not in kept]


def prune(engine, store, keep, dumps):
    """Removes releases, their images, and dumps, of which *dumps* says how many are kept. Returns what was removed."""
    names = dropped_releases(store, keep)
    removed = drop(engine, store, names)
    kept = {record["release"] for record in store.list_releases()}
    return removed + [os.path.relpath(path, store.folder) for path in Catalogue(store.backups).prune(kept, **dumps)]


def drop(engine, store, names):
    """Removes the releases of these names, and images that only they had. Returns what was removed."""
    dropped = [store.read_release(name) for name in names]
    for record in dropped:
        for service in record.get("images") or {}:
            engine.remove_reference(kept_name(store.project, service, record["release"]))
    kept = [record for record in store.list_releases() if record["release"] not in names]
    others = [record for project in projects() if project != store.project for record in Store(project).list_releases()]
    needed = {identifier for record in [*kept, *others] for identifier in (record.get("identifiers") or {}).values()} | engine.image_users()
    removed = list(names)
    for identifier in sorted({identifier for record in dropped for identifier in (record.get("identifiers") or {}).values() if identifier} - needed):
        removed += remove_image(engine, identifier, own_names(dropped))
    for name in names:
        store.forget(name)
    return removed


def own_names(records):
    """References by which this project knew its images."""
    return {service["image"] for record in records for service in record["summary"]["services"].values()} | {image for record in records for image in record["images"].values()}


def remove_image(engine, identifier, own):
    """Removes an image unless it has a name that is not the project's."""
    image = engine.image(identifier)
    if not image:
        return []
    names = [*(image.get("RepoTags") or []), *(image.get("RepoDigests") or [])]
    foreign = [name for name in names if name not in own and not name.startswith(KEPT + "/") and name.partition("@")[0] not in {known.partition("@")[0] for known in own}]
    if foreign:
        return []
    gone = [engine.remove_reference(name) for name in names]
    if not names:
        gone = [engine.remove_reference(identifier)]
    return [identifier] if all(gone) else []
