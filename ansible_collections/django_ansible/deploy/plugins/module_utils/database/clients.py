# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Who runs a database's own programs. Each has ``run(argv, variables, **streams)``, which answers as subprocess.run does, ``given(text)``,
``need(programs, package)``, which makes sure that one of some programs is there where it can, and ``python``, one that has sqlite3."""
from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.packages import apt_install
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.postgresql import ADMINISTRATOR

PATH = "/usr/local/bin:/usr/bin:/bin"


class HostClient:
    """The clients of this host, run as the application's user, so that peer authentication works as it does for the application."""

    lacking = "%s is not on this host: add %s to django_app_extra_packages"
    python = "/usr/bin/python3"

    def __init__(self, user: str) -> None:
        self.user = user

    def need(self, programs: tuple[str, ...], package: str) -> None:
        """Installs *package* when none of these is there.

        :raises CommandFailed: when that fails.
        """
        if any(shutil.which(program, path=PATH) for program in programs):
            return
        try:
            apt_install([package])
        except CommandFailed as error:
            raise CommandFailed("%s is not on this host, and %s could not be installed: %s" % (programs[0], package, error)) from error

    def run(self, argv: list[str], variables: dict, **streams):
        """Passwords travel in the environment. A text as C(stdin) is written to the program.

        :raises FileNotFoundError: when there is no such program.
        """
        account = pwd.getpwnam(self.user)
        environment = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": "/nonexistent", **variables}
        text = streams.pop("stdin", None)
        given = {"input": text} if isinstance(text, str) else {"stdin": text or subprocess.DEVNULL}
        streams = {"stdout": subprocess.PIPE, **streams, **given}
        return subprocess.run(
            argv, env=environment, stderr=subprocess.PIPE, text=True, errors="replace", check=False, user=account.pw_uid, group=account.pw_gid,
            extra_groups=[], cwd="/", **streams,
        )

    @contextlib.contextmanager
    def given(self, text: str):
        """A path under which a program that it runs reads *text*, which is no secret."""
        with tempfile.NamedTemporaryFile("w", prefix="django-ansible-deploy-", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            yield file.name


class Administrator(HostClient):
    """PostgreSQL's own administrator on the host of the server. It makes and renames databases; nothing that the application wrote runs as it."""

    def __init__(self) -> None:
        super().__init__("postgres")

    def run(self, argv: list[str], variables: dict, **streams):
        return super().run(argv, {**variables, **ADMINISTRATOR}, **streams)
