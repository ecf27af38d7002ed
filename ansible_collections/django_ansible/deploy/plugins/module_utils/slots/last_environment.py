# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The environment that a release last ran with on this host, so that a rollback finds it whatever the workflow gives that asks for one.

It is in C(/etc/<app_name>/environments/<release>.json), which root alone reads.
"""
from __future__ import annotations

import json
import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.releases import is_name
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


def _folder(layout: Layout) -> str:
    return os.path.join(layout.etc, "environments")


def read(layout: Layout, release: str) -> dict:
    """Variables by name; none where the release has not run yet, or ran under a version that did not note them."""
    if not is_name(release):
        return {}
    try:
        with open(os.path.join(_folder(layout), release + ".json"), encoding="utf-8") as file:
            found = json.load(file)
    except (FileNotFoundError, ValueError):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}


def file(layout: Layout, release: str, values: dict) -> ManagedFile:
    content = json.dumps({name: str(value) for name, value in values.items()}, sort_keys=True)
    return ManagedFile(os.path.join(_folder(layout), release + ".json"), content, "0600", secret=True)


def unneeded(layout: Layout, kept: set[str]) -> list[str]:
    """Paths of those of releases that are not kept."""
    folder = _folder(layout)
    names = [name for name in sorted(os.listdir(folder)) if name.endswith(".json") and is_name(name[: -len(".json")])] if os.path.isdir(folder) else []
    return [os.path.join(folder, name) for name in names if name[: -len(".json")] not in kept]


def completed(params: dict, layout: Layout, release: str) -> dict:
    """What was given; in a rollback, what the release last ran with where nothing is given in its place."""
    given = json.loads(params["environment"] or "{}")
    return {**read(layout, release), **given} if params.get("last_environment") else given


def sentence(params: dict, layout: Layout, release: str) -> str | None:
    """Says which variables come from there; None when all are given."""
    more = sorted(set(completed(params, layout, release)) - set(json.loads(params["environment"] or "{}")))
    return "release %s starts with what it last ran with for variables that are not given: %s" % (release, ", ".join(more)) if more else None
