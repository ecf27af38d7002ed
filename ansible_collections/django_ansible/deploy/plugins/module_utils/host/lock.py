# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""One deploy at a time for an application on a host, in both modes.

The lock is a file that names its holder. A module holds the file's flock(2) while it works, so that a run that was killed is never taken over in
the middle of a step. At first the lock lives as long as the process that took it. Whoever has the run go on after that says by what it lives then
(:mod:`.hearing`): as long as its run is heard of (:mod:`.keeper`), or, where no heartbeat reaches the host, until a lease is over that each step renews.
Times are those of the host's monotonic clock, which no setting of the time moves, in one boot.
"""
from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.freeze import Freeze
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.giving_up import RunEnded, ending_with
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.living import holders, is_locked, is_there, last_beat, this_process

FOLDER = "/run/django-ansible-deploy"  # emptied by a boot, which also ends whatever held a lock
LEASE = 900  # seconds, without a heartbeat; longer than any step waits for another host's. Also the most that a process counts which hangs before there is one
SILENCE = 25  # seconds without a heartbeat after which a run counts as dead
LATE = 11  # seconds without one of the heartbeats, which come every 5, after which it may be dead
STEP = 60  # seconds that a step of a killed run gets to end
OWN_STEP = 1800  # seconds that a step of this run gets to end whose connection broke; no command takes longer
LEFT = 90  # seconds that a run waits for what a dead one left, while the host goes back
PAUSE = 1.0


LOCK_ARGUMENTS = {
    "lock_wait": {"type": "int", "default": 0},
    "wait_is_told": {"type": "bool", "default": True},
}


class Locked(Exception):
    """Another deploy holds the lock; the text says whose it is."""


class Waits(Exception):
    """The lock would be waited for, and nobody has been told yet; the text says for whose."""


def boot_id() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


class DeployLock:
    """*run* names a run as ``<workflow run>-<attempt>-<anything>``; an empty name takes part in no locking."""

    def __init__(self, app_name: str, run: str, actor: str, folder: str = FOLDER, wait_variable: str = "django_app_lock_wait", freeze: Freeze | None = None) -> None:
        self.app_name = app_name
        self.run = run
        self.actor = actor
        self.wait_variable = wait_variable
        self.path = os.path.join(folder, app_name + ".lock")
        self._stop_path = os.path.join(folder, app_name + ".stop")
        self.freeze = freeze or Freeze(app_name)
        self.notice = ""

    def describe(self) -> str | None:
        """Who keeps a deploy from taking place now, in words; None when nobody does."""
        holder = self.holder()
        return self.freeze.describe() or (describe(holder) if holder else None)

    def refusals(self) -> list[str]:
        """Why a deploy would be refused until somebody unlocks: for a check, which takes no lock."""
        frozen = self.freeze.describe()
        return ["%s is %s. A deploy is refused until the operation unlock" % (self.app_name, frozen)] if frozen else []

    def holder(self) -> dict | None:
        """Who holds the lock now; None when nobody does or its time is over."""
        found = self._read()
        return found if found and self._lives(found) else None

    def is_held(self) -> bool:
        """Whether this run holds the lock, as far as the file says."""
        return bool(self.run) and (self._read() or {}).get("run") == self.run

    def take(self, wait: float = 0, is_told: bool = True) -> None:
        """Takes the lock, waiting for another deploy at most *wait* seconds, and for one that is not heard of any more until its host has ended it.

        It is free again when this process has ended, unless :meth:`hear` or :meth:`outlive` was called by then.

        :param is_told: whether people know for whose lock they wait.
        :raises Locked: when another deploy still holds it.
        :raises Waits: when nobody was told yet.
        """
        begun = time.monotonic()
        while self.run:
            before = self._read() or {}
            # Whoever may not be replaced is named at once, without waiting for the end of the step that runs.
            frozen = self.freeze.describe()
            if not frozen and self._may_take(before):
                with self._flock(max(wait, STEP)):
                    before = self._read() or {}
                    if self._may_take(before):
                        if before and before.get("run") != self.run:
                            self.notice = "took the deploy lock over from %s" % describe(before)
                        # What hears of this run goes on to do so when a connection broke, and Ansible asks again.
                        heard = {name: before[name] for name in ("heard", "keeper") if before.get("run") == self.run and is_locked(before.get("heard") or "")}
                        self._write(heard or {"process": this_process()})
                        return
            left = not frozen and (self._is_dying(before) or self._is_earlier_attempt(before))
            if time.monotonic() - begun >= max(wait, LEFT if left else 0):
                if frozen:
                    raise Locked("%s is %s. Run the operation unlock before it is deployed again" % (self.app_name, frozen))
                raise Locked("%s is being deployed here by %s: wait for it to end, or set %s" % (self.app_name, describe(before), self.wait_variable))
            if not is_told:
                whose = "%s is %s" % (self.app_name, frozen or "being deployed here by " + describe(before))
                raise Waits(whose + (", which does not answer any more: waiting until this host has ended it, within a minute" if left else ": waiting up to %d s" % wait))
            time.sleep(PAUSE)

    @contextlib.contextmanager
    def step(self):
        """Holds the lock's file while a step works, so that nobody takes the lock over in the middle of it.

        A lease starts anew when the step ends well; a step that fails gives the lock back, since its run ends on this host. With one that its run did not
        outlive, whoever listens to the run does that (:mod:`.keeper`).

        :raises Locked: when the lock is not this run's any more.
        """
        if not self.run:
            yield
            return
        # When its connection breaks, Ansible asks for a step again while the first one still works.
        with self._flock(OWN_STEP if self.is_held() else STEP):
            found = self._read() or {}
            if found.get("run") != self.run:
                raise Locked(
                    "the deploy lock of %s is not this run's any more%s: stopped here"
                    % (self.app_name, ", it is %s's" % describe(found) if found else " (the host was restarted, or did not hear of this run for too long)")
                )
            try:
                yield
            except RunEnded:
                raise
            except BaseException:
                self._clear()
                raise
            if self._read() is not None:
                self._write(found)

    def try_step(self) -> contextlib.ExitStack | None:
        """Holds the lock's file for a caller that does not wait: a context, or None while a step works."""
        stack = contextlib.ExitStack()
        try:
            stack.enter_context(self._flock(0))
        except Locked:
            return None
        return stack

    def wake_step(self) -> None:
        """Has a step go on whose process was stopped, which would hold the lock's file for good. One that runs does not notice."""
        for pid in holders(self.path):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def ask_to_stop(self) -> None:
        """Tells a step of this run that waits for health to wait no longer: its runner is gone."""
        if not self.is_asked_to_stop():
            with os.fdopen(os.open(self._stop_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(self.run)

    def is_asked_to_stop(self) -> bool:
        try:
            with open(self._stop_path, encoding="utf-8") as file:
                return bool(self.run) and file.read() == self.run
        except FileNotFoundError:
            return False

    def while_run_lives(self):
        """Inside of :meth:`step`, around what changes nothing that serves: it ends when the step is asked to stop."""
        return ending_with(self.is_asked_to_stop)

    def go_on(self) -> None:
        """Takes :meth:`ask_to_stop` back."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._stop_path)

    def release(self) -> bool:
        """Gives the lock back if it is this run's. Inside of :meth:`step` or on its own."""
        if not self.is_held():
            return False
        self._clear()
        return True

    def hear(self, path: str, keeper: str = "") -> None:
        """From now on the lock lives by the heartbeat of its run. Inside of no step.

        :param path: a file that is held by flock(2) as long as the process lives that listens to it, with what :func:`living.note_beat` wrote.
        :param keeper: the socket of that process.
        """
        self._live_by({"heard": path, "keeper": keeper})

    def outlive(self) -> None:
        """From now on the lock has a lease, as nothing hears of its run. Inside of no step."""
        self._live_by({})

    def _live_by(self, facts: dict) -> None:
        if not self.is_held():
            return
        with self._flock(STEP):
            found = self._read() or {}
            if found.get("run") == self.run:
                self._write({**{name: value for name, value in found.items() if name not in ("process", "heard", "keeper")}, **facts})

    def keeper(self) -> str | None:
        """The socket of what listens to this run; None where nothing does."""
        return (self._read() or {}).get("keeper") or None if self.is_held() else None

    def _lives(self, found: dict) -> bool:
        """Whether a holder still counts: it is heard of, or was a moment ago; or it is the process that took the lock and goes on."""
        if found.get("boot") != boot_id():
            return False
        if found.get("heard"):
            # Whoever listens may have been killed, and is started again.
            return is_locked(found["heard"]) or time.monotonic() - max(found.get("renewed", 0), last_beat(found["heard"])) < SILENCE
        return time.monotonic() - found.get("renewed", 0) < LEASE and ("process" not in found or is_there(found["process"]))

    @staticmethod
    def _is_dying(found: dict) -> bool:
        """Whether a run is not heard of any more: the host goes back and frees the lock by itself, unless it is heard of again."""
        return bool(found.get("heard")) and time.monotonic() - last_beat(found["heard"]) > LATE

    def _may_take(self, found: dict) -> bool:
        if not found or found.get("run") == self.run or not self._lives(found):
            return True
        # The same workflow run, started again: its earlier attempt is gone, GitHub runs one at a time. What is heard of goes back by itself first.
        return not found.get("heard") and self._is_earlier_attempt(found)

    def _is_earlier_attempt(self, found: dict) -> bool:
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
                    if time.monotonic() >= deadline:
                        raise Locked("a step of another deploy of %s (%s) still works on this host" % (self.app_name, describe(self._read() or {}))) from None
                    time.sleep(0.1)
            yield

    def _read(self) -> dict | None:
        try:
            with open(self.path, encoding="utf-8") as file:
                return json.load(file)
        except (FileNotFoundError, ValueError):
            return None

    def _write(self, kept: dict | None = None) -> None:
        """Writes the holder down. *kept* is what was said of it before."""
        holder = {"run": self.run, "actor": self.actor, "since": time.time(), **(kept or {}), "boot": boot_id(), "renewed": time.monotonic()}
        self._put(json.dumps(holder))

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
