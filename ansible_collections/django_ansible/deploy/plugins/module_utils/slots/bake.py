# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Watches a release for a while after traffic has moved to it: a health check asks one page, visitors ask them all.

Looks at nginx's log of the application (failed requests and times of the new release beside those of the one before), at workers and processes that
end, at errors that processes print, and at addresses and commands of the user's own.
"""
from __future__ import annotations

import functools
import itertools
import os
import re
import time
from collections.abc import Callable, Iterable
from datetime import datetime

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.evidence import (
    ALPHA, BAD, LATELY, TOLERATED, Elsewhere, Lately, Requests, elsewhere_of, more_fail,
)
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.rule import FoundBad, Rule
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.processor_waits import Waits
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.watch import Entry, failed_check, failing_paths, one_by_one, requests_of, split_checks
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import SLOTS, Layout

BEFORE = 2 << 20  # bytes of the log that tell how the release before did
LOOK = 8 << 20  # bytes that one look reads on at most, the newest
# Ends of workers that nobody asked for, in gunicorn's words.
LOST_WORKER = re.compile(r"Worker \(pid:\d+\) was sent SIG(KILL|ABRT|SEGV|BUS|ILL)|WORKER TIMEOUT|Worker \(pid:\d+\) exited with code [1-9]")
LOST_WORKERS = 2
ERROR = "Traceback (most recent call last)"
ERRORS_BEFORE = 600  # seconds of the journal that tell how often processes printed errors before
LEAST_ERRORS = 3  # seconds with an error without which nothing is wrong
# A line of the log_format of roles/django_app/templates/nginx: [time] "METHOD path PROTOCOL" status … upstream=… slot=… release=…
LINE = re.compile(r'\[(?P<second>[^\]]*)\] "[A-Z]+ (?P<path>[^" ]*)[^"]*" (?P<status>\d{3}) .* upstream=(?P<time>[\d.]+|-)[^=]* slot=\S* release=(?P<release>\S+)')
TIME = "%d/%b/%Y:%H:%M:%S %z"  # of a line
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


def _opened(path: str):
    try:
        return open(path, "rb", buffering=0)
    except FileNotFoundError:
        return None


def _end(file, size: int, most: int) -> bytes:
    """Of the first *size* bytes of a file the last ones, *most* at most."""
    read = min(most, size)
    return os.pread(file.fileno(), read, size - read) if file else b""


def _entries(lines: Iterable[bytes]) -> list[Entry]:
    return [entry for entry in map(parse, (line.decode(errors="replace") for line in lines)) if entry]


class Log:
    """nginx's log of the application, read on from where it was, also when it is rotated meanwhile or was right before."""

    def __init__(self, path: str) -> None:
        # Where logrotate of Debian leaves the log before.
        self.earlier = _opened(path + ".1")
        self.path, self.file = path, _opened(path)
        self.offset = self.file.seek(0, os.SEEK_END) if self.file else 0
        self.rest, self.entries = b"", []
        self.made, self.begun = time.time(), time.monotonic()

    def before(self, most: int = BEFORE) -> list[Entry]:
        said = _end(self.file, self.offset, most)
        earlier = _end(self.earlier, os.fstat(self.earlier.fileno()).st_size, most - len(said)) if self.earlier else b""
        return _entries((earlier + said).splitlines())

    def since(self) -> list[Entry]:
        self._read_on()
        if self._is_rotated():
            self.file, self.rest = _opened(self.path), b""
            self._read_on()
        return self.entries

    def _read_on(self) -> None:
        if self.file:
            left = os.fstat(self.file.fileno()).st_size - self.file.tell()
            if left > LOOK:
                self.file.seek(left - LOOK, os.SEEK_CUR)
            *lines, self.rest = (self.rest + self.file.read(LOOK)).split(b"\n")
            self.entries += _entries(lines)

    def _is_rotated(self) -> bool:
        """Whether another file has this name now that nginx writes to, or this one was emptied."""
        try:
            named, mine = os.stat(self.path), self.file and os.fstat(self.file.fileno())
        except FileNotFoundError:
            return False
        return not mine or (named.st_size > 0 and not os.path.samestat(named, mine)) or mine.st_size < self.file.tell()


SLOT = re.compile(r"-(blue|green)@[0-9]+\.service$")


def error_seconds(units: list[str], since: float, until: float | None = None) -> int:
    """In how many seconds units printed an error to the journal; names may have C(*)."""
    argv = ["journalctl", "--no-pager", "--quiet", "--output", "short-unix", "--since", "@%d" % since, *(["--until", "@%d" % until] if until else [])]
    try:
        printed = run([*argv, *("--unit=" + unit for unit in units)], timeout=30) if units else ""
    except CommandFailed:
        return 0
    return len({line.partition(".")[0] for line in printed.splitlines() if ERROR in line})


@functools.lru_cache(maxsize=1000)
def _moment(second: str) -> float:
    try:
        return datetime.strptime(second, TIME).timestamp()
    except ValueError:
        return 0.0


def tells_of_before(layout: Layout, release: str, before: str | None) -> Callable[[str], bool]:
    """Whether requests to any release tell how visitors fare without *release*: those to one that did badly here do not.

    :param before: what was live before. Where it is the same release, with another environment, it is compared with itself alone: what it always fails the one before it may never have failed.
    """
    return lambda other: other == before or (before != release and other != release and not layout.did_badly(other))


