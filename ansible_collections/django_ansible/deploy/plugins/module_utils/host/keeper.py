# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Hears, on a host, whether the run that deploys to it still lives, and puts the host in order when it does not.

``Starting`` has systemd run ``main`` beside the deploy, as root, from the moment a run has the deploy lock. The runner holds a channel open to its socket
and sends a line every few seconds (plugin_utils/heart.py). When nothing came for so long that the run counts as dead, and no step of it works any
more, the host goes back to what it served, unless the run had confirmed that the whole fleet is through, and the lock is free.
A boot ends it; what then puts the host in order is host/boot.py.

Over the same channel a host asks what others see when it is about to roll back for what its visitors see (:mod:`.elsewhere`), and says which migration it
applies (:mod:`.progress`).

Who reaches the socket can keep the lock alive, confirm, ask for such numbers or say some, and name a migration, and nothing else: what is said is one of a few words. Its path is no secret, since every user
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
import threading
import time
import traceback
from concurrent.futures import Future, ThreadPoolExecutor

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import boot, elsewhere, notice, progress, shipped
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import lock as locks
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import write_atomically_as
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock

# Not below the lock's folder, which is closed to the user that the runner connects as.
FOLDER = "/run/django-ansible-deploy-heard"
TURN = 5.0  # seconds after which the lock is looked at, also when nobody says anything
RETRY = 0.2  # seconds between two looks for the end of a step that still works
MOST_CALLERS = 8
MOST_LOOKS = 4  # that take place at once

HEART_ARGUMENTS = {
    "heart": {"type": "str", "default": "", "no_log": True},
    "may_fail": {"type": "int", "default": 0},
    "notify": {"type": "str", "default": "", "no_log": True},
    "unheard": {"type": "bool", "default": False},
}


class Unheard(Exception):
    """No heartbeat has come yet. The runner may be dead, or have no way to send one: when it says so itself, the run goes on without."""


def socket_path(token: str, folder: str = FOLDER) -> str:
    return os.path.join(folder, token, "socket")


def callers_group() -> int:
    """The group of the user that sudo lets become root, which the runner's channel is opened as; root's own where nobody had to."""
    return int(os.environ.get("SUDO_GID", "0"))


def make_folder(path: str, group: int) -> None:
    """The folder of a socket, that root and *group* can reach."""
    os.mkdir(path, 0o700)
    os.chown(path, os.geteuid(), group)
    os.chmod(path, 0o710)


def begin(lock: DeployLock, token: str, way_back, params: dict, notify: str = "") -> Starting | None:
    """Has the host listen whether the run lives that has just taken *lock*.

    :param token: the secret that names the socket; empty where the runner has no channel.
    :param way_back: module whose ``go_back(params, run)`` brings the host back to what it served, such as ``slots.returning``;
        ``confirm(params, run)`` writes down that it stays, ``look(params, run, seconds, part)`` tells what visitors see of the release before.
    :param notify: address that is told when this host rolls back by itself; empty for nobody.
    :returns: what to wait for; None where there is no heartbeat: without a channel, root or systemd.
    """
    if not (lock.run and token and os.geteuid() == 0 and os.path.isdir("/run/systemd/system")):
        return None
    return Starting(lock, token, way_back.__name__[len(shipped.OURS) :], params, notify)


