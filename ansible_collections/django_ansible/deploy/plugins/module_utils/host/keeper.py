# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Hears, on a host, whether the run that deploys to it still lives, and puts the host in order when it does not.

:mod:`.hearing` has systemd run ``main`` beside the deploy, as root, from the moment a run has the deploy lock. The runner holds a channel open to its socket
and sends a line every few seconds (plugin_utils/heart.py). When nothing came for so long that the run counts as dead, and no step of it works any
more, the host goes back to what it served, unless the run had confirmed that the whole fleet is through, and the lock is free.
A boot ends it; what then puts the host in order is host/boot.py. Where it was stopped or hangs, systemd starts it anew (:mod:`.supervised`).

Over the same channel a host asks what others see when it is about to roll back for what its visitors see (:mod:`.elsewhere`) and whether all would do the same
(:mod:`.agreement`), and says which migration it applies (:mod:`.progress`): :mod:`.passing` has them.

Where a confirmed run has nothing else to do on a host, the runner says so here in the place of one more step, and the lock is free.

Who reaches the socket can keep the lock alive, confirm, end what is confirmed, ask for such numbers or say some, say that hosts agree on what each chose, that it is this one's turn and that all are through, and name a migration, and nothing else: what is said is one of a few words. Its path is no secret, since every user
can read it in /proc/net/unix: its folder lets in root and the group of the user that the runner connects as, and no application.
"""
from __future__ import annotations

import contextlib
import fcntl
import importlib
import json
import os
import selectors
import shutil
import socket
import time
import traceback

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import boot, elsewhere, living, notice, shipped
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import lock as locks
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import write_atomically_as
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.passing import Passing
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.supervised import Supervised

TURN = 3.0  # seconds after which the lock is looked at, also when nobody says anything
RETRY = 0.2  # seconds between two looks for the end of a step that still works
MOST_CALLERS = 8


def main(spec: str) -> None:
    with open(spec, encoding="utf-8") as file:
        told = json.load(file)
    lock = DeployLock(told["app_name"], told["run"], told["actor"], told["locks"])
    alive = os.open(told["alive"], os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(alive, fcntl.LOCK_EX)

    def way_back():
        # Only when it is needed: it takes longer to load than the runner should have to wait for this.
        return importlib.import_module(shipped.OURS + told["way_back"])

    def note(is_connected: bool) -> None:
        living.note_beat(alive, is_connected)

    def tell(went: dict) -> None:
        notice.of_rollback(told["notify"], lock.app_name, lock.run, lock.actor, went, "it did not hear of %s any more")

    def look(seconds: int, part: str) -> elsewhere.Elsewhere:
        return way_back().look(told["params"], lock.run, seconds, part)

    armed = boot.unit(told["place"], told)
    # One that was killed at its end is started again, beside a later run perhaps.
    if lock.is_held():
        boot.arm(lock.app_name, armed, told["notify"])
    keeper = Keeper(
        lock, told["folder"], lambda: way_back().go_back(told["params"], lock.run), lambda: way_back().confirm(told["params"], lock.run), note, tell, look,
        lambda: way_back().finish(told["params"], lock.run),
    )
    try:
        keeper.run()
        boot.disarm(lock.app_name, armed)
    except Exception:
        if not keeper.has_ended_run:
            raise
        # What a rollback needs may come late, as after a boot.
        traceback.print_exc()
        boot.start(lock.app_name)
    for path in (spec, told["alive"]):
        os.unlink(path)
    shutil.rmtree(told["folder"], ignore_errors=True)


class Keeper:
    """Listens until the lock is somebody else's or nobody's.

    :param go_back: called with the lock held, once nothing was heard for too long.
    :param confirm: called when the runner says that the whole fleet is through.
    :param note: called with True at each heartbeat, with False when no runner is connected any more.
    :param tell: called with what *go_back* answered, once the lock is free, when there was something to go back from.
    :param look: called with seconds and a part when another host wants to know what visitors of this one see.
    :param finish: called with the lock held when the runner says that nothing else is to be done here; answers whether the run has ended on this host.
    """

    def __init__(self, lock: DeployLock, folder: str, go_back, confirm, note, tell, look, finish, silence: float = locks.SILENCE) -> None:
        self.lock = lock
        self.folder = folder
        self.go_back = go_back
        self.confirm = confirm
        self.note = note
        self.tell = tell
        self.finish = finish
        self.passing = Passing(look, self.answer)
        self.silence = silence
        self.last = time.monotonic()
        self.supervised = Supervised()
        self.selector = selectors.DefaultSelector()
        self.rests: dict = {}
        self.went: dict | None = None
        self.has_ended_run = False

    def run(self) -> None:
        listener, path = socket.socket(socket.AF_UNIX), os.path.join(self.folder, "socket")
        with contextlib.suppress(FileNotFoundError):
            # Of one that was killed.
            os.unlink(path)
        listener.bind(path)
        os.chmod(path, 0o666)
        listener.listen(4)
        listener.setblocking(False)
        self.selector.register(listener, selectors.EVENT_READ)
        while self.lock.is_held():
            self.supervised.goes_on()
            for key, _ in self.selector.select(self.patience()):
                if key.fileobj is listener:
                    self.admit(listener)
                elif key.fileobj in self.rests:
                    self.listen(key.fileobj)
            if self.is_silent() and self.lock.is_held():
                self.lock.ask_to_stop()
                step = self.lock.try_step()
                if step is None:
                    self.lock.wake_step()
                else:
                    with step:
                        self.end()
        for caller in list(self.rests):
            # A runner that only slept hears that this host is no longer part of its run.
            self.answer(caller, "back" if self.has_ended_run else "end")
        if self.went is not None:
            with self.supervised.working():
                self.tell(self.went)

    def patience(self) -> float:
        return RETRY if self.is_silent() else min(TURN, max(self.last + self.silence - time.monotonic(), RETRY))

    def is_silent(self) -> bool:
        return time.monotonic() - self.last >= self.silence

    def end(self) -> None:
        """With the lock's file held: the run is dead, and no step of it works."""
        if not self.lock.is_held():
            return
        self.has_ended_run = True
        try:
            with self.supervised.working():
                self.went = self.go_back()
        finally:
            self.lock.go_on()
            self.lock.release()

    def has_finished(self) -> bool:
        step = self.lock.try_step()
        if step is None:
            return False
        with step, self.supervised.working():
            return self.lock.is_held() and self.finish() and self.lock.release()

    def admit(self, listener: socket.socket) -> None:
        caller, _ = listener.accept()
        if len(self.rests) >= MOST_CALLERS:
            # Whoever has said nothing for longest: a connection that its network lost has no end here.
            self.drop(next(iter(self.rests)))
        caller.setblocking(False)
        self.rests[caller] = b""
        self.selector.register(caller, selectors.EVENT_READ)

    def drop(self, caller: socket.socket) -> None:
        self.selector.unregister(caller)
        del self.rests[caller]
        caller.close()

    def listen(self, caller: socket.socket) -> None:
        try:
            said = caller.recv(4096)
        except OSError:
            said = b""
        *lines, rest = (self.rests[caller] + said).split(b"\n")
        if not said or len(rest) > elsewhere.LONGEST:
            self.drop(caller)
            if not self.rests:
                self.note(False)
            return
        # Behind those that have said nothing since.
        del self.rests[caller]
        self.rests[caller] = rest
        for line in lines:
            self.take(caller, line)

    def take(self, caller: socket.socket, line: bytes) -> None:
        if line == b"ask":
            self.answer(caller, "here")
        if line == b"finish":
            # Once the lock is free, all callers hear of the end.
            if not self.has_finished():
                self.answer(caller, "stays")
            return
        if line not in (b"beat", b"confirm"):
            self.passing.take(list(self.rests), caller, line.decode(errors="replace"))
            return
        if time.monotonic() - self.last >= self.silence:
            self.lock.go_on()
        self.last = time.monotonic()
        self.note(True)
        heard = os.path.join(self.folder, "heard")
        if not os.path.exists(heard):
            write_atomically_as(heard, b"", 0o600, os.getuid(), os.getgid())
        if line == b"confirm" and self.lock.is_held():
            with self.supervised.working():
                self.confirm()
            self.answer(caller, "confirmed")
        else:
            self.answer(caller, "here")

    def answer(self, caller: socket.socket, word: str) -> None:
        with contextlib.suppress(OSError):
            caller.send(word.encode() + b"\n")
