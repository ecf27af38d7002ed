# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What watching a new release is made of in both modes: requests that were seen, and addresses that have to answer."""
from __future__ import annotations

import itertools
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import outside
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.evidence import Requests

MOST_PATHS = 5
CHECK_SECONDS = 5
COMMAND_SECONDS = 10  # that a command of the user's own has


class Entry:
    """A request that the application was asked.

    :param seconds: what the application took.
    :param second: in which one it was answered, in whatever form.
    """

    __slots__ = ("release", "path", "status", "seconds", "second")

    def __init__(self, release: str, path: str, status: int, seconds: float | None, second: str = "") -> None:
        # There may be a million of them, which have few different words.
        self.release, self.path, self.status, self.seconds, self.second = sys.intern(release), sys.intern(path), status, seconds, sys.intern(second)

    @property
    def failed(self) -> bool:
        return self.status >= 500


def requests_of(entries: list[Entry]) -> Requests:
    rates, timed = Counter(entry.second for entry in entries), [entry for entry in entries if entry.seconds is not None]
    return Requests(sum(entry.failed for entry in entries), [entry.seconds for entry in timed], len(entries), [rates[entry.second] for entry in timed])


def failing_paths(entries: list[Entry]) -> str:
    counted = Counter((entry.status, entry.path) for entry in entries if entry.failed).most_common(MOST_PATHS)
    return "".join("\n  %d x %d %s" % (count, status, path) for (status, path), count in counted)


def split_checks(checks: list[str]) -> tuple[list[str], list[str]]:
    """Addresses and commands."""
    return [check for check in checks if is_address(check)], [check for check in checks if not is_address(check)]


def is_address(check: str) -> bool:
    return check.startswith(("http://", "https://"))


def one_by_one(checks: list[str], stop: Callable[[], bool]) -> Iterator[str]:
    """Until nobody waits for the end any more: each may take its time, and a run that is dead is noticed in between."""
    return itertools.takewhile(lambda check: not stop(), checks)


def failed_check(checks: Iterable[str], variable: str) -> str | None:
    """Which of the addresses, the value of *variable*, does not answer, and why."""
    for address in checks:
        trouble = outside.ask(address, CHECK_SECONDS)
        if trouble:
            return "%s of %s: %s" % (outside.shown(address), variable, trouble)
    return None
