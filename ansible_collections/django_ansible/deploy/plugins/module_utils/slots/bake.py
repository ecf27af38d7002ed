# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Watches a release for a while after traffic has moved to it: a health check asks one page, visitors ask them all.

Looks at nginx's log of the application (failed requests and times of the new release beside those of the one before), at workers and processes that
end, and at addresses of the user's own.
"""
from __future__ import annotations

import os
import re
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.evidence import BAD, UNDECIDED, judge
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.watch import EVERY, Entry, failed_check, failing_paths, requests_of

BEFORE = 2 << 20  # bytes of the log that tell how the release before did
# Ends of workers that nobody asked for, in gunicorn's words.
LOST_WORKER = re.compile(r"Worker \(pid:\d+\) was sent SIG(KILL|ABRT|SEGV|BUS|ILL)|WORKER TIMEOUT|Worker \(pid:\d+\) exited with code [1-9]")
LOST_WORKERS = 2
# A line of the log_format of roles/django_app/templates/nginx: [time] "METHOD path PROTOCOL" status … upstream=… slot=… release=…
LINE = re.compile(r'\[(?P<second>[^\]]*)\] "[A-Z]+ (?P<path>[^" ]*)[^"]*" (?P<status>\d{3}) .* upstream=(?P<time>[\d.]+|-)[^=]* slot=\S* release=(?P<release>\S+)')
# Health checks of a deploy are no visitors.
OWN = '"django-ansible-deploy"'


def parse(line: str) -> Entry | None:
    """A line of the log; None for what nginx answered itself."""
    found = None if OWN in line else LINE.search(line)
    if not found or (found["time"] == "-" and found["release"] == "-"):
        return None
    # Without what visitors wrote behind it, which may be a secret.
    return Entry(found["release"], found["path"].partition("?")[0][:100], int(found["status"]), float(found["time"]) if found["time"] != "-" else None, found["second"])


def sides(entries: list[Entry], release: str) -> tuple[list[Entry], list[Entry]]:
    """Those of the new release, and those of the one before. One that a release did not answer at all is the new one's, since that gets the requests."""
    return [entry for entry in entries if entry.release in (release, "-")], [entry for entry in entries if entry.release not in (release, "-")]


class Log:
    """nginx's log of the application, read on from where it was."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.offset = os.stat(path).st_size if os.path.exists(path) else 0

    def before(self) -> list[Entry]:
        return self._read(max(self.offset - BEFORE, 0), self.offset)

    def since(self) -> list[Entry]:
        return self._read(self.offset, None)

    def _read(self, start: int, end: int | None) -> list[Entry]:
        try:
            with open(self.path, "rb") as file:
                file.seek(start)
                text = file.read(-1 if end is None else end - start).decode(errors="replace")
        except FileNotFoundError:
            return []
        return [entry for entry in map(parse, text.splitlines()) if entry]


class Bake:
    """One release on one host.

    :param log: made before traffic moved.
    :param units: those that have to stay up: the slot's service first, then processes.
    :param checks: addresses that have to answer below 400.
    :param stop: asked whether nobody waits for the end any more.
    """

    def __init__(self, log: Log, release: str, units: list[str], seconds: int, least: int, checks: list[str], stop) -> None:
        self.log, self.release, self.units = log, release, units
        self.seconds, self.least, self.checks, self.stop = seconds, least, checks, stop
        self.started = time.time()

    def watch(self) -> tuple[str, str]:
        """Looks until the time is over or the release is found bad.

        :returns: good or undecided, and why, in words.
        :raises CommandFailed: when it is bad; the text says why, with the paths that failed most.
        """
        before = [entry for entry in self.log.before() if entry.release not in (self.release, "-")]
        looks = max(self.seconds // EVERY, 1)
        verdict, why = UNDECIDED, "it was ended early"
        deadline = time.monotonic() + self.seconds
        while not self.stop():
            time.sleep(min(EVERY, max(deadline - time.monotonic(), 0)))
            new, _ = sides(self.log.since(), self.release)
            verdict, why = judge(requests_of(new), requests_of(before), self.least, looks)
            trouble = (why + failing_paths(new) if verdict == BAD else None) or self.lost_worker() or self.ended_unit() or failed_check(self.checks, "django_app_bake_checks")
            if trouble:
                raise CommandFailed("it answered its health check and not its visitors: %s" % trouble)
            if time.monotonic() >= deadline:
                break
        return verdict, why

    def lost_worker(self) -> str | None:
        try:
            printed = run(["journalctl", "--no-pager", "--output", "cat", "--unit", self.units[0], "--since", "@%d" % self.started], timeout=30)
        except (CommandFailed, IndexError):
            return None
        lost = [line for line in printed.splitlines() if LOST_WORKER.search(line)]
        return "%d of its workers ended: %s" % (len(lost), lost[0].strip()[:200]) if len(lost) >= LOST_WORKERS else None

    def ended_unit(self) -> str | None:
        for unit, found in systemd.show_each(self.units, "ActiveState", "SubState", "NRestarts").items():
            if found["ActiveState"] in ("inactive", "failed") or "auto-restart" in found["SubState"] or found.get("NRestarts", "0") != "0":
                return "%s does not stay up" % unit
        return None
