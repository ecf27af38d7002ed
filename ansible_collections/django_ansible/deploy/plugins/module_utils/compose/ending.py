# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""What waits in a container ends with its run, and what has to come to its own end does so."""

from __future__ import annotations

import contextlib
import signal
import threading

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.giving_up import LOOK

# The kernel keeps SIGTERM from the first process of a container, unless that handles it, which a Python that waits in a library's C does not come to do. So the
# first process starts a second one, which it passes the signal on to: there it works as outside of a container, until the second takes no notice of it.
PASSED_ON = """
import os, signal

signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
ended, child = 0, os.fork()
if child:
    signal.signal(signal.SIGTERM, lambda number, frame: ended == child or os.kill(child, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    while ended != child:
        ended, status = os.wait()
    os._exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
"""
ENDED = 128 + signal.SIGTERM


@contextlib.contextmanager
def asked_to_end(engine, name, has_ended):
    """Meanwhile, asks the container of that name to end, by SIGTERM alone, once the run *has_ended*. Yields what says whether it was asked."""
    is_through, was_asked = threading.Event(), threading.Event()

    def look():
        while not is_through.wait(LOOK):
            if has_ended():
                was_asked.set()
                # Again next time: it may not have been made yet.
                with contextlib.suppress(ComposeError):
                    engine.signal_container(name, "SIGTERM")

    looking = threading.Thread(target=look, daemon=True)
    if has_ended:
        looking.start()
    try:
        yield was_asked.is_set
    finally:
        is_through.set()
        if has_ended:
            looking.join()
