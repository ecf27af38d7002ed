# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""How long a new release is watched in both modes, and what it is judged by."""
from __future__ import annotations

import time
from collections.abc import Callable

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.evidence import BAD, GOOD, SLOWER, UNDECIDED, Elsewhere, Lately, Requests, judge

EVERY = 3  # seconds between two looks
BAKE = {
    "bake": {"type": "int", "default": 0},
    "bake_wait": {"type": "int", "default": 0},
    "bake_requests": {"type": "int", "default": 50},
    "bake_failures": {"type": "float", "default": 0.5},
    "bake_checks": {"type": "list", "elements": "str", "default": []},
}


class FoundBad(CommandFailed):
    """A release fails its visitors. That is no fault of the host that found it out, and no other one should get it."""


def is_found_bad(error: BaseException) -> bool:
    """Whether that is why a host has gone back."""
    return isinstance(error, FoundBad) or isinstance(error.__cause__, FoundBad)


class Rule:
    """How long a release is watched, and what it is judged by.

    :param settings: what :data:`BAKE` names, and where times are known ``bake_slower``.
    """

    def __init__(self, settings: dict) -> None:
        self.seconds = settings["bake"]
        self.longest = self.seconds + settings["bake_wait"]
        self.least = settings["bake_requests"]
        self.looks = max(self.longest // EVERY, 1)
        self.rule = {"looks": self.looks, "tolerated": settings["bake_failures"] / 100, "slower": settings.get("bake_slower", SLOWER)}

    def judge(self, new: Requests, old: Requests, ask: Callable[[], list[Elsewhere]], lost: float = 0.0, lately: Lately | None = None) -> tuple[str, str]:
        """The verdict and why.

        :param ask: what other hosts see, which is asked only when the release is bad by what this one sees.
        :param lost: as :func:`judge` has it, likewise *lately*.
        """
        found = judge(new, old, self.least, **self.rule, lately=lately)
        return judge(new, old, self.least, **self.rule, elsewhere=ask(), lost=lost, lately=lately) if found[0] == BAD else found

    def watch(self, look: Callable[[], tuple[str, str, str | None]], stop: Callable[[], bool]) -> tuple[str, str]:
        """Looks every few seconds until the time is over, or something is the matter.

        :param look: returns a verdict, why, and what is the matter, if anything is.
        :param stop: asked whether nobody waits for the end any more.
        :returns: a verdict and what to say of it: for a bad one what is the matter.
        """
        verdict, why = UNDECIDED, "it was ended early"
        begun, passed = time.monotonic(), 0.0
        while not stop():
            left = (self.seconds if passed < self.seconds else self.longest) - passed
            time.sleep(min(EVERY, max(left, 0)))
            verdict, why, trouble = look()
            passed = time.monotonic() - begun
            if trouble:
                return BAD, trouble
            if passed >= (self.longest if verdict == UNDECIDED else self.seconds):
                break
        return verdict, "watched for %d s, %s: %s" % (passed, "good" if verdict == GOOD else "undecided", why)
