# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""A connection to one host, over which it hears that the run lives (heart_process.py). A host is a stranger: what it says is one of a few words."""
from __future__ import annotations

import os
import re
import subprocess
import time

from ansible_collections.django_ansible.deploy.plugins.plugin_utils.heart_agreement import MOVED, PROPOSAL

BEAT = 5.0  # seconds between two beats
LOST = 10.0  # seconds without an answer after which a channel is made anew
GONE = 15.0  # seconds without an answer after which a host counts as gone: it rolls back, and when more are than may be, no host is sent a beat any more
AGAIN = 2.0  # seconds before a channel that ended is made anew
MASTER = 10.0  # seconds that Ansible has to make the connection that a channel goes over
LONGEST = 4096
LONGEST_LINE = 160
QUESTION = re.compile(rb"elsewhere ([0-9]{1,5} [A-Za-z0-9][A-Za-z0-9_.-]{0,99})")
SEEN = re.compile(rb"seen ([0-9]{1,9})(?: [0-9]{1,5}){5}")
PROGRESS = re.compile(rb"migration [A-Za-z0-9_.-]{1,100} (begun|waits|done in [0-9]{1,7}\.[0-9] s)")
MOST_PROGRESS = 20000  # lines of a host
SEE_AGAIN = 1.0  # seconds before a host may ask again
MOST_SEEN = 16  # answers of a host that wait


class Channel:
    """A connection to one host. It is made over the one that Ansible has; made anew, by turns without it, which may be what broke."""

    def __init__(self, name: str, argv: list[str], greeting: str, control_path: str, app: str) -> None:
        self.name = name
        self.app = app
        self.argv = argv
        self.greeting = greeting
        self.control_path = control_path
        self.process: subprocess.Popen | None = None
        self.begun = time.monotonic()
        self.next = 0.0
        self.tries = 0
        self.tried = 0.0
        self.answered = 0.0  # when it last said something; 0 when it never has
        self.waited = 0.0  # when the connection itself did, where nobody listens on the host yet
        # What it said since it was asked last; answers to beats come between.
        self.words: set = set()
        self.question: bytes | None = None
        self.asked = 0.0
        self.seen: list[bytes] = []
        self.proposal: bytes | None = None
        self.moved: bytes | None = None
        self.progress: list[bytes] = []
        self.progressed = 0
        self.ended = False
        self.went_back = False  # it heard of no run for too long, and rolled back
        self.rest = b""

    def waits_for_master(self, now: float) -> bool:
        return self.tries == 0 and bool(self.control_path) and not os.path.exists(self.control_path) and now - self.begun < MASTER

    def is_gone(self, now: float) -> bool:
        """Whether a host that was there does not answer any more, or goes on without this run."""
        return self.went_back or (not self.ended and 0 < self.there() < now - GONE)

    def listens(self) -> bool:
        """One that gave the lock back before it heard anything, as one with nothing to do does, has nobody who does."""
        return self.answered > 0 and not self.ended

    def there(self) -> float:
        """When the host was known to be there last; 0 when it never was. One that listened once has to listen still."""
        return self.answered or self.waited

    def tend(self, now: float, beats: bool) -> None:
        """Starts what is to run, ends what hangs, and sends a beat when one is due."""
        if self.process is not None and (self.process.poll() is not None or now - max(self.tried, self.there()) > LOST):
            self.close()
            self.next = now + AGAIN
        if self.ended or now < self.next or self.waits_for_master(now):
            return
        if self.process is None:
            without = ["-o", "ControlPath=none"] if self.control_path and self.tries % 2 else []
            try:
                self.process = subprocess.Popen([self.argv[0], *without, *self.argv[1:]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            except OSError:
                self.ended = True
                return
            os.set_blocking(self.process.stdin.fileno(), False)
            os.set_blocking(self.process.stdout.fileno(), False)
            self.tries += 1
            self.tried = now
            self.send(self.greeting)
        self.next = now + BEAT
        # What is asked is answered, and keeps no host waiting.
        self.send("beat" if beats else "ask")

    def send(self, line: str) -> None:
        try:
            os.write(self.process.stdin.fileno(), line.encode() + b"\n")
        except (OSError, AttributeError):
            pass  # What does not get through is found by the missing answer.

    def hear(self, now: float) -> None:
        try:
            got = os.read(self.process.stdout.fileno(), LONGEST)
        except (OSError, AttributeError):
            return
        if not got:
            self.close()
            self.next = now + AGAIN
            return
        *lines, rest = (self.rest + got).split(b"\n")
        self.rest = rest[-LONGEST_LINE:]
        for line in lines:
            if line in (b"here", b"confirmed", b"stays"):
                self.answered = now
                self.words.add(line.decode())
            elif line == b"waits":
                self.waited = now
            elif line in (b"end", b"back"):
                self.ended, self.went_back = True, line == b"back"
                self.close()
            elif QUESTION.fullmatch(line) and now - self.asked >= SEE_AGAIN:
                self.question, self.asked = line, now
            elif SEEN.fullmatch(line) and len(self.seen) < MOST_SEEN:
                self.seen.append(line)
            elif PROPOSAL.fullmatch(line):
                self.proposal = line
            elif MOVED.fullmatch(line):
                self.moved = line
            elif PROGRESS.fullmatch(line) and self.progressed < MOST_PROGRESS:
                self.progress.append(line)
                self.progressed += 1

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
        self.process, self.rest = None, b""
