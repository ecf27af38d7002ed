# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""One deploy at a time for an application on a host, in both modes.

The lock is a file that names its holder and a lease. A module holds the file's flock(2) while it works, so that a run that was
killed is never taken over in the middle of a step, and renews the lease when it ends.
"""
from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time

FOLDER = "/run/django-ansible-deploy"  # emptied by a boot, which also ends whatever held a lock
LEASE = 900  # seconds; longer than any step waits for another host's
STEP = 60  # seconds that a step of a killed run gets to end
OWN_STEP = 1800  # seconds that a step of this run gets to end whose connection broke; no command takes longer
PAUSE = 1.0


class Locked(Exception):
    """Another deploy holds the lock; the text says whose it is."""


class DeployLock:
    """*run* names a run as ``<workflow run>-<attempt>-<anything>``; an empty name takes part in no locking."""

    def __init__(self, app_name: str, run: str, actor: str, folder: str = FOLDER, wait_variable: str = "django_app_lock_wait") -> None:
        self.app_name = app_name
        self.run = run
        self.actor = actor
        self.wait_variable = wait_variable
        self.path = os.path.join(folder, app_name + ".lock")
        self.notice = ""

    def holder(self) -> dict | None:
        """Who holds the lock now; None when nobody does or the lease is over."""
        found = self._read()
        return found if found and found.get("expires", 0) > time.time() else None

    def take(self, wait: float = 0) -> None:
        """Takes the lock, waiting for another deploy at most *wait* seconds.

        :raises Locked: when another deploy still holds it.
        """
        deadline = time.monotonic() + wait
        while self.run:
            before = self._read() or {}
            # Whoever may not be replaced is named at once, without waiting for the end of the step that runs.
            if self._may_take(before):
                with self._flock(max(wait, STEP)):
                    before = self._read() or {}
                    if self._may_take(before):
                        if before and before.get("run") != self.run:
                            self.notice = "took the deploy lock over from %s" % describe(before)
                        self._write()
                        return
            if time.monotonic() >= deadline:
                raise Locked("%s is being deployed here by %s: wait for it to end, or set %s" % (self.app_name, describe(before), self.wait_variable))
            time.sleep(PAUSE)

    @contextlib.contextmanager
    def step(self):
        """Holds the lock's file while a step works, so that nobody takes the lock over in the middle of it.

        The lease starts anew when the step ends well; a step that fails gives the lock back, since its run ends on this host.

        :raises Locked: when the lock is not this run's any more.
        """
        if not self.run:
            yield
            return
        # When its connection breaks, Ansible asks for a step again while the first one still works.
        with self._flock(OWN_STEP if (self._read() or {}).get("run") == self.run else STEP):
            found = self._read() or {}
            if found.get("run") != self.run:
                raise Locked("the deploy lock of %s is not this run's any more%s: stopped here" % (self.app_name, ", it is %s's" % describe(found) if found else " (the host was restarted, or the lease is over)"))
            try:
                yield
            except BaseException:
                self._clear()
                raise
            if self._read() is not None:
                self._write(since=found.get("since"))

    def release(self) -> bool:
        """Gives the lock back if it is this run's. Inside of :meth:`step` or on its own."""
        if not self.run or (self._read() or {}).get("run") != self.run:
            return False
        self._clear()
        return True

    def _may_take(self, found: dict) -> bool:
        if not found or found.get("run") == self.run or found.get("expires", 0) <= time.time():
            return True
        # The same workflow run, started again: its earlier attempt is gone, GitHub runs one at a time.
        theirs, ours = (name.split("-") for name in (found.get("run", ""), self.run))
        return len(theirs) > 2 and len(ours) > 2 and theirs[0] == ours[0] and theirs[1] != ours[1]

    @contextlib.contextmanager
    def _flock(self, patience: float):
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        with os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8") as file:
            deadline = time.monotonic() + patience
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError:
                    if time.monotonic() > deadline:
                        raise Locked("a step of another deploy of %s (%s) still works on this host" % (self.app_name, describe(self._read() or {}))) from None
                    time.sleep(0.1)
            yield

    def _read(self) -> dict | None:
        try:
            with open(self.path, encoding="utf-8") as file:
                return json.load(file)
        except (FileNotFoundError, ValueError):
            return None

    def _write(self, since: float | None = None) -> None:
        now = time.time()
        self._put(json.dumps({"run": self.run, "actor": self.actor, "since": since or now, "expires": now + LEASE}))

    def _clear(self) -> None:
        self._put("")

    def _put(self, text: str) -> None:
        # In place, not by rename: the flock belongs to this file.
        with open(self.path, "r+", encoding="utf-8") as file:
            file.write(text)
            file.truncate()


def describe(holder: dict) -> str:
    """A holder in words: run, actor, since when."""
    if not holder:
        return "an unknown run"
    since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(holder.get("since", 0)))
    return "run %s%s, since %s" % (holder.get("run"), " of " + holder["actor"] if holder.get("actor") else "", since)
