# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""A compose project on a host: its file, the compose command, and what its containers tell."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose_engine import (
    ComposeError,
    Engine,
    docker_config,
    docker_config_dir,
    engine_host,
)
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose_registry import split_reference

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
# The engine waits longer before each restart: so many take half a minute, time enough for a database that an application waits for by dying.
TOO_MANY_RESTARTS = 8

COMMON_ARGUMENTS = {
    "file": {"type": "path", "default": "/root/compose.yml"},
    "content": {"type": "str", "no_log": True},
    # One string, not a mapping: no_log on a mapping would mask each of its values, "1" and "true" included, in every answer.
    "env": {"type": "str", "no_log": True, "default": "{}"},
}


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


def run(argv, environ, stdin=None, timeout=None):
    """Exit code, stdout, stderr; None as code when the time was up, and then no child of it is left."""
    process = subprocess.Popen(
        argv,
        stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
        start_new_session=True,
    )
    code = None
    try:
        out, err = process.communicate(None if stdin is None else stdin.encode(), timeout)
        code = process.returncode
    except subprocess.TimeoutExpired:
        out, err = _stop(process)
    except BaseException:
        _stop(process)
        raise
    return code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")


def _stop(process):
    for number, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=patience)
    return b"", b""


class Project:
    """What one module run knows of the project. `content` stands for the file before it is on the host."""

    def __init__(self, file, content=None, env="{}", environ=None):
        self.file, self.content = file, content
        if not os.path.isabs(file):
            raise ComposeError(f"The compose file {file} is not an absolute path: write where it is on the host, such as /root/compose.yml.")
        self.folder = os.path.dirname(file)
        self.values = parse_env(env)
        self.mask = masker(self.values.values())
        base = dict(os.environ if environ is None else environ)
        self.config_dir = docker_config_dir(base)
        self.engine = Engine(engine_host(base, self.config_dir))
        # Names that the host's environment may carry and that would choose another file or project than the one asked for.
        for name in ("COMPOSE_FILE", "COMPOSE_PATH_SEPARATOR", "DOCKER_CONTEXT"):
            base.pop(name, None)
        self.base = base
        self.environ = {**base, **self.values, "DOCKER_HOST": self.engine.host}
        self._argv = None

    def argv(self):
        if self._argv is None:
            self._argv = find_compose(self.base, self.config_dir)
        return self._argv

    def compose(self, *arguments, config_dir=None, timeout=None, from_content=None):
        environ = dict(self.environ, DOCKER_CONFIG=config_dir) if config_dir else self.environ
        use_content = self.content is not None if from_content is None else from_content
        argv = [*self.argv(), "--ansi", "never", "--project-directory", self.folder, "-f", "-" if use_content else self.file]
        return run([*argv, *arguments], environ, stdin=self.content if use_content else None, timeout=timeout)

    def require_file(self):
        if self.content is None and not os.path.isfile(self.file):
            raise ComposeError(
                f"There is no compose file {self.file} on this host: put it there, name another one in compose-file, or let compose-source upload one."
            )

    def config(self):
        """Name and services of the checked file, and the warnings that compose has about it. Nothing of the file's values leaves the host."""
        self.argv()  # a missing compose is said before a missing file
        self.require_file()
        code, out, err = self.compose("config", "--format", "json", timeout=60)
        name = self.file if self.content is None else f"for {self.file}"
        if code != 0:
            if _major(self.argv(), self.base) < 2:
                raise ComposeError(f"{self.argv()[0]} is not Compose version 2 or newer: install the compose plugin.")
            raise ComposeError(self.mask(f"The compose file {name} is not valid: {reason_of(err, 6) or 'compose gives no reason'}"))
        try:
            project = summarize(json.loads(out))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ComposeError("This compose does not answer `config --format json`: install a newer compose plugin.") from None
        if not project["services"]:
            raise ComposeError(f"The compose file {name} has no service to start.")
        return project, [self.mask(warning) for warning in warnings_of(err)]

    def hashes(self):
        """The configuration hash of each service, which compose also writes on its containers."""
        code, out, _err = self.compose("config", "--hash", "*", timeout=60)
        pairs = (line.split() for line in out.splitlines()) if code == 0 else ()
        return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}

    def content_differs(self):
        if self.content is None:
            return False
        try:
            with open(self.file, "rb") as file:
                return file.read() != self.content.encode()
        except FileNotFoundError:
            return True

    def place_content(self):
        """Put the file where it belongs, in one rename; a new one is only root's, since such files often hold secrets."""
        target = os.path.realpath(self.file)
        os.makedirs(os.path.dirname(target), mode=0o755, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=".compose-", dir=os.path.dirname(target))
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(self.content.encode())
                file.flush()
                os.fsync(file.fileno())
                with contextlib.suppress(FileNotFoundError):
                    old = os.stat(target)
                    os.fchown(file.fileno(), old.st_uid, old.st_gid)
                    os.fchmod(file.fileno(), old.st_mode & 0o7777)
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise


# Pure parts --------------------------------------------------------------------------------------------------------


def summarize(config):
    """What the modules need of `config --format json`."""
    services = {}
    for name, service in (config.get("services") or {}).items():
        deploy = service.get("deploy") or {}
        replicas = deploy.get("replicas")
        if replicas is None:
            replicas = service.get("scale")
        services[name] = {
            "image": service.get("image") or "",
            "build": bool(service.get("build")),
            "platform": service.get("platform") or "",
            "pull_policy": service.get("pull_policy") or "",
            "replicas": 1 if replicas is None else int(replicas),
        }
    return {"name": config["name"], "services": services}


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


