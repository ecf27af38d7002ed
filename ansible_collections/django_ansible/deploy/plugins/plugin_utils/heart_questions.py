# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What hosts of a run ask each other, passed on between their channels (module_utils/host/elsewhere.py has the words)."""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.plugin_utils.heart_channel import Channel

SEE = 3.0  # seconds that the others have to say what they see


class Question:
    """What a host wants to know of the others."""

    def __init__(self, number: int, asked: set, deadline: float) -> None:
        self.number = number
        self.missing = asked  # hosts that have not answered
        self.deadline = deadline


class Questions:
    """Those that are not answered yet."""

    def __init__(self) -> None:
        self.open: dict = {}  # by the host that asks
        self.number = 0

    def pass_on(self, channels: dict, now: float) -> None:
        """Asks the other hosts what one wants to know, and tells that what they see."""
        for name, channel in channels.items():
            if channel.question is not None:
                others = [other for other in channels.values() if other.listens() and other is not channel]
                self.number += 1
                self.open[name] = Question(self.number, {other.name for other in others}, now + SEE)
                for other in others:
                    other.send("look %d %s" % (self.number, channel.question.decode().partition(" ")[2]))
                channel.question = None
        for other in channels.values():
            self.tell(channels, other)
        for name in [name for name, question in self.open.items() if not question.missing or now > question.deadline]:
            channels[name].send("all")
            del self.open[name]

    def tell(self, channels: dict, other: Channel) -> None:
        for line in other.seen:
            for name, question in self.open.items():
                if question.number == int(line.split()[1]) and other.name in question.missing:
                    question.missing.discard(other.name)
                    channels[name].send(line.decode())
        other.seen.clear()
