# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Has a host run again what it ran before a run: asked by that run, or by the host itself when the run is heard of no more."""

from __future__ import annotations

import contextlib

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.activation import go_back as undo_activation
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.activation import running_images
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.bake import seen_here
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import Compose
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.containers import snapshot
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import Store
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.evidence import Elsewhere
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.releases import BY_ITSELF


def confirm(params, run):
    """The whole fleet runs the release: this host does not go back by itself any more."""
    Store(params["project"]).confirm(run)


def finish(params, run):
    """Ends a run that was confirmed and leaves nothing else to do on this host. Returns whether it has ended."""
    store = Store(params["project"])
    found = store.recall()
    if not found or found["run"] != run or not found.get("confirmed"):
        return False
    store.forget_undo()
    return True


def look(params, run, seconds, part):
    """What visitors of this host saw in the last *seconds* of the service *part*, which another host watches; nothing once *run* has switched this one."""
    found = Store(params["project"]).recall()
    if found and found["run"] == run:
        return Elsewhere(0, 0, 0, 0, None)
    return seen_here(Compose().engine, params["project"], part, seconds)


def go_back(params, run, result=BY_ITSELF):
    """Goes back if *run* has switched this host and not confirmed.

    Returns what then runs, `images` and `revision`; None when there was nothing to go back from.
    """
    store = Store(params["project"])
    found = store.recall()
    went = None
    if found and found["run"] == run and not found.get("confirmed"):
        compose = Compose()
        undo_activation(compose, store, found, found["settings"], result)
        # It is back. An engine that has just come up itself may not say yet what runs.
        with contextlib.suppress(ComposeError):
            went = {}
            went = served(compose, store)
    if store.plan().get("run") == run:
        store.drop_plan()
    return went


def served(compose, store):
    images = running_images(compose.engine, store, snapshot(compose.engine.containers(store.project)))
    revision = store.read_release(store.live() or "").get("revision")
    return {"images": images, "previous_images": images, **({"revision": revision} if revision else {})}
