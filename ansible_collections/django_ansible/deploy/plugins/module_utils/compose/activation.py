# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Has a host run a release, and has it run again what it ran before."""

from __future__ import annotations

import os
import re
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.bake import Bake
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.containers import changes, digest_of, predict
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.launch import Launch
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.placing import Before
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.project import Project
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.rollout import roll_out
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import lock_of, now
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import elsewhere
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.releases import ROLLED_BACK

KEPT = "kept.django-ansible-deploy"


class Activation:
    """A release that is to run: the planned one, or one that this host has kept.

    *facts* is the plan or the release's record: ``file``, ``profiles``, ``services`` (the named ones), ``summary``, ``images``
    (name@digest by service), ``revision``. *hurries*: whether nobody waits for the engine to say that it is healthy, see own_checks.
    """

    def __init__(self, compose, store, release, settings, kept=False, hurries=False):
        self.compose, self.engine, self.store, self.release = compose, compose.engine, store, release
        self.settings = settings
        self.kept, self.hurries = kept, hurries
        self.facts = store.read_release(release) if kept else store.plan()
        self.config_file = store.config_file(release) if kept else store.planned_config()
        self.managed = store.files(release) if kept else store.planned_files()
        self.previous = store.live()
        self.started = time.time()

    @property
    def summary(self):
        return self.facts["summary"]

    def launch(self):
        return launch_of(self.compose, self.config_file, self.facts, self.settings)

    def identifiers(self):
        """By reference, the id of the image of this host that is to run; an image that is gone is told before anything is touched."""
        known, result = self.facts.get("identifiers") or {}, {}
        for service, image in self.facts["images"].items():
            reference = self.summary["services"].get(service, {}).get("image", "")
            if not reference:
                continue
            found = self.engine.image(image) if image else None
            found = found or (self.engine.image(known[service]) if known.get(service) else None) or (None if self.kept else self.engine.image(reference))
            if not found:
                raise ComposeError(f"The image {image or reference} of service {service} is not on this host any more, and without it release {self.release} cannot run: choose another release.")
            result[reference] = found["Id"]
        return result

    def predict(self):
        """What would happen to each service."""
        launch, identifiers = self.launch(), self.identifiers()
        before = launch.snapshot()
        images = {name: identifiers.get(service["image"], "") for name, service in self.summary["services"].items()}
        return predict(concerned(before, self.summary), self.summary["services"], launch.hashes(), images, set(), self.settings["remove_orphans"])

    def run(self, actor, run):
        """Switches this host. Returns what changed, the images before and after, and by which gate each service passed.

        :raises WentBack: when it failed, and this host runs again what it ran before.
        """
        found = self.store.recall()
        if found and found["run"] == run and not found.get("done"):
            # Nobody knows how far it came, and what is here now is not what was before.
            raise self.went_back("the step that did so was ended in the middle")
        launch, identifiers = self.launch(), self.identifiers()
        launch.is_stopped = lock_of(self.store.project, run).is_asked_to_stop
        if self.hurries:
            launch.hurry()
        before = launch.snapshot()
        previous_images = running_images(self.engine, self.store, before)
        if before and not self.previous:
            self.previous = self.adopt(before)
        earlier = self.store.files(self.previous)
        files = [*self.managed.differing(), *self.managed.obsolete(earlier)]
        files_before = Before.of([self.managed.place_of(path) for path in files])
        tags = {reference: (self.engine.image(reference) or {}).get("Id") for reference in identifiers if "@" not in reference}
        self.save()
        self.store.remember(
            files=files_before.saved, run=run, release=self.release, previous=self.previous, tags=tags, before=sorted(before), actor=actor,
            previous_images=previous_images, done=None, settings=self.settings,
        )
        try:
            # A release that was live before needs no watching.
            watching = None if self.kept else Bake(launch, self.settings, lambda seconds, service: elsewhere.ask(lock_of(self.store.project, run).keeper(), seconds, service))
            self.managed.place(earlier)
            for reference, identifier in identifiers.items():
                if "@" not in reference and tags[reference] != identifier:
                    self.engine.tag(identifier, reference)
            roll_out(launch, before, self.settings)
            watched = watching.watch() if watching else None
            after = launch.snapshot()
            changed = changes(concerned(before, self.summary), concerned(after, self.summary))
            images = running_images(self.engine, self.store, after, self.release)
            self.note(after, run, actor)
            result = {"changes": changed, "files": files, "images": images, "previous_images": previous_images, "gates": launch.gates, "watched": watched}
            self.store.remember(
                files=files_before.saved, run=run, release=self.release, previous=self.previous, tags=tags, before=sorted(before), actor=actor,
                previous_images=previous_images, done=result, settings=self.settings,
            )
        except Exception as error:
            raise self.went_back(error) from error
        return result

    def save(self):
        """Writes the release down before anything runs, so that the way back and the next deploy know it."""
        if self.kept:
            return
        with open(self.config_file, encoding="utf-8") as file:
            config = file.read()
        keys = ("file", "project", "profiles", "services", "summary", "images", "revision", "fingerprint", "migrations", "later")
        known = self.store.read_release(self.release)
        facts = {**{key: self.facts.get(key) for key in keys}, **{key: known[key] for key in ("created", "activated") if key in known}}
        services = self.summary["services"]
        identifiers = {name: (self.engine.image(image) or self.engine.image(services[name]["image"]) or {}).get("Id") for name, image in self.facts["images"].items()}
        self.store.save(self.release, config, self.managed, identifiers=identifiers, **facts)
        for service, identifier in identifiers.items():
            if identifier:
                self.engine.tag(identifier, kept_name(self.store.project, service, self.release))

    def note(self, after, run, actor):
        hashes = {entry["service"]: entry["hash"] for entry in after.values()}
        self.store.mark_release(self.release, activated=now(), hashes=hashes, bad=None)
        self.store.set_live(self.release)
        self.store.record(
            release=self.release, revision=self.facts.get("revision"), previous=self.previous, result="succeeded", run=run, actor=actor,
            images=self.facts["images"], seconds=round(time.time() - self.started, 1),
        )

    def adopt(self, before):
        """Writes down what somebody else started, so that there is a way back to it: the files as they are now with the images that run."""
        try:
            project = project_of(self.compose, self.facts)
            config, _warnings = project.resolve()
            summary = project.summary(config)
        except ComposeError:
            return None
        if summary["name"] != self.summary["name"]:
            return None
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(max(entry["created"] for entry in before.values())))
        release = f"{stamp}-0000000"
        images, identifiers = running_images(self.engine, self.store, before), {entry["service"]: entry["image"] for entry in before.values()}
        hashes = {entry["service"]: entry["hash"] for entry in before.values()}
        facts = {key: self.facts.get(key) for key in ("file", "project", "profiles", "services")}
        self.store.save(release, config, type(self.managed)(), activated=now(), summary=summary, images=images, identifiers=identifiers, hashes=hashes, **facts)
        self.store.set_live(release)
        return release

    def went_back(self, error):
        """The way back after a failure, and the exception that tells of both."""
        found = self.store.recall()
        cause = str(error)
        try:
            go_back(self.compose, self.store, found, self.settings)
        except ComposeError as trouble:
            return ComposeError(f"{cause}\nAnd this host did not roll back to what it ran before: {trouble}")
        again = f"this host runs {self.previous} again" if self.previous else "nothing ran here before, and nothing does"
        return WentBack(f"Release {self.release} was not activated, {again}: {cause}", found["previous_images"])


