# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The builder: who unpacks a checkout and builds packages, so that none of their code runs as root or as the application.

It is an account of the application's alone, without a shell or a password, with a cache of its own, in a sandbox that has the network for package indexes.
What it makes is looked through before root takes it over.
"""
from __future__ import annotations

import contextlib
import grp
import hashlib
import json
import os
import pwd
import re

from ansible_collections.django_ansible.deploy.plugins.module_utils.build import interpreter, lock_files, requirements, settings_reads, uv, venv, worker
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import command, pythons
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.beside import Beside
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ensure_directory
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.program import BOOTSTRAP, program_input
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.sandbox import Sandbox, confined, ended, run_confined

PROGRAM = (command, pythons, lock_files, requirements, interpreter, venv, settings_reads, worker)
CACHE = "/var/cache/django-ansible-deploy"
HOME = "/nonexistent"
LONGEST_NAME = 32  # characters of an account's name
# A compiler may write code that it then runs, and looks at the processor; the application may do neither. What the application may write is not the builder's.
NOT_FOR_BUILDS = ("MemoryDenyWriteExecute", "ProcSubset", "ReadWritePaths")
# What runs on the host listens in /run, and often to everybody: the bus, databases, other applications. Names of hosts are still found.
ONLY_FOR_BUILDS = """
TemporaryFileSystem=/run:ro
BindReadOnlyPaths=-/run/systemd/resolve/stub-resolv.conf -/run/systemd/resolve/resolv.conf -/run/NetworkManager/resolv.conf -/run/resolvconf/resolv.conf
"""
VERSIONS = re.compile(r"[<>=!~]{0,2}=?[\d.*]+(\s*,\s*[<>=!~]=?[\d.*]+)*")
LONGEST_BUILD = 3600  # seconds


def account_of(app_name: str) -> str:
    """The name of the builder's account."""
    name = app_name + "-build"
    if len(name) <= LONGEST_NAME:
        return name
    # Cut, it could be another application's as well.
    return "%s-%s-build" % (app_name[: LONGEST_NAME - len("-build") - 9], hashlib.sha256(app_name.encode()).hexdigest()[:8])


def exists(user: str) -> bool:
    try:
        return bool(pwd.getpwnam(user))
    except KeyError:
        return False


def ask(sandbox: Sandbox, steps: list[str], environment: dict, archive=None, **request: object) -> dict:
    """Runs steps of build/worker.py in a sandbox.

    :param archive: an open file, for the step C(unpack).
    :raises CommandFailed: with the step's own words.
    """
    text = program_input(PROGRAM, {"steps": steps, **request})
    done = confined(sandbox, [interpreter.OWN, "-I", "-c", BOOTSTRAP], stdin=text, attached=archive, environment=environment, cwd="/", timeout=LONGEST_BUILD)
    try:
        found = json.loads(done.answer)
    except ValueError:
        found = {"error": "the build %s: %s" % (ended(done.code), command.tail(done.printed, 10))}
    if not isinstance(found, dict):
        found = {"error": "the build's answer is not one"}
    if "error" in found:
        raise CommandFailed(str(found["error"]), str(found.get("printed", "")))
    return found


class Builder:
    """The builder of one application on this host.

    :param rules: those of the application's service, see Sandbox.
    :param environment: variables for what is downloaded, such as mirrors and proxies.
    :param may_change_nothing: whether nobody has to do where the account is not there yet.
    """

    def __init__(self, app_name: str, rules: str, environment: dict, may_change_nothing: bool = False) -> None:
        self.user = account_of(app_name)
        if may_change_nothing and not exists(self.user):
            self.user = "nobody"
        self.rules = rules
        self.environment = environment
        self.cache = os.path.join(CACHE, app_name)
        # What the host gets meanwhile.
        self.beside = Beside([])

    @property
    def group(self) -> str:
        return grp.getgrgid(pwd.getpwnam(self.user).pw_gid).gr_name

    def ensure(self) -> tuple[int, int]:
        """Makes the account and its cache unless they are there. Returns its ids."""
        if not exists(self.user):
            run(["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", HOME, "--shell", "/usr/sbin/nologin", self.user])
        account = pwd.getpwnam(self.user)
        if account.pw_dir != HOME or not account.pw_shell.endswith("nologin") or account.pw_uid == 0 or self.group != self.user:
            raise CommandFailed(
                "the account %s is somebody else's, and packages are built as an account of that name: rename it, or give the application another app_name" % self.user
            )
        ensure_directory(CACHE)
        ensure_directory(self.cache, 0o700, self.user, self.user)
        return account.pw_uid, account.pw_gid

    def sandbox(self, **more) -> Sandbox:
        return Sandbox(self.user, self.group, self.rules + ONLY_FOR_BUILDS, without=NOT_FOR_BUILDS, nice=10, **more)

    def variables(self) -> dict:
        own = {"HOME": self.cache, "PIP_CACHE_DIR": os.path.join(self.cache, "pip")}
        return {**uv.uv_environment(os.path.join(self.cache, "uv")), **self.environment, **own}

    def work(self, steps: list[str], shown: dict, archive=None, **request: object) -> dict:
        """Has the builder do steps of build/worker.py.

        :param shown: where the sandbox shows its folders, see Sandbox.
        :param archive: an open file, for the step C(unpack).
        :raises CommandFailed: with the step's own words.
        """
        return ask(self.sandbox(shown=shown, writable=[self.cache] if os.path.isdir(self.cache) else []), steps, self.variables(), archive, **request)

    def python_for(self, asked: object, tools_dir: str) -> str:
        """Has root install a Python that the checkout asks for, below *tools_dir*."""
        if not isinstance(asked, str) or not VERSIONS.fullmatch(asked):
            raise CommandFailed("the project asks for Python %.60s, which is no range of versions: correct requires-python (or python_requires) to one such as >=3.11" % (asked,))
        return uv.install_python(self.uv(tools_dir), asked, tools_dir, os.path.join(CACHE, ".python"))

    def uv(self, tools_dir: str) -> str:
        """Where uv is; installs the pinned one unless there is one. A pip that the host is only getting is not waited for where uv comes without it."""
        found = uv.find_uv(tools_dir)
        if not found and "python3-pip" in self.beside.missing:
            found = uv.fetch_uv(tools_dir)
            if not found:
                self.beside.wait()
        return found or uv.install_uv(tools_dir)

    def prune(self, tools_dir: str) -> None:
        """Has uv forget what nothing refers to any more; a cache that cannot be pruned is only large."""
        found = uv.find_uv(tools_dir)
        if found and os.path.isdir(self.cache):
            with contextlib.suppress(CommandFailed):
                run_confined(self.sandbox(writable=[self.cache]), [found, "cache", "prune", "--quiet"], environment=self.variables(), cwd="/", timeout=600)
