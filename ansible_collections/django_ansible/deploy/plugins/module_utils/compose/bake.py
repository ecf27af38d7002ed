# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Watches a project for a while after a release has started: a health check asks one page, visitors ask them all.

Looks at what the containers of each service print, where that has lines of an access log (failed requests since the start beside those before), at
containers that the engine starts again or that become unhealthy, and at addresses of the user's own.
"""

from __future__ import annotations

import re
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.containers import judge as judge_container
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.containers import service_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.evidence import BAD, UNDECIDED, judge
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.watch import EVERY, Entry, failed_check, failing_paths, requests_of

# A request as nginx, Apache, Caddy's and Traefik's common format, gunicorn and uvicorn print it: "METHOD path PROTOCOL" status.
LINE = re.compile(r'"[A-Z]+ (?P<path>[^" ]*) HTTP/[0-9.]+" (?P<status>[1-5]\d{2})\b')
LINES = 5000  # of a container that are read at most


def entries_of(text):
    """The requests among what a container printed. Without what visitors wrote behind a path, which may be a secret."""
    found = map(LINE.search, text.splitlines())
    return [Entry("", match["path"].partition("?")[0][:100], int(match["status"]), None) for match in found if match]


class Bake:
    """One project on one host, made before anything of the release starts."""

    def __init__(self, launch, settings):
        self.launch, self.engine = launch, launch.engine
        self.seconds, self.least, self.checks = settings["bake"], settings["bake_requests"], settings["bake_checks"]
        self.before = self.requests(0) if self.seconds else {}

    def requests(self, since):
        """By service, the requests that its containers have printed since then."""
        result = {}
        for container in self.engine.containers(self.launch.name):
            if service_of(container) in self.launch.services:
                result.setdefault(service_of(container), []).extend(entries_of(self.engine.logs(container["Id"], LINES, since)))
        return result

    def watch(self):
        """Looks until the time is over or the release is found bad.

        :returns: good or undecided, and why, in words; None when it is not watched.
        :raises ComposeError: when it is bad; the text says why, with the paths that failed most.
        """
        if not self.seconds:
            return None
        started, deadline = time.time(), time.monotonic() + self.seconds
        restarts = {container["Id"]: container.get("RestartCount") or 0 for container in self.launch.inspect()}
        looks = max(self.seconds // EVERY, 1)
        verdict = UNDECIDED, "it was ended early"
        while not self.launch.is_stopped():
            time.sleep(min(EVERY, max(deadline - time.monotonic(), 0)))
            verdict, trouble = self.judge(self.requests(started), looks)
            trouble = trouble or self.container(restarts) or failed_check(self.checks, "compose_app_bake_checks")
            if trouble:
                raise ComposeError(f"it was healthy, and did not stay so: {trouble}")
            if time.monotonic() >= deadline:
                break
        return verdict

    def judge(self, since, looks):
        """The verdict on the service that was asked most, and what is the matter with any of them. The same request may be in the log of a proxy and of what stands behind it."""
        chosen, most = (UNDECIDED, f"no service prints an access log, or too few requests came to judge it (0 of {self.least})"), 0
        for service, entries in sorted(since.items()):
            verdict, why = judge(requests_of(entries), requests_of(self.before.get(service, [])), self.least, looks)
            if verdict == BAD:
                return chosen, f"{service}: {why}{failing_paths(entries)}"
            if len(entries) > most:
                chosen, most = (verdict, why), len(entries)
        return chosen, None

    def container(self, restarts):
        """Which container does not stay up. One that is there only since the last look counts from then on."""
        for container in self.launch.inspect():
            known = restarts.setdefault(container["Id"], container.get("RestartCount") or 0)
            verdict, why = judge_container(container, False, True)
            if verdict == "failed" or (container.get("RestartCount") or 0) > known:
                killed = " (out of memory)" if container["State"].get("OOMKilled") else ""
                return f"service {service_of(container)} ({container['Name'].lstrip('/')}) {why or 'does not stay up'}{killed if not why else ''}"
        return None
