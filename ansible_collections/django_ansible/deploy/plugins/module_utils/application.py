# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Runs commands and Django itself as the application's user, with the application's environment."""
from __future__ import annotations

import contextlib
import inspect
import json
import os
import pwd
import subprocess
import tempfile

from ansible_collections.django_ansible.deploy.plugins.module_utils import django_driver, secret_key, settings_completion
from ansible_collections.django_ansible.deploy.plugins.module_utils.layout import Layout

# Names whose values everyone may read; every other value of the environment is treated as a secret.
PUBLIC_NAMES = frozenset(
    ("DJANGO_SETTINGS_MODULE", "ALLOWED_HOSTS", "STATIC_ROOT", "MEDIA_ROOT", "DB_HOST", "DB_PORT", "DB_NAME", "DB_USER")
)
# Runs django_driver and what it imports from this collection under their own names. Their sources and what is asked come on stdin:
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
PROGRAM = (settings_completion, django_driver)
SHORTEST_SECRET = 6
TAIL = 40


class CommandFailed(Exception):
    """A command ended with an error; the text says which, and the end of what it printed. C(printed) is all of it."""

    def __init__(self, message: str, printed: str = "") -> None:
        super().__init__(message)
        self.printed = printed


class Environment:
    """The application's environment: what a command gets, and what must not be shown."""

    def __init__(self, values: dict, credentials: list[str] | tuple[str, ...] = ()) -> None:
        self.values = {str(name): str(value) for name, value in values.items()}
        # Names that the application reads from files, NAME_FILE says which, and does not get as variables.
        self.credentials = sorted(credentials)

    @classmethod
    def parse(cls, text: str, credentials: list[str] | tuple[str, ...] = ()) -> Environment:
        """Reads the JSON object in which modules receive it. One text, so that no_log hides it whole and never a part of other output."""
        return cls(json.loads(text or "{}"), credentials)

    @classmethod
    def of_release(cls, params: dict, layout: Layout, release: str) -> Environment:
        """That of one release on this host: with the place of its static files, the secret key that was made here when nobody gave one, and the
        settings module that it carries."""
        made = cls.parse(params["environment"], params["credentials"])
        static_root = os.path.join(layout.release_dir(release), "staticfiles")
        made.values = {"STATIC_ROOT": static_root, **secret_key.read(layout.etc), **made.values}
        carried = layout.read_release(release).get("settings_module")
        if carried:
            made.values["DJANGO_SETTINGS_MODULE"] = carried
        return made

    def variables(self) -> dict:
        """What the application gets as variables."""
        return {name: value for name, value in self.values.items() if name not in self.credentials}

    @contextlib.contextmanager
    def for_command(self, home: str):
        """The variables of a command, and the descriptors that it has to inherit: its credentials, in memory, so that nothing is left behind."""
        variables = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": home, **self.variables()}
        with contextlib.ExitStack() as stack:
            descriptors = []
            for name in filter(self.values.__contains__, self.credentials):
                file = stack.enter_context(os.fdopen(os.memfd_create(name), "wb"))
                file.write(self.values[name].encode())
                file.flush()
                variables[name + "_FILE"] = "/proc/self/fd/%d" % file.fileno()
                descriptors.append(file.fileno())
            yield variables, tuple(descriptors)

    def mask(self, text: str) -> str:
        secrets = {value for name, value in self.values.items() if name not in PUBLIC_NAMES and len(value) >= SHORTEST_SECRET}
        lines = {line for secret in secrets for line in secret.splitlines() if len(line) >= SHORTEST_SECRET}
        for secret in sorted(secrets | lines, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def env_file(self) -> str:
        """The environment as systemd's EnvironmentFile reads it: double quotes keep spaces, line ends, # and =."""
        lines = []
        for name, value in sorted(self.variables().items()):
            quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("`", "\\`").replace("$", "\\$")
            lines.append('%s="%s"' % (name, quoted))
        return "\n".join(["# Ansible managed", *lines, ""])


def tail(text: str, lines: int = TAIL) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])


def run(argv: list[str], *, env: dict | None = None, user: str | None = None, cwd: str | None = None, timeout: float = 1800, **options) -> str:
    """Runs *argv* without a shell and returns what it printed. *timeout* is in seconds.

    :raises CommandFailed: when it cannot be started, ends with an error or runs out of time.
    """
    if user:
        account = pwd.getpwnam(user)
        options.update(user=account.pw_uid, group=account.pw_gid, extra_groups=os.getgrouplist(user, account.pw_gid))
    try:
        done = subprocess.run(
            argv, env=env, cwd=cwd, timeout=timeout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False, **options
        )
    except FileNotFoundError as error:
        raise CommandFailed("%s is not on this host (%s)" % (argv[0], error)) from error
    except subprocess.TimeoutExpired as error:
        raise CommandFailed("%s did not end within %d s" % (" ".join(argv[:3]), timeout)) from error
    if done.returncode:
        raise CommandFailed("%s ended with %d:\n%s" % (" ".join(argv[:4]), done.returncode, tail(done.stdout)), done.stdout)
    return done.stdout


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
        """Runs steps of django_driver in one Django process and returns what they found, by step.

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
