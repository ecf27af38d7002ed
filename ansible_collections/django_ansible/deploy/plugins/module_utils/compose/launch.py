# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Starts a resolved project and waits until each of its containers is fit."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import last_lines, reason_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.containers import health_output, interrupted, judge, service_of, snapshot
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.own_checks import OwnChecks
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.probe import Probe

FIRST_PAUSE, PAUSE = 0.05, 0.25
PROBE_SECONDS = 10


class Launch:
    """One resolved project on this host.

    *config* is the path of its text, *summary* what compose_project made of it. *settings* has ``wait_timeout`` and
    ``settle_seconds`` (seconds), ``log_lines``, ``remove_orphans`` and ``probes`` (URL by service).
    """

    def __init__(self, compose, config, folder, profiles, services, summary, settings):
        self.compose, self.engine = compose, compose.engine
        self.config, self.folder, self.profiles, self.named = config, folder, profiles, services
        self.name, self.services = summary["name"], summary["services"]
        self.settings = settings
        self.gates = {}
        # Whether the run has been cancelled meanwhile.
        self.is_stopped = lambda: False
        self.own_checks = None

    def hurry(self):
        """From now on a container counts as healthy as soon as its health check ends well, also before the engine runs it. One of ``rollout`` does not: its proxy may go by the engine."""
        self.own_checks = OwnChecks(self.engine)

    def snapshot(self):
        return snapshot(self.engine.containers(self.name))

    def hashes(self):
        """The configuration hash of each service."""
        return self.compose.hashes(files=[self.config], folder=self.folder, project=self.name, profiles=self.profiles)

    def call(self, *arguments, timeout=None, **streams):
        return self.compose.call(
            arguments, files=[self.config], folder=self.folder, project=self.name, profiles=self.profiles, timeout=timeout, **streams
        )

    def up(self, before, services=None, options=()):
        """Have compose bring the services up, all that are wanted by default, and wait until they are fit."""
        deadline = time.monotonic() + self.settings["wait_timeout"]
        for identifier in interrupted(before):
            self.engine.remove_container(identifier)
        # What was pulled or built is what is started: a tag that moved since, or `pull_policy: always`, must not bring another image in between.
        arguments = ["up", "--detach", "--no-build", "--pull", "never", *options]
        if self.settings["remove_orphans"]:
            arguments.append("--remove-orphans")
        code, out, err = self.call(*arguments, *(self.named if services is None else services), timeout=self.settings["wait_timeout"])
        if code == 0:
            return self.wait(before, deadline, services)
        verdicts = [(container, *judge(container, True, True)) for container in self.inspect()]
        failed = [(container, why) for container, verdict, why in verdicts if verdict == "failed"]
        if code is None:
            raise self.late(failed + [(container, why) for container, verdict, why in verdicts if verdict == "waiting"])
        reason = reason_of(err or out)
        if any(container["State"].get("Error") and container["State"]["Error"] in reason for container, _why in failed):
            reason = ""
        raise self.failure(f"compose could not start the project {self.name}" + (f": {reason}" if reason else ""), failed)

    def wait(self, before, deadline, services=None, skip=()):
        """Ask the engine until each container is ready, of those services if they are named, without those to *skip*. `up --wait` would add half a second to every run and takes a one-off that ended well for a failure."""
        first_seen, first_restarts, pause = {}, {}, FIRST_PAUSE
        while True:
            verdicts = []
            for container in self.inspect(services, skip):
                identifier, restarts = container["Id"], container.get("RestartCount") or 0
                since = first_seen.setdefault((identifier, container["State"].get("StartedAt")), time.monotonic())
                fresh = not before.get(identifier, {}).get("running")
                restarts -= first_restarts.setdefault(identifier, 0 if fresh else restarts)
                settled = time.monotonic() - since >= self.settings["settle_seconds"]
                verdicts.append((container, *self.verdict(container, fresh, settled, restarts)))
            failed = [(container, why) for container, verdict, why in verdicts if verdict == "failed"]
            waiting = [(container, why) for container, verdict, why in verdicts if verdict == "waiting"]
            if failed:
                raise self.failure("", failed)
            if not waiting:
                return
            if self.is_stopped():
                raise ComposeError(f"the run was cancelled while {', '.join(sorted({service_of(container) for container, _why in waiting}))} was not healthy yet")
            if time.monotonic() >= deadline:
                raise self.late(waiting)
            time.sleep(pause)
            pause = min(pause * 1.5, PAUSE)

    def verdict(self, container, fresh, settled, restarts=0):
        """What judge says, and where there is a probe, what the service answers. Notes by which gate the service passed."""
        service = service_of(container)
        url = self.settings["probes"].get(service)
        verdict, why = judge(container, fresh and not url, settled, restarts)
        running = container["State"].get("Status") == "running"
        health = (container["State"].get("Health") or {}).get("Status")
        if verdict == "waiting" and running and health == "starting" and self.may_hurry(service) and self.own_checks.pass_(container):
            verdict, why = "ready", ""
        if verdict == "ready" and running and url:
            trouble = ask(container, url)
            if trouble:
                return "waiting", f"does not answer at {url}: {trouble}"
        if verdict == "ready":
            checked = "passes its health check" if health == "starting" else "is healthy"
            self.gates[service] = (
                "has ended well" if not running
                else " and ".join([checked] * bool(health) + [f"answers at {url}"] * bool(url))
                or f"has no health check and still runs after {self.settings['settle_seconds']} s"
            )
        return verdict, why

    def may_hurry(self, service):
        return self.own_checks is not None and service not in self.settings["rollout"]

    def late(self, containers):
        seconds = self.settings["wait_timeout"]
        return self.failure(f"the project {self.name} was not ready within {seconds} seconds (raise compose_app_wait_timeout if it needs longer)", containers)

    def inspect(self, services=None, skip=()):
        """The containers of the wanted services in full; orphans that were left on purpose are nobody's concern."""
        wanted = self.services if services is None else services
        listed = (entry["Id"] for entry in self.engine.containers(self.name) if service_of(entry) in wanted and entry["Id"] not in skip)
        full = map(self.engine.container, listed)
        return [container for container in full if container]

    def failure(self, reason, containers):
        """The sentence, and for each container that is to blame what its health check and its log say last."""
        services = [f"service {service_of(container) or '?'} ({container['Name'].lstrip('/')}) {why}" for container, why in containers]
        sentence = ": ".join(part for part in (reason, "; ".join(services)) if part)
        parts = [sentence[:1].upper() + sentence[1:]]
        return ComposeError("\n".join([*parts, *self.last_words([container for container, _why in containers])]))

    def last_words(self, containers):
        """What health check and log of the first three say last."""
        lines, parts = self.settings["log_lines"], []
        for container in containers[:3]:
            name = container["Name"].lstrip("/")
            health = health_output(container)
            if health:
                parts.append(f"The health check of {name} says: {last_lines(health, 5)}")
            log = last_lines(self.engine.logs(container["Id"], lines), lines)
            parts.append(f"The last log lines of {name}:\n{log}" if log else f"{name} has logged nothing.")
        return parts


def ask(container, url):
    """What is wrong with a service's answer, asked on this host at the container's own port; None when it is well."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address, port = address_of(container, port)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Probe(path, parts.hostname or "localhost", [], parts.scheme or "http").at(address, port, PROBE_SECONDS)


def address_of(container, port):
    """Where this host reaches a port of a container: where it is published, else at the container's own address."""
    network = container.get("NetworkSettings") or {}
    for binding in (network.get("Ports") or {}).get(f"{port}/tcp") or []:
        address = binding.get("HostIp") or "127.0.0.1"
        return ("127.0.0.1" if address == "0.0.0.0" else "::1" if address == "::" else address), int(binding["HostPort"])
    for found in (network.get("Networks") or {}).values():
        if found.get("IPAddress"):
            return found["IPAddress"], port
    return "127.0.0.1", port
