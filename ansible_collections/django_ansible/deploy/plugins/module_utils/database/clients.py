# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Who runs a database's own programs. Each has ``run(argv, variables, **streams)``, which answers as subprocess.run does, ``given(text)``,
``need(programs, package, version)``, which makes sure that one of some programs is there, as new as the server, where it can, ``lacking`` and ``older``, what is to be done
where that is not so, ``python``, one that has sqlite3, and ``maker``, who makes databases in the application's place: see Maker; None where nobody does."""
from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.packages import apt_install
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.postgresql import ADMINISTRATOR
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.sandbox import KILLED, Sandbox, piped

PATH = "/usr/local/bin:/usr/bin:/bin"
ENVIRONMENT = {"PATH": PATH, "LANG": "C.UTF-8", "HOME": "/nonexistent"}
MEMORY = "/run"
ADMINISTRATOR_USER = "postgres"


class Ended(CommandFailed):
    """A program came to no end of its own. The application may end and stop what runs as its user."""


def was_ended(error: BaseException | None) -> bool:
    """Whether this, or what led to it, is that."""
    while error is not None and not isinstance(error, Ended):
        error = error.__context__
    return error is not None


class HostClient:
    """The clients of this host, run as the application's user in its sandbox: what they are told comes from the application's settings, what they read from
    its database, and whoever took the application over may reach into any process of its user. So that peer authentication works as it does for the application, too."""

    lacking = "%s is not on this host: add %s to django_app_extra_packages"
    older = (
        "install postgresql-client-%s there; PostgreSQL's own package repository has it for older systems "
        "(apt-get install postgresql-common && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh)"
    )
    python = "/usr/bin/python3"

    def __init__(self, sandbox: Sandbox, maker_password: str = "") -> None:
        self.sandbox = sandbox
        self.maker = Maker(maker_password) if maker_password else None
        self.versions: dict[str, int | None] = {}

    def need(self, programs: tuple[str, ...], package: str, version: int = 0) -> None:
        """Installs *package* when none of these is there, and the one of *version* beside it when the first of them is older.

        :param version: the server's; 0 where that does not matter.
        :raises CommandFailed: when that fails.
        """
        if not any(shutil.which(program, path=PATH) for program in programs):
            try:
                apt_install([package])
            except CommandFailed as error:
                raise CommandFailed("%s is not on this host, and %s could not be installed: %s" % (programs[0], package, error)) from error
        found = self.version(programs[0]) if version else None
        if found is None or found >= version:
            return
        del self.versions[programs[0]]
        try:
            apt_install(["%s-%d" % (package, version)])
        except CommandFailed as error:
            why = str(error).strip().splitlines()[-1]
            raise CommandFailed("%s is older than the database server (%d instead of %d), and this host's package sources do not help (%s): %s" % (programs[0], found, version, why, self.older % version)) from error

    def version(self, program: str) -> int | None:
        """The newest version of one of PostgreSQL's programs that is on this host; None when there is none."""
        if program not in self.versions:
            self.versions[program] = self._version(program)
        return self.versions[program]

    def _version(self, program: str) -> int | None:
        try:
            # With a host, Debian's wrapper takes the newest one, as it does for a server elsewhere.
            done = self.run([program, "--version"], {"PGHOST": "localhost"})
        except FileNotFoundError:
            return None
        found = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
        return int(found.group(1)) if found else None

    def run(self, argv: list[str], variables: dict, **streams):
        """Passwords travel in the environment. A text as C(stdin) is written to the program.

        :raises FileNotFoundError: when there is no such program.
        :raises Ended: when it came to no end of its own.
        """
        if shutil.which(argv[0], path=PATH) is None:
            raise FileNotFoundError(argv[0])
        done = piped(self.sandbox, argv, environment={**ENVIRONMENT, **variables}, cwd="/", **streams)
        if done.code == KILLED:
            raise Ended("%s was ended by another process of %s" % (argv[0], self.sandbox.user or "root"))
        return subprocess.CompletedProcess(argv, done.code, done.answer, done.printed)

    @contextlib.contextmanager
    def given(self, text: str):
        """A path under which a program that it runs reads *text*, which is no secret. The sandbox has a /tmp of its own."""
        with tempfile.NamedTemporaryFile("w", prefix="django-ansible-deploy-", dir=MEMORY, encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            yield file.name


class Privileged(HostClient):
    """For a role that may do what the application's may not, in databases that the application's role owns."""

    def run(self, argv: list[str], variables: dict, **streams):
        return super().run(argv, {**variables, **ADMINISTRATOR}, **streams)


class Maker(Privileged):
    """As the role of host.postgresql_maker, whose *password* is the run's alone: the application's user does not see what runs."""

    def __init__(self, password: str) -> None:
        super().__init__(Sandbox("", "", "", apart=True))
        self.password = password


class Administrator(Privileged):
    """PostgreSQL's own administrator on the host of the server. It makes and renames databases; nothing that the application wrote runs as it."""

    def __init__(self) -> None:
        super().__init__(Sandbox(ADMINISTRATOR_USER, ADMINISTRATOR_USER, ""))
