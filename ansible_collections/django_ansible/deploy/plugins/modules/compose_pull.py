#!/usr/bin/python
# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)

from __future__ import annotations

DOCUMENTATION = r"""
module: compose_pull
short_description: Pull the images that a deploy has planned
description:
  - Pulls each image by its digest, so that it is the same one on every host, and does not touch what a tag means on the host yet.
  - A credential goes to the engine with each request and is written nowhere; the host's own docker config keeps working. To build, it lives in a docker config
    folder of its own that is removed again.
  - With O(batches), the host goes on to start the release and to end the deploy.
extends_documentation_fragment:
  - django_ansible.deploy.compose
  - django_ansible.deploy.compose.project
  - django_ansible.deploy.compose.start
options:
  env:
    description: The values that are kept out of answers and log, a mapping as JSON text.
    type: str
    default: "{}"
  release:
    description: Name of the release that was planned. Needed with O(batches).
    type: str
    default: ''
  revision:
    description: Commit that is deployed, with O(batches).
    type: str
    default: ''
  batches:
    description:
      - Names of all hosts of the run, batch by batch, where the release is activated in this step once its images are there. A host that is alone does so by
        itself. Several do when all of them are ready, one batch after the other; the action plugin and the heartbeat see to that.
      - Then O(finish) ends the deploy here as well. Where one host is not ready, none goes over, and M(django_ansible.deploy.compose_up) has to run.
    type: list
    elements: list
    default: []
  finish:
    description: How the deploy ends with O(batches), as for M(django_ansible.deploy.compose_finish).
    type: dict
    suboptions:
      keep_releases:
        description: How many releases stay, the live one among them.
        type: int
        default: 5
      service:
        description: Service whose image has the code that migrates.
        type: str
        default: ''
      python:
        description: Python of the image that has Django.
        type: str
        default: python
      folder:
        description: Folder of C(manage.py) in the image.
        type: str
        default: ''
      settings:
        description: Django settings, where neither the service nor its image sets C(DJANGO_SETTINGS_MODULE).
        type: str
        default: ''
      everywhere:
        description: Whether every host of the application was part of the deploy.
        type: bool
        default: false
      dumps:
        description: How many dumps of the database are kept.
        type: dict
        default: {}
        suboptions:
          number:
            description: The newest ones, at most.
            type: int
            default: 14
          days:
            description: For how many days, at most.
            type: int
            default: 30
  digests:
    description: By image reference, the digest that all hosts are to run. Empty pulls the tag.
    type: dict
    default: {}
  registries:
    description: As for M(django_ansible.deploy.compose_reach).
    type: str
    default: "[]"
  build:
    description: Whether services with C(build:) are built.
    type: bool
    default: false
  timeout:
    description: Seconds after which a pull or a build is given up.
    type: int
    default: 900
attributes:
  check_mode:
    description: M(django_ansible.deploy.compose_reach) has returned it all.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Pull the images
  django_ansible.deploy.compose_pull:
    project: shop
    digests: "{{ reached.digests }}"
    run_id: 4711-1-a1b2c3
"""

RETURN = r"""
pulled:
  description: What was pulled or built, by reference.
  returned: success
  type: list
  elements: str
activated:
  description: C(release) and C(revision) that this step went over to, with O(batches).
  returned: when so
  type: dict
finished:
  description: Whether the deploy was ended here too, as it was on all hosts.
  returned: with RV(activated)
  type: bool
changes:
  description: What happened to each service that changed, as for M(django_ansible.deploy.compose_up).
  returned: with RV(activated)
  type: dict
found_bad:
  description: Whether the release was found to fail its visitors, as for M(django_ansible.deploy.compose_up).
  returned: on failure
  type: bool
told:
  description: For each service, how it is known to be healthy, and sentences about migrations that had to wait. The action plugin shows it.
  returned: with RV(activated)
  type: list
  elements: str
deploy:
  description: As for M(django_ansible.deploy.compose_up), and C(phases), how many milliseconds this step was in each phase after its own.
  returned: with O(batches), and on failure
  type: dict
"""

import contextlib
import signal

from ansible.module_utils.common.text.converters import to_native
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import activating, going_over
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import Compose, masker, parse_env, reason_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError, EngineError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.finishing import FINISH
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.images import REGISTRY_ARGUMENTS, Images, cannot_pull, holds, parse_registries
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.registry import private_config, split_reference, sweep_folders
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import Store, lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.target import PROJECT_ARGUMENTS, RUN_ARGUMENTS, START_ARGUMENTS
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.giving_up import RunEnded
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import Locked
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.phases import Phases


