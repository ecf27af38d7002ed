# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""The compose command: where it is, what it gets, and what it says."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import threading

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import (
    ComposeError,
    Engine,
    docker_config,
    docker_config_dir,
    engine_host,
)
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.output import Kept

PLUGIN_FOLDERS = (
    "/usr/local/lib/docker/cli-plugins",
    "/usr/local/libexec/docker/cli-plugins",
    "/usr/lib/docker/cli-plugins",
    "/usr/libexec/docker/cli-plugins",
)
COMMAND_FOLDERS = ("/usr/local/bin", "/usr/bin", "/snap/bin")
# These steer the command itself; given as a value for the file they would only break it in a way that is hard to see.
RESERVED = ("PATH", "HOME", "DOCKER_CONFIG", "DOCKER_HOST", "DOCKER_CONTEXT", "LD_PRELOAD", "LD_LIBRARY_PATH")
NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
MASK = "***"
LONGEST_HEARD = 1 << 20  # bytes that are kept of what somebody hears, the last ones

# Values and secrets ------------------------------------------------------------------------------------------------


def parse_env(text):
    """The mapping for the file's placeholders, names checked, values as the text a shell would have."""
    try:
        values = json.loads(text or "{}")
    except ValueError:
        raise ComposeError("The values for the compose file are not a JSON mapping of names to values.") from None
    if not isinstance(values, dict):
        raise ComposeError("The values for the compose file are not a mapping of names to values: write NAME=value lines in env.")
    result = {}
    for name, value in values.items():
        if not NAME.match(name):
            raise ComposeError(f"{name!r} in env is not a name for a variable: use letters, digits and underscores, and do not begin with a digit.")
        if name in RESERVED:
            raise ComposeError(f"{name} in env would change the compose command itself and not what the compose file says: choose another name.")
        if isinstance(value, (dict, list)):
            raise ComposeError(f"The value of {name} in env is not plain text: a variable holds one text.")
        if isinstance(value, bool):
            value = "true" if value else "false"
        text_value = "" if value is None else str(value)
        if "\0" in text_value:
            raise ComposeError(f"The value of {name} in env contains a NUL character, which no variable can hold.")
        result[name] = text_value
    return result


