# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""What a deploy is going to do on a host: found out and written down before anything is touched."""

from __future__ import annotations

import json
import os
import shutil
import tempfile

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import returning
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.activation import concerned, running_images
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.bake import misplaced
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.containers import describe, judge, predict, snapshot
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.images import Images
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.project import Project
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.registry import memory_folder
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.rollout import obstacles
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.sources import Managed
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import Store, fingerprint, lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import hearing


class Plan:
    """Files, configuration, images: what is there, and what is to be."""

    def __init__(self, params, compose, values, registries):
        self.params, self.compose, self.engine = params, compose, compose.engine
        self.registries = registries
        self.project = Project(compose, params["files"], params["name"], params["profiles"], params["services"])
        self.managed = Managed.given(params["sources"], self.project.folder, params["env_file"], values)
        self.notice = ""
        self.trouble = None

    def make(self, check_mode):
        params = self.params
        config, warnings = self.resolve()
        summary = self.project.summary(config)
        self.refuse(config, summary["services"])
        self.store = Store(summary["name"])
        self.store.refuse_unreadable()
        lock = lock_of(summary["name"], "" if check_mode else params["run_id"], params["actor"])
        lock.take(params["lock_wait"], params["wait_is_told"])
        self.notice = lock.notice and f"{self.project.files[0]}: {lock.notice}"
        heartbeat = hearing.begin(lock, params["heart"], returning, {"project": summary["name"]}, params["notify"])
        try:
            result = self.survey(config, summary, warnings, check_mode)
        except BaseException:
            lock.release()
            raise
        if result["settled"]:
            lock.release()
        else:
            self.trouble = heartbeat.wait(params["unheard"])
        return result

    def survey(self, config, summary, warnings, check_mode):
        services = summary["services"]
        images = Images(self.compose, services, self.registries)
        images.survey()
        warnings += images.refuse_unpullable()
        chosen = images.chosen()
        recorded = images.recorded(chosen)
        listed = self.engine.containers(summary["name"])
        before = concerned(snapshot(listed), summary)
        live = self.store.live()
        files = [*self.managed.differing(), *self.managed.obsolete(self.store.files(live))]
        built = [name for name, service in services.items() if service["build"]]
        settled = not files and not images.needed and not built and self.runs(live, config, summary, before, images)
        running = running_images(self.engine, self.store, before)
        mark = fingerprint(config, recorded, self.managed)
        result = {
            "changed": False,
            "project": summary["name"],
            "settled": settled,
            "scheduled": os.path.exists(self.store.schedule),
            "pull": images.needed or bool(built),
            "digests": chosen,
            "releases": [],
            "live": {"release": live},
            "fits": [found["release"] for found in self.store.list_releases() if found.get("fingerprint") == mark and not found.get("bad")],
            "deploy": {"images": running, "previous_images": running, "warnings": warnings},
        }
        if settled and self.params["revision"]:
            result["deploy"]["revision"] = self.params["revision"]
        if check_mode:
            result["deploy"]["images"] = recorded
            self.predict(result, config, summary, before, images, files, built)
        elif not settled:
            self.store.write_plan(
                config, self.managed, run=self.params["run_id"], file=self.project.files[0], files=self.project.files, project=self.params["name"],
                profiles=self.params["profiles"], services=self.params["services"], summary=summary, chosen=chosen, images=recorded,
                revision=self.params["revision"], fingerprint=mark, pulled=[],
            )
        return result

    def resolve(self):
        """The configuration as it will be; files that are not on the host yet are read from a stage that looks like its folder."""
        if not self.managed.differing():
            return self.project.resolve()
        top = tempfile.mkdtemp(prefix="django-ansible-deploy-stage-", dir=memory_folder())
        # The folder's own name, since compose names a project after it.
        stage = os.path.join(top, os.path.basename(self.project.folder) or "root")
        try:
            self.managed.stage(self.project.folder, stage)
            return self.project.resolve(stage)
        finally:
            shutil.rmtree(top, ignore_errors=True)

    def refuse(self, config, services):
        built = sorted(name for name, service in services.items() if service["build"])
        if built and not self.params["build"]:
            raise ComposeError(
                f"{', '.join(built)} would be built on the host: build the image in the workflow, push it to a registry and name it with `image:`, "
                "or set compose_app_build: true."
            )
        found = obstacles(json.loads(config), self.params["rollout"])
        if found:
            raise ComposeError("Two generations cannot run at once: " + "; ".join(found) + ".")
        trouble = misplaced(self.params["bake_checks"], services)
        if trouble:
            raise ComposeError(trouble)

    def runs(self, live, config, summary, before, images):
        """Whether the live release is this one, each of its containers is there, made of it, and fit, and no migration is left that it had to wait for."""
        record = self.store.read_release(live) if live else {}
        if not record or record.get("bad") or record.get("later") or self.store.config(live) != config or record.get("services") != self.params["services"]:
            return False
        if self.params["remove_orphans"] and any(entry["service"] not in summary["declared"] for entry in before.values()):
            return False
        for name, service in summary["services"].items():
            mine = {key: entry for key, entry in before.items() if entry["service"] == name}
            image = (images.before.get(service["image"]) or self.engine.image(service["image"]) or {}).get("Id")
            if len(mine) != service["replicas"]:
                return False
            for identifier, entry in mine.items():
                if entry["hash"] != (record.get("hashes") or {}).get(name) or image not in (entry["image"], entry["image_label"]):
                    return False
                container = self.engine.container(identifier)
                if not container or judge(container, False, True)[0] != "ready":
                    return False
        return True

    def predict(self, result, config, summary, before, images, files, built):
        """What check mode tells: by configuration hashes and images, the marks with which compose decides itself."""
        services = summary["services"]
        for identifier, entry in before.items():
            if not entry["running"]:
                container = self.engine.container(identifier)
                entry["done"] = bool(container) and judge(container, False, True)[0] == "ready"
        outdated = images.outdated(images.stale | {reference for reference in images.errors if not images.before[reference]})
        current = {name: (images.before.get(service["image"]) or self.engine.image(service["image"]) or {}).get("Id", "") for name, service in services.items()}
        # From stdin: check mode leaves nothing on the host, and no values of env in a file.
        hashes = self.compose.hashes(files=["-"], folder=self.project.folder, project=summary["name"], profiles=self.params["profiles"], stdin=config)
        changed = predict(before, services, hashes, current, set(outdated) | set(built), self.params["remove_orphans"])
        lines = "".join(f"{path}: would be {'written' if path in self.managed.files else 'removed'}\n" for path in files)
        lines += describe({name: "pulled" for name in outdated}, True) + describe({name: "built" for name in built}, True) + describe(changed, True)
        result.update(changed=bool(lines), changes=changed, outdated=outdated, diff={"prepared": lines})
        for name, what in changed.items():
            if what == "removed":
                result["deploy"]["images"].pop(name, None)
