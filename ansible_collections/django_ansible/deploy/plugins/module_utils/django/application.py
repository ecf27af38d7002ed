# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Runs commands and Django itself as the application's user, with the application's environment."""
from __future__ import annotations

import inspect
import json
import os
import subprocess
import tempfile

from ansible_collections.django_ansible.deploy.plugins.module_utils.django import committed, driver, settings_completion, uploads
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.environment import Environment
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run, tail

# Runs driver and what it imports from this collection under their own names. Their sources and what is asked come on stdin:
# arguments can be seen by everyone on the host.
BOOTSTRAP = """
import json, sys, types
told = json.load(sys.stdin)
for name, source in told["modules"]:
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(compile(source, name.rpartition(".")[2] + ".py", "exec"), module.__dict__)
module.main(told["request"])
"""
PROGRAM = (committed, settings_completion, uploads, driver)


def driver_input(steps, **request: object) -> str:
    """What BOOTSTRAP reads on stdin."""
    sources = [(module.__name__, inspect.getsource(module)) for module in PROGRAM]
    return json.dumps({"modules": sources, "request": {"steps": steps, **request}})


class Application:
    """A release with its virtual environment, as Django runs in it."""

    def __init__(self, release_dir: str, app_path: str, user: str, home: str, environment: Environment) -> None:
        self.project_dir = os.path.normpath(os.path.join(release_dir, app_path))
        self.python = os.path.join(release_dir, ".venv", "bin", "python")
        self.user = user
        self.home = home
        self.environment = environment

    def command(self, argv: list[str], env: dict) -> None:
        """Runs a command of the project in the folder of manage.py.

        :raises CommandFailed: with what it printed last, secrets masked.
        """
        environment = Environment({**self.environment.values, **env}, self.environment.credentials)
        try:
            with environment.for_command(self.home) as (variables, descriptors):
                run(
                    argv, env={**variables, "PYTHONDONTWRITEBYTECODE": "1"}, user=self.user, cwd=self.project_dir, stdin=subprocess.DEVNULL, pass_fds=descriptors
                )
        except CommandFailed as error:
            raise CommandFailed(environment.mask(str(error))) from error

    def drive(self, *steps: str, **options: object) -> dict:
        """Runs steps of driver in one Django process and returns what they found, by step.

        :raises CommandFailed: with the step's own words, secrets masked.
        """
        with tempfile.TemporaryFile("w+", encoding="utf-8") as answer, self.environment.for_command(self.home) as (variables, descriptors):
            try:
                # "-c" puts the working directory first on the path, as manage.py does.
                printed = run(
                    [self.python, "-c", BOOTSTRAP],
                    env={**variables, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"},
                    user=self.user, cwd=self.project_dir, input=driver_input(steps, result_fd=answer.fileno(), **options),
                    pass_fds=(answer.fileno(), *descriptors),
                )
            except CommandFailed as error:
                raise CommandFailed(self.environment.mask(str(error).replace(BOOTSTRAP, "(Django)"))) from error
            answer.seek(0)
            found = json.loads(answer.read() or '{"error": "it ended without an answer"}')
        if "error" in found:
            raise CommandFailed(self.environment.mask("%s\n%s" % (found["error"], tail(printed))).strip())
        return found
