# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Replaces containers that stand behind a proxy on the same host without dropping a request: new ones beside the old ones, then the old ones drained."""

from __future__ import annotations

import json
import shlex
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import last_lines, reason_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.containers import service_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError, EngineError

DRAIN_LABEL = "django-ansible-deploy.drain"
# What docker-rollout reads; it is a shell's command.
SHELL_LABEL = "docker-rollout.pre-stop-hook"
HOOK_SECONDS = 120


def obstacles(config, names):
    """Why two generations of these services cannot run at once, in the words of the compose file."""
    services, found = config.get("services") or {}, []
    for name in names:
        service = services.get(name)
        if service is None:
            found.append(f"compose_app_rollout names {name}, which the compose file does not have")
            continue
        if service.get("container_name"):
            found.append(f"{name} has container_name: {service['container_name']}, which only one container can have: remove it")
        if service.get("network_mode") == "host":
            found.append(f"{name} has network_mode: host, where two containers want the same port: give it a network")
        addresses = [network for network, options in (service.get("networks") or {}).items() if options and (options.get("ipv4_address") or options.get("ipv6_address"))]
        if addresses:
            found.append(f"{name} has a fixed address in the network {addresses[0]}, which only one container can have: remove it")
        replicas = max(int((service.get("deploy") or {}).get("replicas") or service.get("scale") or 1), 1)
        for port in service.get("ports") or []:
            first, _dash, last = str(port.get("published") or "").partition("-")
            room = int(last or first) - int(first) + 1 if first.isdigit() else 0
            if first and first != "0" and room < 2 * replicas:
                found.append(
                    f"{name} publishes port {port['published']}, and {2 * replicas} containers at once need as many: remove `ports` and let the proxy "
                    f"reach it by its network, or publish a range such as {first}-{int(first) + 2 * replicas - 1}:{port.get('target')}"
                )
    return found


def roll_out(launch, before, settings):
    """Starts a project; its services among ``settings["rollout"]`` that run already are replaced one generation beside the other."""
    rolling = [
        name for name in settings["rollout"]
        if name in launch.services and any(entry["service"] == name and entry["running"] for entry in before.values())
    ]
    if not rolling:
        launch.up(before)
        return
    others = [name for name in launch.services if name not in rolling]
    if others:
        # Without their dependencies: a proxy depends on what is rolled out, and compose would replace that first.
        launch.up(before, others, ["--no-deps"])
    with open(launch.config, encoding="utf-8") as file:
        config = json.load(file)
    for name in rolling:
        Rollout(launch, name, config["services"][name], settings).run(before)


class Rollout:
    def __init__(self, launch, name, definition, settings):
        self.launch, self.engine, self.name = launch, launch.engine, name
        self.definition = definition
        self.replicas = launch.services[name]["replicas"]
        self.drain_seconds = settings["drain_seconds"]
        self.deadline = time.monotonic() + settings["wait_timeout"]

    def run(self, before):
        old = {key for key, entry in before.items() if entry["service"] == self.name}
        if self.up_to_date(before, old):
            self.launch.wait(before, self.deadline, [self.name])
            return
        try:
            self.scale(len(old) + self.replicas)
            self.launch.wait(before, self.deadline, [self.name], skip=old)
        except ComposeError:
            # The old ones have gone on serving.
            for identifier in self.containers() - old:
                self.remove(identifier)
            raise
        for identifier in old:
            self.drain(identifier)
        for identifier in old:
            self.remove(identifier)

    def containers(self):
        return {entry["Id"] for entry in self.engine.containers(self.launch.name) if service_of(entry) == self.name}

    def up_to_date(self, before, old):
        image = (self.engine.image(self.launch.services[self.name]["image"]) or {}).get("Id")
        wanted = self.launch.hashes().get(self.name)
        running = [before[key] for key in old if before[key]["running"]]
        return len(running) == len(old) == self.replicas and all(entry["hash"] == wanted and entry["image"] == image for entry in running)

    def scale(self, count):
        seconds = max(self.deadline - time.monotonic(), 1)
        options = ["--detach", "--no-build", "--pull", "never", "--no-deps", "--no-recreate", "--scale", f"{self.name}={count}", self.name]
        code, out, err = self.launch.call("up", *options, timeout=seconds)
        if code != 0:
            raise ComposeError(f"compose could not start new containers of {self.name}: {reason_of(err or out) or 'time was up'}")

    def hook(self):
        labels = self.definition.get("labels") or {}
        if labels.get(DRAIN_LABEL):
            return shlex.split(labels[DRAIN_LABEL])
        return ["sh", "-c", labels[SHELL_LABEL]] if labels.get(SHELL_LABEL) else None

    def drain(self, identifier):
        """Tells an old container to take no more requests, as the new definition says, and waits until its health check shows it, or the time is up."""
        hook = self.hook()
        if not hook:
            return
        try:
            code, said = self.engine.execute(identifier, hook, HOOK_SECONDS)
        except EngineError as error:
            raise ComposeError(f"The drain command of {self.name} cannot be run in an old container: {error.message}") from None
        if code:
            raise ComposeError(f"The drain command of {self.name} ended with {code} in an old container: {last_lines(said, 3) or 'it printed nothing'}")
        end = time.monotonic() + self.drain_seconds
        while time.monotonic() < end:
            container = self.engine.container(identifier)
            health = ((container or {}).get("State") or {}).get("Health") or {}
            if not container or health.get("Status") == "unhealthy":
                # A proxy that watches the health is told of it at the same time as we are.
                time.sleep(min(1, self.drain_seconds))
                return
            time.sleep(0.2)

    def remove(self, identifier):
        self.engine.stop_container(identifier)
        self.engine.remove_container(identifier)
