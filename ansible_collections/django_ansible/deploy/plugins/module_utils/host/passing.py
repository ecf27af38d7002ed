# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What hosts ask each other and answer, whether all would do the same, and which migration this one applies, where its keeper (:mod:`.keeper`) hears it."""
from __future__ import annotations

import threading

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import agreement, elsewhere, progress

MOST_LOOKS = 4  # that take place at once


class Passing:
    """:param look: called with seconds and a part when another host wants to know what visitors of this one see.
    :param answer: called with a caller and a word for it.
    """

    def __init__(self, look, answer) -> None:
        self.look = look
        self.answer = answer
        self.looks: list[threading.Thread] = []
        self.asks = None  # who of this host asked last
        self.proposes = None  # and who said last what this host would do

    def take(self, callers: list, caller, line: str) -> None:
        """What hosts ask each other and answer: a question of this host goes to the runner, what comes of it to who asked. What it applies goes to the runner, too."""
        look = elsewhere.LOOK.fullmatch(line)
        if elsewhere.QUESTION.fullmatch(line):
            self.asks = caller
            runners = [other for other in callers if other is not caller]
            for other in runners:
                self.answer(other, line)
            if not runners:
                self.answer(caller, elsewhere.ALL)
        elif progress.LINE.fullmatch(line):
            self.tell_runner(callers, caller, line)
        elif agreement.PROPOSAL.fullmatch(line) or agreement.MOVED.fullmatch(line):
            self.proposes = caller
            self.tell_runner(callers, caller, line)
        elif self.proposes in callers and line in agreement.ANSWERS:
            self.answer(self.proposes, line)
        elif self.asks in callers and (line == elsewhere.ALL or elsewhere.SEEN.fullmatch(line)):
            self.answer(self.asks, line)
        elif look:
            self.looks = [thread for thread in self.looks if thread.is_alive()]
            if len(self.looks) < MOST_LOOKS:
                # Beside the rest: reading logs takes a moment, or more where an engine hangs.
                self.looks.append(threading.Thread(target=self.say, args=(caller, int(look[1]), int(look[2]), look[3]), daemon=True))
                self.looks[-1].start()

    def tell_runner(self, callers: list, caller, line: str) -> None:
        for other in callers:
            if other is not caller:
                self.answer(other, line)

    def say(self, caller, number: int, seconds: int, part: str) -> None:
        self.answer(caller, elsewhere.line_of(number, self.look(seconds, part)))
