# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Hosts find out whether all of a run would move to the same release by themselves, so that each may do so in the step that looked at it.

A host says what it would do over the channel of the heartbeat (:mod:`.keeper`), and the runner compares. What one says has no other move: each does what it has
found out itself, or waits for the run to say what to do.

    this host   agree RELEASE COMMIT      or, where it would do nothing by itself, agree -; a release of no known commit has - in its place
    the runner  agreed                    once all hosts of the run have said the same
                differs                   once one said something else, or failed
"""
from __future__ import annotations

import contextlib
import re
import socket
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.releases import COMMIT, NAME

NOTHING = "-"
PROPOSAL = re.compile(r"agree (?:-|%s (?:%s|-))" % (NAME.pattern, COMMIT.pattern))
AGREED, DIFFERS = "agreed", "differs"
WAIT = 6.0  # seconds for the other hosts, which are looked at side by side with this one


def ask(path: str | None, release: str | None, commit: str | None, wait: float = WAIT) -> bool:
    """Whether all hosts would move to that release; says so also where this one would not.

    :param commit: empty where none is known; None where nothing can be said of it.
    :param path: socket of this run's keeper; without one, nobody is asked.
    """
    proposal = "agree %s %s" % (release, NOTHING if commit == "" else commit)
    if not PROPOSAL.fullmatch(proposal):
        release, proposal = None, "agree " + NOTHING
    if path is None:
        return False
    said, deadline = b"", time.monotonic() + wait
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as keeper:
        keeper.settimeout(wait)
        keeper.connect(path)
        keeper.sendall(proposal.encode() + b"\n")
        while release is not None and b"\n" not in said and len(said) < len(DIFFERS):
            keeper.settimeout(max(deadline - time.monotonic(), 0.01))
            more = keeper.recv(len(DIFFERS) + 1)
            if not more:
                break
            said += more
    return said == AGREED.encode() + b"\n"