def masker(values):
    """Replaces secret values, and the lines of those with several, in a text. Very short ones would only make it unreadable."""
    words = set()
    for value in values:
        for part in [value, *value.splitlines()]:
            if len(part.strip()) >= 4 and part.strip().lower() not in ("true", "false", "none", "null"):
                words.add(part.strip())
    if not words:
        return lambda text: text
    pattern = re.compile("|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)))
    return lambda text: pattern.sub(MASK, text)


# The command -------------------------------------------------------------------------------------------------------


def find_compose(environ, config_dir):
    """The argv of compose v2: the plugin itself (one process less than `docker compose`), a docker-compose, or `docker compose`."""
    folders = [os.path.join(config_dir, "cli-plugins"), *(docker_config(config_dir).get("cliPluginsExtraDirs") or []), *PLUGIN_FOLDERS]
    for path in (os.path.join(folder, "docker-compose") for folder in folders):
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return [path]
    search = environ.get("PATH", "") + os.pathsep + os.pathsep.join(COMMAND_FOLDERS)
    standalone = shutil.which("docker-compose", path=search)
    docker = shutil.which("docker", path=search)
    for argv in ([standalone] if standalone else None, [docker, "compose"] if docker else None):
        if argv and _major(argv, environ) >= 2:
            return argv
    if standalone:
        raise ComposeError(f"{standalone} is Compose version 1, which is no longer maintained: install the compose plugin, version 2 or newer.")
    raise ComposeError(
        "There is no compose plugin on this host, `docker compose` does not work: install it (package docker-compose on Debian 13, docker-compose-v2 on Ubuntu, docker-compose-plugin from Docker's repository)."
    )


def _major(argv, environ):
    code, out, _err = run([*argv, "version", "--short"], environ, timeout=30)
    match = re.match(r"v?(\d+)\.", out.strip())
    return int(match.group(1)) if code == 0 and match else 0


def run(argv, environ, stdin=None, timeout=None, stdout=None, output=None, heard=None):
    """Exit code, stdout, stderr; None as code when the time was up, and then no child of it is left. *stdin* is a text or an open file, *stdout* an open file.

    *output* gets what is printed as it comes, bytes of stdout and stderr in their order; then nothing of that is answered.
    *heard* gets what is printed on stderr as it comes, which is answered all the same.
    """
    ear = _Ear(heard) if heard else None
    process = subprocess.Popen(
        argv,
        stdin=subprocess.PIPE if isinstance(stdin, str) else stdin or subprocess.DEVNULL,
        stdout=stdout or subprocess.PIPE,
        stderr=ear.pipe if ear else subprocess.STDOUT if output else subprocess.PIPE,
        env=environ,
        start_new_session=True,
    )
    if ear:
        ear.listen()
    code = None
    try:
        if output:
            return _watched(process, timeout, output), "", ""
        out, err = process.communicate(stdin.encode() if isinstance(stdin, str) else None, timeout)
        code = process.returncode
    except subprocess.TimeoutExpired:
        out, err = _stop(process)
    except BaseException:
        _stop(process)
        raise
    return code, (out or b"").decode("utf-8", "replace"), ear.text() if ear else err.decode("utf-8", "replace")


class _Ear:
    """Hears what a process prints on stderr. *pipe* is for that process."""

    def __init__(self, heard):
        self.heard = heard
        self.end, self.pipe = os.pipe()

    def listen(self):
        """Once the process is there: then nobody else has the other end, and what is heard ends with it."""
        os.close(self.pipe)
        self.kept = Kept(os.fdopen(self.end, "rb"), LONGEST_HEARD, self.heard)

    def text(self):
        return self.kept.text()


def _watched(process, timeout, output):
    reader = threading.Thread(target=lambda: [output(part) for part in iter(lambda: process.stdout.read1(65536), b"")], daemon=True)
    reader.start()
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        _end(process)
        return None
    finally:
        reader.join(10)


def _end(process):
    for number, patience in ((signal.SIGTERM, 15), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
            return


def _stop(process):
    for number, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=patience)
    return b"", b""


class Compose:
    """The compose command of this host and the engine that it talks to. *values* reach it as its environment, never as arguments."""

    def __init__(self, values=None, environ=None):
        base = dict(os.environ if environ is None else environ)
        self.config_dir = docker_config_dir(base)
        self.engine = Engine(engine_host(base, self.config_dir))
        # Names that the host's environment may carry and that would choose another file or project than the one asked for.
        for name in ("COMPOSE_FILE", "COMPOSE_PATH_SEPARATOR", "COMPOSE_PROFILES", "COMPOSE_PROJECT_NAME", "DOCKER_CONTEXT"):
            base.pop(name, None)
        self.base = base
        self.environ = {**base, **(values or {}), "DOCKER_HOST": self.engine.host}
        self._argv = None

    def argv(self):
        if self._argv is None:
            self._argv = find_compose(self.base, self.config_dir)
        return self._argv

    def call(self, arguments, *, files, folder, project="", profiles=(), config_dir=None, timeout=None, **streams):
        """Exit code, stdout and stderr. Relative paths of the files are relative to *folder*; *streams* are those of :func:`run`."""
        argv = [*self.argv(), "--ansi", "never", "--project-directory", folder]
        for file in files:
            argv += ["-f", file]
        if project:
            argv += ["-p", project]
        for profile in profiles:
            argv += ["--profile", profile]
        environ = {**self.environ, **({"DOCKER_CONFIG": config_dir} if config_dir else {})}
        return run([*argv, *arguments], environ, timeout=timeout, **streams)

    def hashes(self, *, files, **options):
        """The configuration hash of each service of a resolved project, which compose also writes on its containers."""
        code, out, _err = self.call(["config", "--hash", "*"], files=files, timeout=60, **options)
        pairs = (line.split() for line in out.splitlines()) if code == 0 else ()
        return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}

    def require_version_2(self):
        if _major(self.argv(), self.base) < 2:
            raise ComposeError(f"{self.argv()[0]} is not Compose version 2 or newer: install the compose plugin.")


# What it says ------------------------------------------------------------------------------------------------------


def warnings_of(stderr):
    """The messages of the logfmt lines of level warning, each once."""
    found = []
    for line in stderr.splitlines():
        match = re.search(r'\blevel=warning\b.*?\bmsg=("(?:[^"\\]|\\.)*"|\S+)', line)
        if not match:
            continue
        text = match.group(1)
        if text.startswith('"'):
            try:
                text = json.loads(text)
            except ValueError:
                text = text.strip('"')
        if text not in found:
            found.append(text)
    return found


def last_lines(text, count):
    return "\n".join([line.rstrip() for line in text.splitlines() if line.strip()][-count:])


def reason_of(stderr, count=3):
    """What compose complains about at last, without its progress and its warnings. Nothing depends on it but how well the message reads."""
    noise = re.compile(r"level=warning|^ (Container|Network|Volume|Image|[a-z0-9._-]+) +\S+ +[A-Z][a-z]+ *$|^ (Container|Network|Volume|Image) ")
    return last_lines("\n".join(line for line in stderr.splitlines() if not noise.search(line)), count)