def snapshot(containers):
    """The containers of a project by id, with what makes them what they are."""
    result = {}
    for container in containers:
        labels = container.get("Labels") or {}
        result[container["Id"]] = {
            "service": labels.get("com.docker.compose.service", ""),
            "name": (container.get("Names") or [""])[0].lstrip("/"),
            "image": container.get("ImageID", ""),
            "image_label": labels.get("com.docker.compose.image") or container.get("ImageID", ""),
            "hash": labels.get("com.docker.compose.config-hash", ""),
            "state": container.get("State", ""),
            "running": container.get("State") in ("running", "restarting", "paused"),
            # Ended well and for good, as a one-off does; `up` runs it again, which is no change. Only check mode asks for it.
            "done": False,
        }
    return result


def interrupted(containers):
    """Containers that a compose made to replace another one and never came to start, because it was killed. Their names are in the way of the next `up`."""
    return [key for key, entry in containers.items() if entry["state"] == "created" and re.match(r"^[0-9a-f]{12}_", entry["name"])]


def changes(before, after):
    """What happened to each service: created, replaced, scaled, started, removed. Only ids and whether something runs count."""
    result = {}
    for service in sorted({entry["service"] for entry in [*before.values(), *after.values()]}):
        old = {key for key, entry in before.items() if entry["service"] == service}
        new = {key for key, entry in after.items() if entry["service"] == service}
        if not old and new:
            result[service] = "created"
        elif old and not new:
            result[service] = "removed"
        elif old != new:
            result[service] = "scaled" if old < new or new < old else "replaced"
        elif any(after[key]["running"] and not before[key]["running"] for key in new):
            result[service] = "started"
    return result


def predict(before, services, hashes, current_images, outdated, remove_orphans):
    """What `up` would do, by the same marks with which compose decides: configuration hash and image of each container."""
    result = {}
    for name, service in services.items():
        mine = [entry for entry in before.values() if entry["service"] == name]
        wanted = current_images.get(name, "")
        if not mine:
            if service["replicas"]:
                result[name] = "created"
        elif any(hashes.get(name) and entry["hash"] != hashes[name] for entry in mine):
            result[name] = "replaced"
        elif name in outdated or any(wanted and wanted not in (entry["image"], entry["image_label"]) for entry in mine):
            result[name] = "replaced"
        elif len(mine) != service["replicas"]:
            result[name] = "scaled" if service["replicas"] else "removed"
        elif not all(entry["running"] or entry["done"] for entry in mine):
            result[name] = "started"
    if remove_orphans:
        for entry in before.values():
            if entry["service"] not in services:
                result[entry["service"]] = "removed"
    return result


def describe(changed, conditional=False):
    """Lines for --diff."""
    word = "would be " if conditional else ""
    return "".join(f"{service}: {word}{what}\n" for service, what in sorted(changed.items()))


def digest_of(image, reference="", prefer=""):
    """How an image is recorded: name@digest as a registry knows it, else the id on this host."""
    if not image:
        return ""
    candidates = sorted(image.get("RepoDigests") or [])
    for wanted in candidates:
        if prefer and wanted.endswith("@" + prefer):
            return wanted
    _registry, repository, _tag, digest = split_reference(reference)
    for wanted in candidates:
        if wanted.partition("@")[0] == repository and (not digest or wanted.endswith("@" + digest)):
            return wanted
    return candidates[0] if candidates else image.get("Id", "")


def judge(container, fresh, settled, restarts=0):
    """One container after `up`: ('ready' | 'waiting' | 'failed', what is the matter). `fresh`: this run started it; `settled`: it has run long
    enough since; `restarts`: how often the engine had to start it again meanwhile."""
    state = container["State"]
    status = state.get("Status", "")
    error = f" ({state['Error']})" if state.get("Error") else ""
    if restarts >= TOO_MANY_RESTARTS:
        return "failed", f"was restarted {restarts} times, the last time it ended with exit code {state.get('ExitCode')}"
    if status == "created" and error:
        return "failed", f"could not be started{error}"
    if status == "exited":
        policy = ((container.get("HostConfig") or {}).get("RestartPolicy") or {}).get("Name") or "no"
        if state.get("ExitCode") == 0:
            return ("ready", "") if policy in ("no", "on-failure") else ("waiting", "stopped by itself")
        return "failed", f"ended with exit code {state.get('ExitCode')}{error or (' (out of memory)' if state.get('OOMKilled') else '')}"
    if status == "dead":
        return "failed", "is dead and cannot be removed by the engine"
    if status != "running":
        return "waiting", {"restarting": "keeps restarting", "created": "was created and not started"}.get(status, f"is {status}") + error
    health = (state.get("Health") or {}).get("Status", "none")
    if health == "unhealthy":
        return "failed", "is unhealthy"
    if health == "starting":
        return "waiting", "is not healthy yet"
    if health == "none" and fresh and not settled:
        return "waiting", "has not run long enough to be trusted"
    return "ready", ""


def health_output(container):
    log = ((container.get("State") or {}).get("Health") or {}).get("Log") or []
    return (log[-1].get("Output") or "").strip() if log else ""
