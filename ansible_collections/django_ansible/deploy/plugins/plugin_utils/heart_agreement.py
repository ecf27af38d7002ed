# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Compares what hosts of a run would do by themselves (module_utils/host/agreement.py has the words). It imports nothing of Ansible."""
from __future__ import annotations

import re

# As agreement.py has it.
PROPOSAL = re.compile(rb"agree (?:-|[0-9]{8}T[0-9]{6}Z-[0-9a-f]{7}(?:-[0-9a-f]{4})? (?:[0-9a-f]{40}|-))")
NOTHING = b"agree -"


class Agreement:
    """Of all hosts of a run; once there is an answer, it stays."""

    def __init__(self) -> None:
        self.hosts = 0
        self.said: dict = {}  # by host
        self.waiting: set = set()
        self.differs = False

    def pass_on(self, channels: dict) -> None:
        """Takes what hosts said, and answers those that wait as soon as that is possible."""
        for name, channel in channels.items():
            if channel.proposal is not None:
                # One that says something else than before has not agreed to it with the others.
                self.differs = self.differs or channel.proposal == NOTHING or self.said.setdefault(name, channel.proposal) != channel.proposal
                self.waiting.add(name)
                channel.proposal = None
        self.differs = self.differs or len(set(self.said.values())) > 1
        if self.differs or 0 < self.hosts == len(self.said):
            for name in self.waiting:
                channels[name].send("differs" if self.differs else "agreed")
            self.waiting.clear()
