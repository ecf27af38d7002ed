# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Commands in a container of their own, made from a service's definition and removed afterwards: Django, and PostgreSQL's clients."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import tempfile

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import reason_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.containers import service_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.ending import ENDED, PASSED_ON, asked_to_end
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.registry import memory_folder
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.application import driver_input
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.shapes import checked, refusal
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, tail
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.giving_up import RunEnded
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.program import BOOTSTRAP

SETTINGS = "DJANGO_SETTINGS_MODULE"
NOT_FOUND = (126, 127)


class OneOff:
    """A service of a resolved project, with the image that a release chose for it."""

    def __init__(self, compose, config_file, facts, service, *, timeout=1800):
        self.compose, self.engine = compose, compose.engine
        self.config_file, self.facts, self.service = config_file, facts, service
        self.timeout = timeout
        services = facts["summary"]["services"]
        if service not in services:
            raise CommandFailed(f"there is no service {service} in the compose file: it has {', '.join(sorted(services))}")
        self.image = self._image()

    def _image(self):
        image = self.facts["images"].get(self.service) or ""
        found = self.engine.image(image) if image else None
        known = (self.facts.get("identifiers") or {}).get(self.service)
        found = found or (self.engine.image(known) if known else None) or self.engine.image(self.facts["summary"]["services"][self.service]["image"])
        if not found:
            raise CommandFailed(f"the image of service {self.service} is not on this host")
        return found["Id"]

    def run(self, argv, *, name="", entrypoint=True, environment=None, folder="", mounts=(), **streams):
        """Exit code, stdout and stderr of *argv*; the image's own entrypoint goes before it, unless *entrypoint* is false.

        *environment* reaches the container by a file in memory, never as an argument. Services that it depends on are started when they do not run.
        *name* is the container's, see :meth:`new_name`.

        :raises RunEnded: when the run has ended for which the caller waits; then nothing of the container is left.
        """
        name = name or self.new_name()
        options = []
        for path in mounts:
            options += ["--volume", f"{path}:{path}:ro"]
        if folder:
            options += ["--workdir", folder]
        if not entrypoint:
            options += ["--entrypoint", argv[0]]
            argv = argv[1:]
        try:
            return self._call(name, options, argv, environment, timeout=self.timeout, **streams)
        except RunEnded:
            # That ended compose alone.
            self.engine.drop_container(name)
            raise

    def new_name(self):
        """As compose would name it."""
        return f"{self.facts['summary']['name']}-{self.service}-run-{secrets.token_hex(6)}"

    def watched(self, argv, *, name, environment, output):
        """Exit code of *argv* in a container of that name, for somebody who reads along: *output* gets what it prints as it comes.

        The image's own entrypoint goes before it, and what the service or the image sets wins over *environment*.

        :raises CommandFailed: when it runs out of time.
        """
        known = self.environment()
        try:
            code = self._call(name, [], argv, {key: value for key, value in environment.items() if key not in known}, timeout=self.timeout, output=output)[0]
        finally:
            self.engine.drop_container(name)
        if code is None:
            raise CommandFailed(f"it did not end within {self.timeout} s")
        return code

    def _call(self, name, options, argv, environment, **streams):
        options = ["run", "--rm", "--no-TTY", "--quiet-pull", "--name", name, *self.dependencies(), *options]
        override = {"services": {self.service: {"image": self.image, "pull_policy": "never", "environment": {name: value.replace("$", "$$") for name, value in (environment or {}).items()}}}}
        with _memory_file(json.dumps(override)) as path:
            return self.compose.call(
                [*options, self.service, *argv], files=[self.config_file, path], folder=os.path.dirname(self.facts["file"]), project=self.facts["summary"]["name"],
                profiles=self.facts.get("profiles") or [], **streams,
            )

    def dependencies(self):
        """Nothing is started or replaced where all of them run already."""
        needed = set(self.facts["summary"]["services"][self.service]["depends_on"])
        running = {service_of(entry) for entry in self.engine.containers(self.facts["summary"]["name"]) if entry.get("State") == "running"}
        return ["--no-deps"] if needed <= running else []

    def environment(self):
        """Names that the definition or the image sets."""
        with open(self.config_file, encoding="utf-8") as file:
            defined = json.load(file)["services"][self.service].get("environment") or {}
        image = ((self.engine.image(self.image) or {}).get("Config") or {}).get("Env") or []
        return set(defined) | {entry.partition("=")[0] for entry in image}


