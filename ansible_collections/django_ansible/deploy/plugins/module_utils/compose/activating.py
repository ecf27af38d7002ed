# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""One host goes over to a release, as a step of a run, and what is told of that: of the module that starts it, and of a look that goes on to do so."""

from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.activation import Activation, WentBack
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import Compose
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.containers import describe
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import Store
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.target import settings_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.evidence import UNDECIDED
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.rule import is_found_bad


def activate(params, check_mode):
    """Does what is to be done; with the lock's file held.

    :raises CommandFailed: when the release is not fit; WentBack, where this host runs again what it ran before.
    """
    compose, store = Compose(), Store(params["project"])
    activation = Activation(compose, store, params["release"], settings_of(params), params["kept"], params.get("hurries", False))
    told = {"revision": activation.facts["revision"]} if activation.facts.get("revision") else {}
    if check_mode:
        changed = activation.predict()
        return {"changed": bool(changed), "changes": changed, "diff": {"prepared": describe(changed, True)}, "deploy": {"images": activation.facts["images"], **told}}
    # When the connection broke, Ansible asks again: what this run did here before is still its change.
    found = store.recall() or {}
    done = found.get("done") if found.get("run") == params["run_id"] and store.live() == params["release"] else None
    if not params["kept"] and not done and activation.facts.get("run") != params["run_id"]:
        raise ComposeError("What this run planned on this host is gone: start it again.")
    done = done or activation.run(params["actor"], params["run_id"])
    watched = done.get("watched")
    said = watched[1] if watched else ""
    warned = {"warnings": [said]} if watched and watched[0] == UNDECIDED else {}
    lines = "".join(f"{path}: {'written' if path in activation.managed.files else 'removed'}\n" for path in done["files"])
    return {
        "changed": bool(done["changes"] or done["files"]),
        "changes": done["changes"],
        "told": [f"{service} {how}" for service, how in sorted(done["gates"].items())],
        "diff": {"prepared": lines + describe(done["changes"]) + (said + "\n" if said else "")},
        "deploy": {"images": done["images"], "previous_images": done["previous_images"], **told, **warned},
    }


def failure(params, error):
    """What is told of a release that does not run here."""
    store = Store(params["project"])
    if isinstance(error, WentBack):
        store.drop_plan()
        return {"changed": True, "changes": {}, "found_bad": is_found_bad(error), "deploy": {"kept": True, "images": error.images, "previous_images": error.images}}
    # Without a way back that is left over, nothing was touched.
    touched = (store.recall() or {}).get("run") == params["run_id"]
    return {"changes": {}, "found_bad": is_found_bad(error), "deploy": {} if touched else {"kept": True}}
