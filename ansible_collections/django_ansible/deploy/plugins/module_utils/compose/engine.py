# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""The engine on the host, asked over its socket: a few milliseconds a question, and none of its answers depends on a tool's wording."""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import http.client
import json
import os
import shutil
import socket
import time
from urllib.parse import quote

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.framing import Timely, printed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

DEFAULT_HOST = "unix:///var/run/docker.sock"
PROJECT_LABEL = "com.docker.compose.project"
PRINTED = 8 << 20  # bytes of what a container printed that are kept


class ComposeError(CommandFailed):
    """One sentence for the user."""


class EngineError(ComposeError):
    """The engine answered a question with an error."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status
        self.message = message


class Untold(EngineError):
    """The engine does not know a question that other engines answer, which is no word on what was asked about."""

    def __init__(self, message):
        super().__init__(0, message)


def docker_config_dir(environ):
    if environ.get("DOCKER_CONFIG"):
        return environ["DOCKER_CONFIG"]
    return os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".docker")


def docker_config(folder):
    """The host's own settings of the docker command; an unreadable file counts as none."""
    try:
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
            config = json.load(file)
    except (OSError, ValueError):
        return {}
    return config if isinstance(config, dict) else {}


def engine_host(environ, config_dir):
    """Where the docker command of this user would find its engine: DOCKER_HOST, else the chosen context, else the default."""
    if environ.get("DOCKER_HOST"):
        return environ["DOCKER_HOST"]
    context = environ.get("DOCKER_CONTEXT") or docker_config(config_dir).get("currentContext") or "default"
    if context == "default":
        return DEFAULT_HOST
    folder = hashlib.sha256(context.encode()).hexdigest()
    try:
        with open(os.path.join(config_dir, "contexts", "meta", folder, "meta.json"), encoding="utf-8") as file:
            return json.load(file)["Endpoints"]["docker"]["Host"]
    except (OSError, ValueError, KeyError, TypeError):
        raise ComposeError(f"The docker context {context} of this host cannot be read: choose another one with `docker context use`.") from None