class Pull:
    def __init__(self, params, compose, registries):
        self.params, self.compose, self.engine = params, compose, compose.engine
        self.store = Store(params["project"])
        self.plan = self.store.plan()
        if self.plan.get("run") != params["run_id"]:
            raise ComposeError("What this run planned on this host is gone: start it again.")
        self.images = Images(compose, self.plan["summary"]["services"], registries)
        self.pulled = []

    def run(self):
        chosen = {reference: self.params["digests"].get(reference, digest) for reference, digest in self.plan["chosen"].items()}
        for reference, digest in sorted(chosen.items()):
            chosen[reference] = self.fetch(reference, digest)
        self.build()
        self.images.before = self.images.local()
        # When the connection breaks, Ansible asks again: what was pulled before is still this run's change.
        pulled = sorted({*self.plan["pulled"], *self.pulled})
        self.store.change_plan(chosen=chosen, images=self.images.recorded(chosen), pulled=pulled)
        return pulled

    def fetch(self, reference, digest):
        """Has the image on this host and returns its digest."""
        name, fixed = split_reference(reference)[1], split_reference(reference)[3]
        by_digest = f"{name}@{digest}"
        if digest and self.engine.image(by_digest):
            return digest
        here = self.engine.image(reference)
        if self.images.is_enough(reference, here) and (not digest or holds(here, digest)):
            return digest
        platform = next((service["platform"] for service in self.plan["summary"]["services"].values() if service["image"] == reference), "")
        before = None if digest else here
        try:
            self.engine.pull(by_digest if digest else reference, self.images.auth(reference), platform, self.params["timeout"])
        except EngineError as error:
            raise ComposeError(cannot_pull(reference, error)) from None
        found = self.engine.image(by_digest if digest else reference) or {}
        if not before or found.get("Id") != before["Id"]:
            self.pulled.append(reference)
        if digest and not fixed and not self.engine.image(reference):
            # Nothing has gone by this name here so far, so nobody is misled.
            self.engine.tag(found["Id"], reference)
        return digest or next((entry.partition("@")[2] for entry in found.get("RepoDigests") or [] if entry.startswith(name + "@")), "")

    def build(self):
        built = sorted(name for name, service in self.plan["summary"]["services"].items() if service["build"])
        if not built or not self.params["build"]:
            return
        images = {name: self.plan["summary"]["services"][name]["image"] for name in built}
        before = {name: (self.engine.image(image) or {}).get("Id") for name, image in images.items()}
        sweep_folders()
        with private_config(self.images.logged_in()) as folder:
            code, out, err = self.compose.call(
                ["build", *built], files=[self.store.planned_config()], folder=self.plan["file"].rpartition("/")[0] or "/", project=self.plan["project"],
                profiles=self.plan["profiles"], config_dir=folder, timeout=self.params["timeout"],
            )
        if code is None:
            raise ComposeError(f"The build did not end within {self.params['timeout']} seconds and was stopped: raise compose_app_pull_timeout.")
        if code != 0:
            raise ComposeError(f"{', '.join(built)} could not be built: {reason_of(err or out, 12)}")
        self.pulled += [images[name] for name in built if (self.engine.image(images[name]) or {}).get("Id") != before[name]]


@contextlib.contextmanager
def ended_by_error():
    """A signal must not skip the removal of the credential's folder."""

    def stop(number, frame):
        raise SystemExit(143)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def go_over(params, lock):
    """What is answered of a host that went over to the release, and none where it did not; and of one where that failed."""
    told = Phases()
    try:
        went = going_over.go_over(params, lock, told.begin)
        return went and {**went, "deploy": {**went["deploy"], **told.told()}}, None
    except going_over.Unfinished as error:
        return {**error.done, "deploy": {**error.done["deploy"], **told.told()}}, error
    except (CommandFailed, Locked) as error:
        before = going_over.of_earlier_try(params, lock, error)
        if before:
            return before, None
        error = going_over.why(params, error)
        failed = activating.failure(params, error)
        return {**failed, "deploy": {**failed["deploy"], **told.told()}}, error


def main():
    module = AnsibleModule(
        argument_spec=dict(
            **RUN_ARGUMENTS,
            **PROJECT_ARGUMENTS,
            **REGISTRY_ARGUMENTS,
            **START_ARGUMENTS,
            env={"type": "str", "no_log": True, "default": "{}"},
            release={"type": "str", "default": ""},
            revision={"type": "str", "default": ""},
            digests={"type": "dict", "default": {}},
            build={"type": "bool", "default": False},
            timeout={"type": "int", "default": 900},
            batches={"type": "list", "elements": "list", "default": []},
            finish={"type": "dict", "options": FINISH},
        ),
        supports_check_mode=True,
    )
    if module.check_mode:
        module.exit_json(changed=False, pulled=[])
    params = module.params
    registries = parse_registries(params["registries"])
    mask = masker([*parse_env(params["env"]).values(), *(entry["password"] for entry in registries)])
    lock = lock_of(params["project"], params["run_id"], params["actor"])
    pull, pulled, went, failed = None, [], None, None
    try:
        with ended_by_error(), lock.step(), lock.while_run_lives():
            pull = Pull(params, Compose(), registries)
            pulled = pull.run()
    except (CommandFailed, Locked, RunEnded) as error:
        went = going_over.of_earlier_try(params, lock, error) if params["batches"] else None
        if not went:
            error = going_over.why(params, error)
            failed = activating.failure(params, error)
            module.fail_json(msg=mask(to_native(error)), **{**failed, "changed": bool(failed.get("changed") or (pull and pull.pulled))})
    if params["batches"] and not went:
        went, failed = go_over(params, lock)
    if failed:
        module.fail_json(msg=mask(to_native(failed)), **{**went, "changed": bool(pulled or went.get("changed"))}, pulled=pulled)
    diff = {"prepared": "".join(f"{reference}: pulled\n" for reference in pulled) + (went or {}).get("diff", {}).get("prepared", "")}
    activated = {**went, "activated": {"release": params["release"], "revision": params["revision"]}} if went else {}
    module.exit_json(**{**activated, "changed": bool(pulled or activated.get("changed")), "pulled": pulled, "diff": diff})


if __name__ == "__main__":
    main()