class WentBack(ComposeError):
    """A failure after which the host runs what it ran before."""

    def __init__(self, message, images):
        super().__init__(message)
        self.images = images


def go_back(compose, store, found, settings, result=ROLLED_BACK):
    """Puts files and tags back, and has compose start what ran before.

    :raises ComposeError: when that does not run or is not fit.
    """
    # A run of the version before, killed in the middle, left its files there.
    found["restorable"].restore()
    Before(found.get("files", [])).restore()
    for reference, identifier in found["tags"].items():
        if identifier and compose.engine.image(identifier):
            compose.engine.tag(identifier, reference)
    previous, failed = found["previous"], found["release"]
    if previous:
        facts = store.read_release(previous)
        for service, identifier in (facts.get("identifiers") or {}).items():
            reference = facts["summary"]["services"].get(service, {}).get("image", "")
            if identifier and reference and "@" not in reference and compose.engine.image(identifier):
                compose.engine.tag(identifier, reference)
        launch = launch_of(compose, store.config_file(previous), facts, {**settings, "remove_orphans": True})
        launch.up(launch.snapshot())
        store.set_live(previous)
    elif found["before"]:
        raise ComposeError("what ran here before was started by somebody else from a compose file that cannot be read any more: start it by hand, or deploy a release that works")
    elif store.read_release(failed):
        launch = launch_of(compose, store.config_file(failed), store.read_release(failed), settings)
        code, out, err = launch.call("down", "--remove-orphans", timeout=settings["wait_timeout"])
        if code != 0:
            raise ComposeError(f"`docker compose down` failed: {(err or out).strip()[-300:]}")
        store.set_live(None)
    if failed != previous:
        store.mark_release(failed, bad=True)
    store.record(release=failed, previous=previous, result=result, run=found["run"], actor=found["actor"])
    store.forget_undo()


def kept_name(project, service, release):
    """The name by which an image of a kept release survives a `docker image prune`."""
    return f"{KEPT}/{project}/{re.sub('[^a-z0-9]+', '-', service.lower()).strip('-')}:{release}"


def launch_of(compose, config, facts, settings):
    return Launch(compose, config, os.path.dirname(facts["file"]), facts.get("profiles") or [], facts.get("services") or [], facts["summary"], settings)


def project_of(compose, facts):
    return Project(compose, facts.get("files") or [facts["file"]], facts.get("project") or "", facts.get("profiles") or [], facts.get("services") or [])


def concerned(containers, summary):
    """Without those of services that the files have and this deploy does not ask for."""
    left_alone = set(summary["declared"]) - set(summary["services"])
    return {key: entry for key, entry in containers.items() if entry["service"] not in left_alone}


def running_images(engine, store, containers, release=None):
    """By service, what its containers run, as the release's record calls it, or the live one's."""
    facts = store.read_release(release or store.live() or "")
    known = {identifier: facts["images"].get(service) for service, identifier in (facts.get("identifiers") or {}).items()}
    result = {}
    for entry in sorted(containers.values(), key=lambda entry: entry["name"]):
        if entry["service"] not in result:
            reference = (facts.get("summary") or {}).get("services", {}).get(entry["service"], {}).get("image", "")
            result[entry["service"]] = known.get(entry["image"]) or digest_of(engine.image(entry["image"]), reference) or entry["image"]
    return dict(sorted(result.items()))
