# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Asks what hosts of the fleet see that still have the release before, when this one is about to roll back for what its visitors see.

Hosts do not know of each other. The question goes over the channel of the heartbeat (:mod:`.keeper`) to the runner, which asks the others and passes on
what they answer: numbers alone. Nothing is asked as long as a release does well.

    this host   elsewhere SECONDS PART          what was seen in the last seconds of PART, by those that have not been switched
    the runner  look NUMBER SECONDS PART        to each other host
    they        seen NUMBER FAILED COUNT FAILED_BEFORE COUNT_BEFORE SLOWER     which is in hundredths, 0 where nobody knows; passed on to this host
    the runner  all                             to this host, once each has answered or had its time
"""
from __future__ import annotations

import contextlib
import re
import socket
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.evidence import Elsewhere

PART = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}"
QUESTION = re.compile(r"elsewhere ([0-9]{1,5}) (%s)" % PART)
LOOK = re.compile(r"look ([0-9]{1,9}) ([0-9]{1,5}) (%s)" % PART)
SEEN = re.compile(r"seen ([0-9]{1,9})((?: [0-9]{1,5}){5})")
ALL = "all"
LONGEST = 160  # characters of a line
LARGEST = 99999  # in what is said
WAIT = 6.0  # seconds for the answers of all
MOST = 1 << 17  # bytes of all answers


def line_of(number: int, seen: Elsewhere) -> str:
    """What a host answers to a look."""
    # A host with so many requests is known well enough by a part of them.
    part, part_before = (min(1.0, LARGEST / max(count, 1)) for count in (seen.count, seen.count_before))
    figures = seen.failed * part, seen.count * part, seen.failed_before * part_before, seen.count_before * part_before, (seen.slower or 0) * 100
    return "seen %d %s" % (number, " ".join(str(min(int(figure), LARGEST)) for figure in figures))


def read(line: str) -> Elsewhere | None:
    """What another host saw; None for anything else, as for more failures than requests."""
    found = SEEN.fullmatch(line)
    if not found:
        return None
    failed, count, failed_before, count_before, slower = map(int, found[2].split())
    return Elsewhere(failed, count, failed_before, count_before, slower / 100 or None) if failed <= count and failed_before <= count_before else None


def ask(path: str | None, seconds: float, part: str, wait: float = WAIT) -> list[Elsewhere]:
    """What other hosts see.

    :param path: socket of this run's keeper; without one, nobody is asked.
    :param seconds: how far back they look, from now.
    :param part: what they look at, as their ``look`` of :mod:`.keeper` takes it.
    :returns: what was answered in time; nothing where nobody answers.
    """
    said, deadline = b"", time.monotonic() + wait
    if path is None or not re.fullmatch(PART, part):
        return []
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as keeper:
        keeper.settimeout(wait)
        keeper.connect(path)
        keeper.sendall(b"elsewhere %d %s\n" % (min(max(seconds, 1), LARGEST), part.encode()))
        while not (b"\n" + said).endswith(b"\n%s\n" % ALL.encode()) and len(said) < MOST and deadline > time.monotonic():
            keeper.settimeout(max(deadline - time.monotonic(), 0.01))
            more = keeper.recv(4096)
            if not more:
                break
            said += more
    answers = map(read, said.decode(errors="replace").splitlines())
    return [answer for answer in answers if answer is not None]