class Starting:
    """A keeper that systemd starts, or has started already when a run asks for it again."""

    def __init__(self, lock: DeployLock, token: str, way_back: str, params: dict, notify: str) -> None:
        self.lock = lock
        self.folder = os.path.join(FOLDER, token)
        self.unit = "django-ansible-deploy-%s-%s.service" % (lock.app_name, token[:8])
        self.trouble: str | None = None
        self.starts: Future | None = None
        locks_folder = os.path.dirname(lock.path)
        place = os.path.join(locks_folder, "%s.%s" % (lock.app_name, token[:8]))
        self.spec, self.alive = place + ".keeper", place + ".heard"
        told = {
            "app_name": lock.app_name, "run": lock.run, "actor": lock.actor, "locks": locks_folder, "folder": self.folder, "alive": self.alive,
            "way_back": way_back, "params": params, "place": shipped.ship(), "notify": notify,
        }
        self.armed = boot.unit(told["place"], told)
        os.makedirs(FOLDER, mode=0o711, exist_ok=True)
        os.chmod(FOLDER, 0o711)
        try:
            make_folder(self.folder, callers_group())
        except FileExistsError:
            # When its connection breaks, Ansible asks for the step again: the first one has begun to listen to this run.
            return
        # Killed, as for lack of memory, it starts again with what it was told.
        options = [
            "--quiet", "--collect", "--no-block", "--unit=" + self.unit, "--description=Heartbeat of a deploy of %s" % lock.app_name,
            "--property=Restart=on-failure", "--property=OOMScoreAdjust=-900",
        ]
        write_atomically_as(self.spec, json.dumps(told).encode(), 0o600, os.getuid(), os.getgid())
        # Meanwhile the host is looked at.
        self.starts = ThreadPoolExecutor(1).submit(run, ["systemd-run", *options, *shipped.command(told["place"], "host.keeper", self.spec)], timeout=30)

    def wait(self, is_last: bool, seconds: float = 5.0) -> str | None:
        """Waits for the first heartbeat.

        :param is_last: whether the runner knows that none has come, and goes on.
        :returns: None when the run is heard; else what that means, and the lock has a lease as without this.
        :raises Unheard: when the runner has to know. Unless it answers, the lock is free as soon as it would be for a run that is heard no more.
        """
        deadline = time.monotonic() + seconds
        while self.trouble is None:
            if os.path.exists(os.path.join(self.folder, "heard")):
                self.lock.hear(self.alive, os.path.join(self.folder, "socket"))
                return None
            if self.starts and self.starts.done() and self.starts.exception():
                self.trouble = str(self.starts.exception())
                shutil.rmtree(self.folder, ignore_errors=True)
            elif time.monotonic() >= deadline:
                self.trouble = "no heartbeat of the runner came to this host"
            time.sleep(0.02)
        if not is_last:
            raise Unheard
        with contextlib.suppress(CommandFailed):
            run(["systemctl", "stop", self.unit], timeout=30)
        # What it would have done at its end.
        boot.disarm(self.lock.app_name, self.armed)
        for path in (self.spec, self.alive):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        shutil.rmtree(self.folder, ignore_errors=True)
        return "when this run is killed, its deploy lock lasts 15 minutes, and this host stays on the release that it then serves: %s" % self.trouble


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
        locks.note_beat(alive, is_connected)

    def tell(went: dict) -> None:
        if told["notify"]:
            notice.send(told["notify"], sentence_of(lock, went), app=lock.app_name, host=socket.gethostname(), run=lock.run, release=went.get("release"))

    def look(seconds: int, part: str) -> elsewhere.Elsewhere:
        return way_back().look(told["params"], lock.run, seconds, part)

    armed = boot.unit(told["place"], told)
    # One that was killed at its end is started again, beside a later run perhaps.
    if lock.is_held():
        boot.arm(lock.app_name, armed)
    keeper = Keeper(lock, told["folder"], lambda: way_back().go_back(told["params"], lock.run), lambda: way_back().confirm(told["params"], lock.run), note, tell, look)
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


def sentence_of(lock: DeployLock, went: dict) -> str:
    """What this host did by itself, in words."""
    whose = "run %s%s" % (lock.run, " of " + lock.actor if lock.actor else "")
    return "%s: %s rolled back to %s by itself, since it did not hear of %s any more." % (socket.gethostname(), lock.app_name, went.get("release") or "what it ran before", whose)