class _SocketConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("engine", timeout=timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Engine:
    def __init__(self, host):
        if not host.startswith("unix://"):
            raise ComposeError(
                f"The engine of this host is at {host}, and only a unix socket can be used: unset DOCKER_HOST, or deploy to the machine where the engine runs."
            )
        self.host = host
        self.path = host[len("unix://"):]
        self._info = None

    def request(self, method, path, body=None, headers=None, timeout=60):
        """Status and raw body of one request; what keeps the engine from answering is said as such."""
        return self._exchange(method, path, body, headers, timeout, lambda response: response.read())

    def _exchange(self, method, path, body, headers, timeout, read):
        connection = _SocketConnection(self.path, timeout)
        try:
            connection.request(
                method,
                path,
                body=None if body is None else json.dumps(body).encode(),
                headers={"Content-Type": "application/json", **(headers or {})},
            )
            response = connection.getresponse()
            return response.status, read(response)
        except PermissionError:
            raise ComposeError(
                f"The user {_user()} may not use the Docker engine's socket {self.path}: connect as root, let it use sudo, or add the user to the group that owns the socket."
            ) from None
        except (FileNotFoundError, ConnectionRefusedError):
            raise ComposeError(self._why_absent()) from None
        except socket.timeout:
            raise ComposeError(f"The Docker engine at {self.path} did not answer within {timeout} seconds: look at it with `journalctl -u docker`.") from None
        except (OSError, http.client.HTTPException) as error:
            raise ComposeError(f"The Docker engine at {self.path} broke off an answer ({error}): look at it with `journalctl -u docker`.") from None
        finally:
            connection.close()

    def ask(self, path, method="GET", body=None, headers=None, timeout=60):
        """The JSON answer; EngineError when it is not a success."""
        status, data = self.request(method, path, body, headers, timeout)
        text = data.decode("utf-8", "replace")
        try:
            answer = json.loads(text) if text.strip() else None
        except ValueError:
            answer = None
        if status >= 400:
            message = answer.get("message") if isinstance(answer, dict) else None
            raise EngineError(status, (message or text or f"status {status}").strip())
        return answer

    def _why_absent(self):
        search = os.environ.get("PATH", "") + os.pathsep + os.pathsep.join(("/usr/bin", "/usr/sbin", "/usr/local/bin", "/snap/bin"))
        if any(shutil.which(name, path=search) for name in ("dockerd", "docker", "podman")):
            return f"The Docker engine is not running, nothing answers at {self.path}: start it with `systemctl start docker`."
        return "There is no Docker engine on this host: install it together with the compose plugin (on Debian and Ubuntu the packages docker.io and docker-compose or docker-compose-v2)."

    # What the modules ask.

    def info(self):
        if self._info is None:
            self._info = self.ask("/info")
        return self._info

    def containers(self, project):
        """The project's containers, running or not, without those of `compose run`."""
        filters = json.dumps({"label": [f"{PROJECT_LABEL}={project}", "com.docker.compose.oneoff=False"]})
        return self.ask("/containers/json?all=1&filters=" + quote(filters, safe=""))

    def container(self, identifier):
        """A container in full, or None when it is gone."""
        try:
            return self.ask(f"/containers/{quote(identifier, safe='')}/json")
        except EngineError as error:
            if error.status == 404:
                return None
            raise

    def drop_container(self, identifier):
        """End a container at once and remove it, with its anonymous volumes."""
        try:
            self._gone(f"/containers/{quote(identifier, safe='')}?v=1&force=1", "DELETE")
        except EngineError as error:
            if error.status != 409:  # It is being removed.
                raise

    def volumes(self, project):
        """Names of the volumes that were made for a project."""
        filters = json.dumps({"label": [f"{PROJECT_LABEL}={project}"]})
        return sorted(volume["Name"] for volume in (self.ask("/volumes?filters=" + quote(filters, safe="")).get("Volumes") or []))

    def remove_container(self, identifier):
        """Remove a container that does not run, with its anonymous volumes."""
        self._gone(f"/containers/{quote(identifier, safe='')}?v=1", "DELETE")

    def stop_container(self, identifier, patience=3600):
        """Stop a container as its definition says; the engine kills it after its own grace period. *patience* is in seconds."""
        self._gone(f"/containers/{quote(identifier, safe='')}/stop", "POST", timeout=patience)

    def signal_container(self, identifier, name):
        """Send a signal to the first process of a container."""
        self._gone(f"/containers/{quote(identifier, safe='')}/kill?signal={name}", "POST")

    def _gone(self, path, method, timeout=60):
        """A request that is content when what it is about is not there."""
        try:
            self.ask(path, method, timeout=timeout)
        except EngineError as error:
            if error.status != 404:
                raise

    def execute(self, identifier, argv, timeout=60):
        """Run a command in a container. Its exit code and what it printed; EngineError when it cannot be run there at all."""
        made = self.ask(f"/containers/{quote(identifier, safe='')}/exec", "POST", {"Cmd": argv, "AttachStdout": True, "AttachStderr": True})
        status, text = self._printed("POST", f"/exec/{made['Id']}/start", {"Detach": False, "Tty": False}, timeout)
        if status >= 400:
            # An engine may call 0 the exit code of what was never run.
            raise EngineError(status, text.strip())
        return self.ask(f"/exec/{made['Id']}/json").get("ExitCode"), text

    def image(self, reference):
        """An image of this host by reference or id, or None."""
        try:
            return self.ask(f"/images/{quote(reference, safe='/:@')}/json")
        except EngineError as error:
            if error.status == 404:
                return None
            raise

    def image_users(self):
        """Ids of the images that any container of this host has."""
        return {container.get("ImageID", "") for container in self.ask("/containers/json?all=1")}

    def tag(self, identifier, reference):
        """Have a name with a tag mean an image of this host."""
        name, tag = name_and_tag(reference)
        self.ask(f"/images/{quote(identifier, safe=':@')}/tag?repo={quote(name, safe='')}&tag={quote(tag, safe='')}", "POST")

    def remove_reference(self, reference):
        """Take a name or digest off an image; the image goes with its last one. False where a container has it."""
        try:
            self.ask(f"/images/{quote(reference, safe='/:@')}", "DELETE", timeout=300)
        except EngineError as error:
            if error.status not in (404, 409):
                raise
            return error.status == 404
        return True

    def pull(self, reference, auth=None, platform="", timeout=900):
        """Pull a reference with a tag or a digest. The credential goes to the engine with this one request and is written nowhere."""
        name, at, digest = reference.partition("@")
        name, tag = (name, digest) if at else name_and_tag(reference)
        path = f"/images/create?fromImage={quote(name, safe='')}&tag={quote(tag, safe='')}" + (f"&platform={quote(platform, safe='')}" if platform else "")
        deadline = time.monotonic() + timeout

        def read(response):
            if response.status >= 400:
                return response.read()
            for line in response:
                if time.monotonic() > deadline:
                    raise EngineError(0, f"it did not end within {timeout} seconds")
                with contextlib.suppress(ValueError):
                    said = json.loads(line)
                    if said.get("error"):
                        raise EngineError(0, said["error"])
            return b""

        status, data = self._exchange("POST", path, None, {"X-Registry-Auth": auth} if auth else None, min(timeout, 300), read)
        if status >= 400:
            message = data.decode("utf-8", "replace")
            with contextlib.suppress(ValueError, AttributeError):
                message = json.loads(message).get("message") or message
            raise EngineError(status, message.strip())

    def remote_digest(self, reference, auth=None, timeout=30):
        """The digest that the registry has for a reference now; the engine asks, so its mirrors, proxies and certificates count."""
        headers = {"X-Registry-Auth": auth} if auth else None
        try:
            answer = self.ask(f"/distribution/{quote(reference, safe='/:@')}/json", headers=headers, timeout=timeout)
        except EngineError as error:
            if error.status == 404 and "BuildahVersion" in self.info():
                raise Untold("Podman does not know digests without a pull") from None
            raise
        return answer["Descriptor"]["digest"]

    def logs(self, identifier, lines, since=0, timestamps=False):
        """The last log lines of a container since a second of the epoch, both streams in their order."""
        more = (f"&since={int(since)}" if since else "") + ("&timestamps=1" if timestamps else "")
        status, text = self._printed("GET", f"/containers/{quote(identifier, safe='')}/logs?stdout=1&stderr=1&tail={int(lines)}{more}", None, 60)
        return "" if status >= 400 else text

    def _printed(self, method, path, body, timeout):
        """Within *timeout* as a whole, however steadily it prints."""
        deadline = time.monotonic() + timeout
        return self._exchange(method, path, body, None, timeout, lambda response: printed(Timely(response, deadline), PRINTED))


def name_and_tag(reference):
    """The name of an image and its tag, `latest` when it has none."""
    name, colon, tag = reference.rpartition(":")
    return (name, tag) if colon and "/" not in tag else (reference, "latest")


def _user():
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
