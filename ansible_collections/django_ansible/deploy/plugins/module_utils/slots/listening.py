# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""When the step that looks at a host begins to hear whether its run lives.

What it hears with, and what the host would go back with, takes a while to load. A host that finds nothing to do needs none of it, and its lock lives by the process that
looks, unless that waits for something: a database that a cut network keeps from answering, which may take minutes.
"""
from __future__ import annotations

import threading
from collections.abc import Callable

PATIENCE = 10.0  # seconds; a look takes one or two


class Listening:
    """:param begin: begins to listen, as :func:`hearing.begin` does; called once, at once or after that *patience*, or when it is waited for."""

    def __init__(self, begin: Callable, patience: float = 0) -> None:
        self._begin, self._only, self._begun, self._is_over = begin, threading.Lock(), None, False
        self._timer = threading.Timer(patience, self.begin)
        self._timer.daemon = True
        if patience:
            self._timer.start()
        else:
            self.begin()

    def begin(self):
        """What listens from now on; None where nobody needs it any more."""
        with self._only:
            if self._begun is None and not self._is_over:
                self._begun = self._begin()
            return self._begun

    def wait(self, is_last: bool) -> str | None:
        """As what was begun."""
        self._timer.cancel()
        return self.begin().wait(is_last)

    def is_over(self) -> None:
        """It is not waited for: what listens already ends with the lock, and nothing begins to from now on."""
        self._timer.cancel()
        with self._only:
            self._is_over = True
