# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""A rollback: what this host has kept, without compose files and registry. The step that looks goes on to switch when all hosts of the run would go over to the same release."""

from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import activating, returning
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import Store, lock_of, project_at
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import agreement, hearing, older_release
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.phases import ACTIVATE, Phases


class Rollback:
    """One host's part of it.

    :param params: of compose_reach.
    :raises ComposeError: when nothing was ever deployed here.
    """

    def __init__(self, params, compose, check_mode):
        self.params, self.engine = params, compose.engine
        name = params["name"] or project_at(params["files"][0])
        self.store = Store(name) if name else None
        if not self.store or not self.store.live():
            raise ComposeError(f"There is nothing to roll back to: no release of {name or params['files'][0]} was deployed to this host.")
        self.store.refuse_unreadable()
        self.lock = lock_of(name, "" if check_mode else params["run_id"], params["actor"])
        self.warnings = []
        self.phases = Phases()

    def look(self):
        """Takes the lock and says which releases there are.

        :raises Unheard: when the runner has to say that it goes on.
        :raises CommandFailed: when this run has failed here already.
        """
        # What can fail comes before the lock.
        self.store.refuse_again(self.params["run_id"])
        found = {"releases": known_releases(self.store, self.engine), "live": {"release": self.store.live()}}
        self.lock.take(self.params["lock_wait"], self.params["wait_is_told"])
        heartbeat = hearing.begin(self.lock, self.params["heart"], returning, {"project": self.store.project}, self.params["notify"])
        trouble = heartbeat.wait(self.params["unheard"])
        self.warnings += filter(None, (trouble, self.store.went_alone()))
        return {"project": self.store.project, "settled": False, "scheduled": False, "pull": False, "digests": {}, **found, "fits": [], "deploy": {}}

    def switch(self, found):
        """Goes over to the release that this host takes for the one to go back to, when all hosts agree.

        :param found: what :meth:`look` answered. When the connection broke and Ansible asks again, it is put right: what this run did here before is no
            reason to go back further.
        :returns: what the answer has besides, `activated` among it; empty when they do not.
        :raises CommandFailed: when the release is not fit, as activating.activate does.
        """
        before = self.store.recall()
        if before and before["run"] == self.params["run_id"] and not before.get("confirmed"):
            found["live"] = {"release": before["previous"]}
            release = before["release"]
        else:
            release = older_release.expected(found, self.params["asked"], self.params["migrates"])
        commit = next((entry["revision"] for entry in found["releases"] if entry["release"] == release), None)
        if not agreement.ask(self.lock.keeper(), release, commit):
            return {}
        self.phases.begin(ACTIVATE)
        with self.lock.step():
            done = activating.activate({**self.params, "project": self.store.project, "release": release, "kept": True, "hurries": True}, check_mode=False)
        return {**done, "activated": {"release": release, "revision": commit, "later": bool(self.store.read_release(release).get("later"))}}


def known_releases(store, engine):
    """The releases of this host; one whose images are gone cannot run any more."""
    found = []
    for record in store.list_releases():
        gone = not all(engine.image(identifier) for identifier in (record.get("identifiers") or {}).values() if identifier)
        found.append({
            "release": record["release"], "revision": record.get("revision") or "", "activated": record.get("activated"), "bad": bool(record.get("bad")) or gone,
            "migrations": record.get("migrations"),
        })
    return found