def application_and_client(compose, store, live, params):
    """Django of the live release, and what runs its database's programs.

    *params* has C(service), C(python), C(folder), C(settings) and C(dump_service).
    """

    def one_off(service):
        # A dump takes as long as there is data.
        return OneOff(compose, store.config_file(live), store.read_release(live), service, timeout=None)

    application = ContainerApplication(one_off(params["service"]), params["python"], params["folder"], params["settings"])
    return application, ContainerClient(one_off(params["dump_service"] or params["service"]), params["python"])


class ContainerApplication:
    """Django in the image of a service: what migrations.py drives."""

    def __init__(self, one_off, python, folder, settings):
        self.one_off, self.python, self.folder = one_off, python, folder
        self.more = {SETTINGS: settings} if settings and SETTINGS not in one_off.environment() else {}

    def drive(self, *steps, heard=None, has_ended=None, **options):
        """Runs steps of driver in one Django process and returns what they found, by step. *heard* gets what is printed on stderr as it comes.

        Once the run *has_ended*, it is asked to end by SIGTERM, of which a step that must not be ended any more takes no notice.

        :raises CommandFailed: with the step's own words.
        :raises RunEnded: when it has ended for that reason.
        """
        name = self.one_off.new_name()
        with asked_to_end(self.one_off.engine, name, has_ended) as was_asked:
            code, out, err = self.one_off.run(
                [self.python, "-c", PASSED_ON + BOOTSTRAP], name=name, entrypoint=False, folder=self.folder, stdin=driver_input(steps, **options),
                environment={"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", **self.more}, heard=heard,
            )
        if was_asked() and code == ENDED:
            raise RunEnded
        if code in NOT_FOUND:
            raise CommandFailed(f"there is no {self.python} in the image of service {self.one_off.service}: set python in compose_app_migrate, or a command of your own")
        if code is None:
            raise CommandFailed(f"it did not end within {self.one_off.timeout} seconds")
        try:
            found = json.loads(out)
        except ValueError:
            raise CommandFailed(f"a container of service {self.one_off.service} ended with {code} and without an answer: {reason_of(err, 10)}") from None
        if isinstance(found, dict) and "error" in found:
            raise refusal(found, f"{found['error']}\n{tail(reason_of(err, 20))}".strip())
        return checked(found, steps)


class ContainerClient:
    """A database's programs in the image of a service: see database/clients.py."""

    maker = None

    def __init__(self, one_off, python="python"):
        self.one_off, self.python = one_off, python
        self.lacking = f"there is no %s in the image of service {one_off.service}: name a service that has it (the database's; %s has it) in compose_app_dump_service"
        self.older = f"have the programs of version %s in the image of service {one_off.service}, or name a service that has them (the database's) in compose_app_dump_service"
        self._mounts = []

    def need(self, programs, package, version=0):
        """What an image has is what it has."""

    def run(self, argv, variables, **streams):
        code, out, err = self.one_off.run(argv, entrypoint=False, environment=variables, mounts=self._mounts, **{name: stream for name, stream in streams.items() if stream is not subprocess.DEVNULL})
        if code in NOT_FOUND:
            raise FileNotFoundError(argv[0])
        # All of it: it has more than the reason of a failure.
        return subprocess.CompletedProcess(argv, 1 if code is None else code, out, err)

    @contextlib.contextmanager
    def given(self, text):
        """A path under which a program that it runs reads *text*, which is no secret."""
        with _memory_file(text, 0o644) as path:
            self._mounts.append(path)
            try:
                yield path
            finally:
                self._mounts.remove(path)


@contextlib.contextmanager
def _memory_file(text, mode=0o600):
    descriptor, path = tempfile.mkstemp(prefix="django-ansible-deploy-one-off-", suffix=".json", dir=memory_folder())
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            os.fchmod(file.fileno(), mode)
        yield path
    finally:
        os.unlink(path)
