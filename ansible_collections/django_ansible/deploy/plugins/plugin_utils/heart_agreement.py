# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Compares what hosts of a run would do by themselves, and lets them do it in turns (module_utils/host/agreement.py has the words). It imports nothing of Ansible."""
from __future__ import annotations

import re

# As agreement.py has it.
_WHAT = rb"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{7}(?:-[0-9a-f]{4})? (?:[0-9a-f]{40}|-)"
PROPOSAL = re.compile(rb"agree (?:-|%s)" % _WHAT)
MOVED = re.compile(rb"moved " + _WHAT)
NOTHING = b"agree -"


class Agreement:
    """Of all hosts of a run; once there is an answer, it stays."""

    def __init__(self) -> None:
        self.hosts = 0
        self.begin()

    def begin(self) -> None:
        self.said: dict = {}  # by host
        self.told: dict = {}  # by host, what it was answered since it last said something
        self.differs = False
        # Where hosts move in turns: their names, batch by batch, and what the run wants all of them to agree to.
        self.batches: list[set] = []
        self.wanted = b""
        self.moved: set = set()
        self.through = False

    def take_turns(self, told: dict) -> None:
        """From now on hosts move in turns. Each host's task says so; one of another application of the same run begins anew."""
        wanted = ("agree %s %s" % (told["release"], told["commit"])).encode()
        if self.wanted and wanted != self.wanted:
            self.begin()
        self.batches, self.wanted = [set(batch) for batch in told["batches"]], wanted

    def pass_on(self, channels: dict) -> None:
        """Takes what hosts said, and answers each as soon as that is possible."""
        for name, channel in channels.items():
            if channel.proposal is not None:
                self.propose(name, channel.proposal)
                channel.proposal = None
            if channel.moved is not None:
                self.move(name, channel.moved)
                channel.moved = None
        self.differs = self.differs or len(set(self.said.values())) > 1
        for name, told in self.told.items():
            word = self.word_for(name)
            if word and word not in told:
                told.add(word)
                channels[name].send(word)

    def propose(self, name: str, proposal: bytes) -> None:
        self.told[name] = set()
        # One that says something else than before has not agreed to it with the others.
        same = proposal != NOTHING and self.said.setdefault(name, proposal) == proposal
        if not same or (self.batches and proposal != self.wanted):
            self.differs = True

    def move(self, name: str, what: bytes) -> None:
        self.told[name] = set()
        if self.is_turn(name) and what.partition(b" ")[2] == self.wanted.partition(b" ")[2]:
            self.moved.add(name)
        else:
            self.differs = True

    def agreed(self) -> bool:
        return 0 < self.hosts == len(self.said)

    def is_turn(self, name: str) -> bool:
        """Whether a host may move now, or has."""
        before = next((self.batches[:number] for number, batch in enumerate(self.batches) if name in batch), None)
        return self.agreed() and before is not None and all(batch <= self.moved for batch in before)

    def word_for(self, name: str) -> str | None:
        """What to answer a host, if there is an answer by now."""
        if self.through and name in self.moved:
            return "through"
        if self.differs:
            return "differs"
        if name in self.moved or not self.agreed():
            return None
        return "go" if self.is_turn(name) else "agreed"

    def all_moved(self) -> bool:
        """Whether only the end is left, which the hosts are told of together."""
        return bool(self.batches) and not self.differs and not self.through and self.agreed() and len(self.moved) == self.hosts
