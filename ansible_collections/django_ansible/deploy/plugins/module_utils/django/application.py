# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Runs commands and Django itself as the application's user, in its sandbox and with the application's environment."""
from __future__ import annotations

import contextlib
import json
import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.django import (
    applying,
    committed,
    connecting,
    driver,
    migrating,
    operations,
    project,
    refused,
    safer,
    scratch,
    settings_completion,
    settled,
    trial,
    uploads,
    values,
)
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.environment import Environment
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.shapes import checked, refusal
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, tail
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.program import BOOTSTRAP, program_input
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.sandbox import KILLED, Done, Sandbox, confined, ended, must_succeed

PROGRAM = (refused, committed, settings_completion, uploads, safer, operations, values, trial, scratch, applying, connecting, settled, migrating, project, driver)


def driver_input(steps, mark: str | None = None, **request: object) -> str:
    """What BOOTSTRAP reads on stdin to run steps of the driver.

    :param mark: with the step C(unapplied) alone, stands for a database that lacked nothing; where it still does, Django does not start.
    """
    before = program_input((settled,), {"mark": mark, "bootstrap": BOOTSTRAP}) if mark else ""
    return before + program_input(PROGRAM, {"steps": steps, **request})


class Application:
    """A release with its virtual environment, as Django runs in it.

    :param release_dir: where the release is, or will be; the sandbox may show it there before it is.
    :param alone: keeps the running application from doing anything for as long as it is entered. What runs has the same user as its commands, and may
        therefore send them signals; a command that was ended by one is run again, alone.
    """

    def __init__(self, release_dir: str, app_path: str, home: str, environment: Environment, sandbox: Sandbox, alone=contextlib.nullcontext) -> None:
        self.project_dir = os.path.normpath(os.path.join(release_dir, app_path))
        self.python = os.path.join(release_dir, ".venv", "bin", "python")
        self.home = home
        self.environment = environment
        self.sandbox = sandbox
        self.alone = alone

    def command(self, argv: list[str], env: dict) -> None:
        """Runs a command of the project in the folder of manage.py.

        :raises CommandFailed: with what it printed last, secrets masked.
        """
        environment = Environment({**self.environment.values, **env}, self.environment.credentials)
        try:
            must_succeed(argv, self._run(argv, environment))
        except CommandFailed as error:
            raise CommandFailed(environment.mask(str(error))) from error

    def watched(self, argv: list[str], **more: object) -> Done:
        """Runs a command once, whatever ends it, for somebody who reads along; options as :func:`confined` has them."""
        return confined(self.sandbox, argv, **self._options(self.environment, **more))

    def _options(self, environment: Environment, **more: object) -> dict:
        variables = {"HOME": self.home, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", **environment.variables()}
        return {"cwd": self.project_dir, "credentials": environment.given_credentials(), "environment": variables, **more}

    def _run(self, argv: list[str], environment: Environment, **more: object) -> Done:
        options = self._options(environment, **more)
        done = confined(self.sandbox, argv, **options)
        if done.code != KILLED:
            return done
        with self.alone():
            return confined(self.sandbox, argv, **options)

    def drive(self, *steps: str, heard=None, has_ended=None, **options: object) -> dict:
        """Runs steps of the driver in one Django process and returns what they found, by step.

        :param heard: gets what is printed on stderr as it comes.
        :param has_ended: as :func:`confined` has it. A step that must not be ended any more takes no notice of SIGTERM.
        :raises CommandFailed: with the step's own words, secrets masked.
        :raises RunEnded: when it has ended for that reason.
        """
        # "-c" puts the working directory first on the path, as manage.py does. stdout is the answer's.
        done = self._run([self.python, "-c", BOOTSTRAP], self.environment, stdin=driver_input(steps, **options), heard=heard, has_ended=has_ended)
        try:
            found = json.loads(done.answer or '{"error": "Django %s, without an answer"}' % ended(done.code))
        except ValueError:
            found = {"error": "Django %s, and its answer is not one" % ended(done.code)}
        if not isinstance(found, dict) or "error" in found:
            found = found if isinstance(found, dict) else {"error": "Django's answer is not one"}
            raise refusal(found, self.environment.mask("%s\n%s" % (found["error"], tail(done.printed))).strip())
        return checked(found, (*steps, *(["settings"] if "host" in options else [])))
