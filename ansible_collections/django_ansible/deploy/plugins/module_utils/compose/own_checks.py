# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Runs the health check of a container that has just started, sooner than the engine does, which lets the check's interval pass first.

One check that ends well makes a container healthy for the engine, too. That still says so at its own time, so this is only for those who need not wait for what
else goes by the engine's word, as a proxy does.
"""

from __future__ import annotations

import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError

SOONEST = 0.1  # seconds between the first two checks of a container; each time twice as long, up to the check's interval
SECOND = 1_000_000_000  # the engine's times are in nanoseconds
USUAL = 30.0  # seconds of the engine's own, of interval and timeout
LONGEST = 5.0  # seconds that one of these takes at most: whoever waits for it hears of nothing else meanwhile


class OwnChecks:
    """Of the containers that one step waits for."""

    def __init__(self, engine):
        self.engine = engine
        self.due, self.pauses, self.passed = {}, {}, set()

    def pass_(self, container):
        """Whether the check of a container has ended well since that started, once, as for the engine; False also where it is not run at this moment."""
        key, argv, now = (container["Id"], container["State"].get("StartedAt")), command_of(container), time.monotonic()
        if key in self.passed:
            return True
        if argv is None or now < self.due.get(key, 0):
            return False
        check = container["Config"]["Healthcheck"]
        try:
            code, _printed = self.engine.execute(container["Id"], argv, min(seconds(check.get("Timeout")), LONGEST))
        except ComposeError:
            # It may hang there for good: the engine, which ends its own, has the word.
            self.due[key] = float("inf")
            return False
        self.pauses[key] = min(self.pauses.get(key, SOONEST / 2) * 2, seconds(check.get("Interval")))
        self.due[key] = time.monotonic() + self.pauses[key]
        if code == 0:
            self.passed.add(key)
        return code == 0


def command_of(container):
    """What the engine runs as a container's check; None where it has none."""
    config = container.get("Config") or {}
    kind, *words = (config.get("Healthcheck") or {}).get("Test") or ["NONE"]
    if kind == "CMD":
        return words or None
    if kind == "CMD-SHELL":
        return [*(config.get("Shell") or ["/bin/sh", "-c"]), *words]
    return None


def seconds(nanoseconds):
    return (nanoseconds or 0) / SECOND or USUAL
