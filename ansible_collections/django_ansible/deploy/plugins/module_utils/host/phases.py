# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The phases that one step of a run goes through, for who reports the run: each step has a phase by itself, and one that goes on to the next has those besides."""
from __future__ import annotations

import time

ACTIVATE, FINISH = "Activate", "Finish"  # as the roles name them


class Phases:
    def __init__(self) -> None:
        self._begun: dict[str, float] = {}

    def begin(self, name: str) -> None:
        self._begun[name] = time.monotonic()

    def told(self) -> dict:
        """For what a module answers as C(deploy): how many milliseconds each took, up to now, in their order."""
        began = [*self._begun.values(), time.monotonic()]
        took = {name: round((after - before) * 1000) for name, before, after in zip(self._begun, began, began[1:])}
        return {"phases": took} if took else {}