def of_before(entries: list[Entry], counts: Callable[[str], bool]) -> list[Entry]:
    """What tells how things were: of releases that count. What no release answered is that of the one which answered before it, or first."""
    named = [entry.release for entry in entries if entry.release != "-"]
    counted, live, kept = set(filter(counts, set(named))), next(iter(named), "-"), []
    for entry in entries:
        live = live if entry.release == "-" else entry.release
        if live in counted:
            kept.append(entry)
    return kept


def at_the_end(entries: list[Entry], begin: float) -> int:
    """How many of them are of no earlier second than *begin*."""
    return sum(1 for _ in itertools.takewhile(lambda entry: _moment(entry.second) >= begin, reversed(entries)))


def seen_here(path: str, seconds: int, counts: Callable[[str], bool]) -> Elsewhere:
    """What this host sees, for another one that watches a release: of requests to others in the last *seconds*, and before that.

    :param path: nginx's log of the application.
    :param counts: whether requests to a release tell how visitors fare without the one that is watched.
    """
    entries = of_before(Log(path).before(2 * BEFORE), counts)
    now = at_the_end(entries, time.time() - seconds)
    return elsewhere_of(requests_of(entries[len(entries) - now :]), requests_of(entries[: len(entries) - now]))


class Bake:
    """One release on one host.

    :param log: made before traffic moved.
    :param waits: of the service, likewise.
    :param service: the slot's service; empty where the host has no web part.
    :param processes: units that start with the release.
    :param settings: as :data:`..host.rule.BAKE` has them.
    :param stop: asked whether nobody waits for the end any more.
    :param ask: what other hosts see that still have the release before, in so many seconds until now.
    :param try_out: runs a command of the user's own and says what is wrong, if anything is.
    :param counts: whether earlier requests to a release tell how things were before.
    """

    def __init__(
        self, log: Log, waits: Waits, release: str, service: str, processes: list[str], settings: dict, stop: Callable[[], bool], ask: Callable[[float], list[Elsewhere]],
        try_out: Callable[[str], str | None], counts: Callable[[str], bool],
    ) -> None:
        self.log, self.waits, self.release, self.service, self.processes = log, waits, release, service, processes
        self.rule, self.stop, self.ask, self.try_out, self.counts = Rule(settings), stop, ask, try_out, counts
        self.addresses, self.commands = split_checks(settings["bake_checks"])
        self.started = time.time()

    def watch(self) -> tuple[str, str]:
        """Looks until the time is over or the release is found bad.

        :returns: good or undecided, and what to say of it.
        :raises FoundBad: when it is; the text says why, with the paths that failed most.
        """
        entries = of_before(self.log.before(), self.counts)
        before, last = requests_of(entries), requests_of(entries[len(entries) - at_the_end(entries, self.log.made - LATELY) :])
        verdict, said = self.rule.watch(lambda: self.look(before, last), self.stop)
        if verdict == BAD:
            raise FoundBad("it answered its health check and not its visitors: %s" % said)
        return verdict, said

    def look(self, before: Requests, last: Requests) -> tuple[str, str, str | None]:
        new, _ = sides(self.log.since(), self.release)
        requests = requests_of(new)
        first = sum(entry.seconds is not None for entry in new[: len(new) - at_the_end(new, self.log.made + LATELY)])
        verdict, why = self.rule.judge(
            requests, before, lambda: self.ask(time.monotonic() - self.log.begun), self.waits.lost(sum(requests.times)), Lately(last, first),
        )
        # Of several, what is nearest to the cause.
        trouble = (
            self.lost_worker() or self.ended_unit() or (why + failing_paths(new) if verdict == BAD else None) or self.failing_process()
            or failed_check(one_by_one(self.addresses, self.stop), "django_app_bake_checks") or self.failed_command()
        )
        return verdict, why, trouble

    def lost_worker(self) -> str | None:
        try:
            printed = run(["journalctl", "--no-pager", "--output", "cat", "--unit", self.service, "--since", "@%d" % self.started], timeout=30) if self.service else ""
        except CommandFailed:
            return None
        lost = [line for line in printed.splitlines() if LOST_WORKER.search(line)]
        return "%d of its workers ended: %s" % (len(lost), lost[0].strip()[:200]) if len(lost) >= LOST_WORKERS else None

    def failing_process(self) -> str | None:
        """Whether processes print errors in more seconds than before. Seconds, since one failure may print many."""
        # They start after traffic has moved, and before this.
        since, seconds = self.log.made, max(int(time.monotonic() - self.log.begun), 1)
        failing = min(error_seconds(self.processes, since), seconds)
        if failing < LEAST_ERRORS:
            return None
        before = error_seconds([SLOT.sub("-%s@*.service" % slot, unit) for unit in self.processes for slot in SLOTS], since - ERRORS_BEFORE, since)
        if not more_fail(failing, seconds, before, ERRORS_BEFORE, ALPHA / self.rule.looks, TOLERATED):
            return None
        unit = max(self.processes, key=lambda one: error_seconds([one], since))
        return "its processes printed errors in %d of %d seconds, before it was %d of %d. Last lines of %s:\n%s" % (
            failing, seconds, before, ERRORS_BEFORE, unit, systemd.log_since(unit, since, 20),
        )

    def failed_command(self) -> str | None:
        for command in one_by_one(self.commands, self.stop):
            trouble = self.try_out(command)
            if trouble:
                return "%s of django_app_bake_checks: %s" % (command, trouble)
        return None

    def ended_unit(self) -> str | None:
        for unit, found in systemd.show_each([*filter(None, [self.service]), *self.processes], "ActiveState", "SubState", "NRestarts").items():
            if found["ActiveState"] in ("inactive", "failed") or "auto-restart" in found["SubState"] or found.get("NRestarts", "0") != "0":
                return "%s does not stay up" % unit
        return None