class Keeper:
    """Listens until the lock is somebody else's or nobody's.

    :param go_back: called with the lock held, once nothing was heard for too long.
    :param confirm: called when the runner says that the whole fleet is through.
    :param note: called with True at each heartbeat, with False when no runner is connected any more.
    :param tell: called with what *go_back* answered, once the lock is free, when there was something to go back from.
    :param look: called with seconds and a part when another host wants to know what visitors of this one see.
    """

    def __init__(self, lock: DeployLock, folder: str, go_back, confirm, note, tell, look, silence: float = locks.SILENCE) -> None:
        self.lock = lock
        self.folder = folder
        self.go_back = go_back
        self.confirm = confirm
        self.note = note
        self.tell = tell
        self.look = look
        self.looks: list[threading.Thread] = []
        self.asks: socket.socket | None = None
        self.silence = silence
        self.last = time.monotonic()
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
            for key, _ in self.selector.select(self.patience()):
                if key.fileobj is listener:
                    self.admit(listener)
                else:
                    self.listen(key.fileobj)
            if self.is_silent() and self.lock.is_held():
                self.lock.ask_to_stop()
                step = self.lock.try_step()
                if step is not None:
                    with step:
                        self.end()
        for caller in list(self.rests):
            # A runner that only slept hears that this host is no longer part of its run.
            self.answer(caller, "back" if self.has_ended_run else "end")
        if self.went is not None:
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
            self.went = self.go_back()
        finally:
            self.lock.go_on()
            self.lock.release()

    def admit(self, listener: socket.socket) -> None:
        caller, _ = listener.accept()
        if len(self.rests) >= MOST_CALLERS:
            caller.close()
            return
        caller.setblocking(False)
        self.rests[caller] = b""
        self.selector.register(caller, selectors.EVENT_READ)

    def listen(self, caller: socket.socket) -> None:
        try:
            said = caller.recv(4096)
        except OSError:
            said = b""
        *lines, rest = (self.rests[caller] + said).split(b"\n")
        if not said or len(rest) > elsewhere.LONGEST:
            self.selector.unregister(caller)
            del self.rests[caller]
            caller.close()
            if not self.rests:
                self.note(False)
            return
        self.rests[caller] = rest
        for line in lines:
            self.take(caller, line)

    def take(self, caller: socket.socket, line: bytes) -> None:
        if line == b"ask":
            self.answer(caller, "here")
        if line not in (b"beat", b"confirm"):
            self.pass_on(caller, line.decode(errors="replace"))
            return
        if time.monotonic() - self.last >= self.silence:
            self.lock.go_on()
        self.last = time.monotonic()
        self.note(True)
        heard = os.path.join(self.folder, "heard")
        if not os.path.exists(heard):
            write_atomically_as(heard, b"", 0o600, os.getuid(), os.getgid())
        if line == b"confirm" and self.lock.is_held():
            self.confirm()
            self.answer(caller, "confirmed")
        else:
            self.answer(caller, "here")

    def pass_on(self, caller: socket.socket, line: str) -> None:
        """What hosts ask each other and answer: a question of this host goes to the runner, what comes of it to who asked. What it applies goes to the runner, too."""
        look = elsewhere.LOOK.fullmatch(line)
        if elsewhere.QUESTION.fullmatch(line):
            self.asks = caller
            runners = [other for other in self.rests if other is not caller]
            for other in runners:
                self.answer(other, line)
            if not runners:
                self.answer(caller, elsewhere.ALL)
        elif progress.LINE.fullmatch(line):
            for other in self.rests:
                if other is not caller:
                    self.answer(other, line)
        elif self.asks in self.rests and (line == elsewhere.ALL or elsewhere.SEEN.fullmatch(line)):
            self.answer(self.asks, line)
        elif look:
            self.looks = [thread for thread in self.looks if thread.is_alive()]
            if len(self.looks) < MOST_LOOKS:
                # Beside the rest: reading logs takes a moment, or more where an engine hangs.
                self.looks.append(threading.Thread(target=self.say, args=(caller, int(look[1]), int(look[2]), look[3]), daemon=True))
                self.looks[-1].start()

    def say(self, caller: socket.socket, number: int, seconds: int, part: str) -> None:
        self.answer(caller, elsewhere.line_of(number, self.look(seconds, part)))

    def answer(self, caller: socket.socket, word: str) -> None:
        with contextlib.suppress(OSError):
            caller.send(word.encode() + b"\n")
