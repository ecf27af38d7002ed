# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Watches a project for a while after a release has started: a health check asks one page, visitors ask them all.

Looks at what the containers of each service print, where that has lines of an access log (failed requests since the start beside those before), at
containers that the engine starts again or that become unhealthy, and at addresses and commands of the user's own.
"""

from __future__ import annotations

import functools
import re
import shlex
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import last_lines
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.containers import judge as judge_container
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.containers import service_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.log_reading import timed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.evidence import BAD, UNDECIDED, Requests, elsewhere_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.output import Tail
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.rule import FoundBad, Rule
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.watch import COMMAND_SECONDS, Entry, failed_check, failing_paths, one_by_one, requests_of, split_checks

# A request as nginx, Apache, Caddy's and Traefik's common format, gunicorn and uvicorn print it: "METHOD path PROTOCOL" status.
LINE = re.compile(r'"[A-Z]+ (?P<path>[^" ]*) HTTP/[0-9.]+" (?P<status>[1-5]\d{2})\b')
LINES = 5000  # of a container that are read at most in one look
PRINTED = 1 << 16  # bytes of what a command printed that are kept, the last ones
LONGEST_LINE = 500  # characters of one of its lines that are shown


def entries_of(lines):
    """The requests among what a container printed. Without what visitors wrote behind a path, which may be a secret."""
    found = map(LINE.search, lines)
    return [Entry("", match["path"].partition("?")[0][:100], int(match["status"]), None) for match in found if match]


class Printed:
    """The requests that containers of a project print, read on from where it was.

    :param services: those that count.
    :param since: seconds of the epoch; all that are kept without a time.
    """

    def __init__(self, engine, project, services, since=0):
        self.engine, self.project, self.services, self.since = engine, project, services, since
        self.read_until, self.entries = {}, {}

    def read(self):
        """By service, all of them until now."""
        for container in self.engine.containers(self.project):
            service, identifier = service_of(container), container["Id"]
            if service in self.services:
                begin = self.read_until.get(identifier, self.since)
                # The engine goes by whole seconds.
                lines = [(moment, line) for moment, line in timed(self.engine.logs(identifier, LINES, begin, timestamps=True)) if moment > begin]
                self.entries.setdefault(service, []).extend(entries_of(line for _moment, line in lines))
                self.read_until[identifier] = lines[-1][0] if lines else begin
        return self.entries


def misplaced(checks, services):
    """What is wrong with commands among the checks of a watched release; None when nothing is."""
    for check in split_checks(checks)[1]:
        service = shlex.split(check)[0]
        if service not in services:
            return f"{check} of compose_app_bake_checks begins with {service}, and the services of this project are {', '.join(sorted(services))}: name the one in whose container it is to run."
    return None


def seen_here(engine, project, service, seconds):
    """What this host sees of a service that another host watches: in the last *seconds*, and before that."""
    now = Printed(engine, project, {service}, time.time() - seconds).read().get(service, [])
    entries = Printed(engine, project, {service}).read().get(service, [])
    return elsewhere_of(requests_of(now), requests_of(entries[: max(len(entries) - len(now), 0)]))


class FailsVisitors(FoundBad, ComposeError):
    """Of containers."""


class Bake:
    """One project on one host, made before anything of the release starts.

    :param ask: what other hosts that still have the release before see of a service, in so many seconds until now.
    """

    def __init__(self, launch, settings, ask):
        self.launch, self.engine, self.ask = launch, launch.engine, ask
        self.rule, (self.addresses, self.commands) = Rule(settings), split_checks(settings["bake_checks"])
        printed = Printed(self.engine, launch.name, launch.services).read() if self.rule.seconds else {}
        self.before = {service: requests_of(entries) for service, entries in printed.items()}

    def watch(self):
        """Looks until the time is over or the release is found bad.

        :returns: good or undecided, and what to say of it; None when it is not watched.
        :raises FailsVisitors: when it is bad; the text says why, with the paths that failed most and the last lines of logs.
        """
        if not self.rule.seconds:
            return None
        started, begun = time.time(), time.monotonic()
        restarts = {container["Id"]: container.get("RestartCount") or 0 for container in self.launch.inspect()}

        since = Printed(self.engine, self.launch.name, self.launch.services, started)

        def look():
            (verdict, why), trouble = self.judge(since.read(), lambda service: self.ask(time.monotonic() - begun, service))
            addresses = one_by_one(self.addresses, self.launch.is_stopped)
            return verdict, why, trouble or self.container(restarts) or failed_check(addresses, "compose_app_bake_checks") or self.failed_command()

        verdict, said = self.rule.watch(look, lambda: self.launch.is_stopped())
        if verdict == BAD:
            # Failures may be in the log of a proxy, and why in that of what stands behind it.
            blamed = sorted(self.launch.inspect(), key=lambda container: service_of(container) not in said)
            raise FailsVisitors("\n".join([f"it was healthy, and did not stay so: {said}", *self.launch.last_words(blamed)]))
        return verdict, said

    def judge(self, since, ask):
        """The verdict on the service that was asked most, and what is the matter with any of them. The same request may be in the log of a proxy and of what stands behind it."""
        chosen, most = (UNDECIDED, f"no service prints an access log, or too few requests came to judge it (0 of {self.rule.least})"), 0
        for service, entries in sorted(since.items()):
            verdict, why = self.rule.judge(requests_of(entries), self.before.get(service) or Requests(0, []), functools.partial(ask, service))
            if verdict == BAD:
                return chosen, f"{service}: {why}{failing_paths(entries)}"
            if len(entries) > most:
                chosen, most = (verdict, why), len(entries)
        return chosen, None

    def failed_command(self):
        """Which command does not end well, and why. It runs in a container of its service, as `docker compose exec` has it."""
        for check in one_by_one(self.commands, self.launch.is_stopped):
            service, *words = shlex.split(check)
            printed = Tail(PRINTED)
            code, _out, _err = self.launch.call("exec", "-T", service, *words, timeout=COMMAND_SECONDS, output=printed.add)
            if code != 0:
                why = f"did not end within {COMMAND_SECONDS} s" if code is None else f"ended with {code}"
                lines = [line[:LONGEST_LINE] for line in last_lines(printed.text(), 5).splitlines()]
                return "\n".join([f"{check} of compose_app_bake_checks: it {why}", *lines])
        return None

    def container(self, restarts):
        """Which container does not stay up. One that is there only since the last look counts from then on."""
        for container in self.launch.inspect():
            known = restarts.setdefault(container["Id"], container.get("RestartCount") or 0)
            verdict, why = judge_container(container, False, True)
            if verdict == "failed" or (container.get("RestartCount") or 0) > known:
                killed = " (out of memory)" if container["State"].get("OOMKilled") else ""
                return f"service {service_of(container)} ({container['Name'].lstrip('/')}) {why or 'does not stay up'}{killed if not why else ''}"
        return None
