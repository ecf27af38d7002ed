# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Shows in the log which migration a host applies, while its module works; what the host says of that comes over the channel of the heartbeat."""
from __future__ import annotations

import os
import threading
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.progress import LINE
from ansible_collections.django_ansible.deploy.plugins.plugin_utils import heart, heart_progress
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.answers import ActionModule as Answered
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.told import show

TURN = 0.5  # seconds between two looks
SHORT = 2.0  # seconds that a migration may take without being named before it has ended
MOST = 1 << 20  # bytes that are read at a time


class Migrations:
    """What was said so far, in sentences that are *shown* once each."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.begun: tuple[str, float] | None = None

    def take(self, lines: list[str], now: float) -> list[str]:
        """Sentences that are to be shown now, after these lines.

        :param now: in seconds, of a clock that only goes on.
        """
        told = []
        for name, what in ((found[1], found[0].split(" ", 2)[2]) for found in map(LINE.fullmatch, lines) if found):
            if what == "begun":
                self.begun = name, now
            elif what == "waits":
                told.append("%s did not get its lock in time, so that others need not wait longer; it is tried again" % name)
            else:
                self.begun = None
                told.append("%s applied%s" % (name, what[len("done") :]))
        if self.begun and now - self.begun[1] >= SHORT:
            told.append("%s is being applied" % self.begun[0])
            self.begun = None
        self.shown += told
        return told


class Following:
    """Shows what comes for as long as it is entered."""

    def __init__(self, task_vars: dict) -> None:
        self.task_vars, self.migrations = task_vars, Migrations()
        self.path = heart_progress.progress_of(os.path.dirname(heart.place("only")), task_vars.get("inventory_hostname", ""))
        self.position = self.size()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.follow, daemon=True)

    def size(self) -> int:
        return os.path.getsize(self.path) if os.path.exists(self.path) else 0

    def __enter__(self) -> Migrations:
        self.thread.start()
        return self.migrations

    def __exit__(self, *error) -> None:
        self.over.set()
        self.thread.join()

    def follow(self) -> None:
        while not self.over.wait(TURN):
            self.look()
        self.look()

    def look(self) -> None:
        lines: list[str] = []
        if self.size() > self.position:
            with open(self.path, "rb") as file:
                file.seek(self.position)
                piece = file.read(MOST)
            whole = piece[: piece.rfind(b"\n") + 1]
            self.position += len(whole)
            lines = whole.decode(errors="replace").splitlines()
        show({"told": self.migrations.take(lines, time.monotonic())}, self.task_vars)


def show_rest(result, migrations: Migrations, task_vars):
    """What was told and not shown yet."""
    shown = tuple(migrations.shown)
    show({"told": [sentence for sentence in result.get("told", []) if not (shown and sentence.startswith(shown))]}, task_vars)
    return result


class ActionModule(Answered):
    """Of a module that may apply migrations. What was shown meanwhile is not told again at its end."""

    def run(self, tmp=None, task_vars=None):
        with Following(task_vars or {}) as migrations:
            result = super().run(tmp, task_vars)
        return show_rest(result, migrations, task_vars)
