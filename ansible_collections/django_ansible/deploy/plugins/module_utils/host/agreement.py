# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Hosts find out whether all of a run would move to the same release by themselves, so that each may do so in the step that made it ready.

A host says what it would do over the channel of the heartbeat (:mod:`.keeper`), and the runner compares. What one says has no other move: each does what it has
found out itself, or waits for the run to say what to do.

    this host   agree RELEASE COMMIT      or, where it would do nothing by itself, agree -; a release of no known commit has - in its place
    the runner  agreed                    once all hosts of the run have said the same
                differs                   once one said something else, or failed

Where hosts move one batch after the other (plugin_utils/heart_agreement.py knows the batches), it goes on:

    the runner  go                        once those of the batches before have moved
    this host   moved RELEASE COMMIT
    the runner  through                   once all have, and each was told that it goes back by itself no more
                differs                   once one failed; then the run says what to do
"""
from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Callable

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.releases import COMMIT, NAME

NOTHING = "-"
_WHAT = "%s (?:%s|-)" % (NAME.pattern, COMMIT.pattern)
PROPOSAL = re.compile(r"agree (?:-|%s)" % _WHAT)
MOVED = re.compile("moved " + _WHAT)
AGREED, GO, THROUGH, DIFFERS = "agreed", "go", "through", "differs"
ANSWERS = (AGREED, GO, THROUGH, DIFFERS)
LONGEST = 1024  # bytes of all that is answered
WAIT = 6.0  # seconds for the other hosts, which are looked at side by side with this one
READY = 60.0  # seconds for those that prepare the release side by side with this one; without their answer the run has each step for itself
AGAIN = 5.0  # seconds after which something is said again, as a channel that broke may have lost it


def ask(path: str | None, release: str | None, commit: str | None, wait: float = WAIT) -> bool:
    """Whether all hosts would move to that release; says so also where this one would not.

    :param commit: empty where none is known; None where nothing can be said of it.
    :param path: socket of this run's keeper; without one, nobody is asked.
    """
    proposal = "agree %s %s" % (release, NOTHING if commit == "" else commit)
    if path is None:
        return False
    if PROPOSAL.fullmatch(proposal):
        return _say(path, proposal, (AGREED, DIFFERS), wait) == AGREED
    _say(path, "agree " + NOTHING, (), 0)
    return False


def take_turn(path: str, release: str, commit: str, goes_on: Callable[[], bool], wait: float = READY) -> bool:
    """Whether this host may move now, as all are ready for the same and those before it have moved. Else it does nothing by itself, and the others hear so.

    :param goes_on: whether the run lives.
    """
    said = _ask(path, "agree %s %s" % (release, commit), (AGREED, GO), goes_on, wait)
    if said == AGREED:
        said = _ask(path, "agree %s %s" % (release, commit), (GO,), goes_on)
    if said is None:
        ask(path, None, None)
    return said == GO


def is_through(path: str, release: str, commit: str, goes_on: Callable[[], bool]) -> bool:
    """Whether all hosts have moved, as this one has, and none of them goes back by itself any more."""
    return _ask(path, "moved %s %s" % (release, commit), (THROUGH,), goes_on) == THROUGH


def _ask(path: str, line: str, words: tuple[str, ...], goes_on: Callable[[], bool], wait: float = float("inf")) -> str | None:
    """One of those words, or that hosts differ; None when nobody said so in time, or the run lives no more."""
    deadline = time.monotonic() + wait
    while goes_on() and time.monotonic() < deadline:
        begun = time.monotonic()
        said = _say(path, line, (*words, DIFFERS), min(AGAIN, deadline - begun))
        if said:
            return said
        if time.monotonic() - begun < 0.1:
            time.sleep(0.1)  # Who listens was killed, and is started again.
    return None


def _say(path: str, line: str, words: tuple[str, ...], wait: float) -> str | None:
    """Says something and waits for one of some words; the last of those that come at once."""
    said, deadline = b"", time.monotonic() + wait
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as keeper:
        keeper.settimeout(max(wait, WAIT))
        keeper.connect(path)
        keeper.sendall(line.encode() + b"\n")
        while words and len(said) < LONGEST:
            found = [word for word in said.decode(errors="replace").split("\n")[:-1] if word in words]
            if found:
                return found[-1]
            keeper.settimeout(max(deadline - time.monotonic(), 0.01))
            more = keeper.recv(LONGEST)
            if not more:
                break
            said += more
    return None
