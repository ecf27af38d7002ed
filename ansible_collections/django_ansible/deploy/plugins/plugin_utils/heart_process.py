# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Runs beside ansible-playbook, one for a run, and lets each host hear that the run lives.

Started by heart.py with a folder and the process id of ansible-playbook. Orders come as files in the folder, written by rename: ``NAME.host`` has a
host's channel and how many hosts the run may lose, ``NAME.login`` a command that makes a connection and stays until that has ended, ``confirm`` asks to tell
all hosts that the fleet is through, but for those that are lost, which ``confirmed`` answers; who wrote one writes to the pipe ``wake`` as well. It knows no
Ansible and imports nothing of it.

A host may ask what the others see (module_utils/host/elsewhere.py has the words), and say which migration it applies (module_utils/host/progress.py), which
is written to a file for the task that waits for it. A host is a stranger: what is passed on has one of three forms.
"""
from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import select
import subprocess
import sys
import time

BEAT = 5.0  # seconds between two beats
TURN = 0.25  # seconds between two looks at the folder that nobody asked for
SOON = 0.02  # seconds between two looks for the connection that a channel waits for
LOST = 10.0  # seconds without an answer after which a channel is made anew
GONE = 15.0  # seconds without an answer after which a host counts as gone: it rolls back, and when more are than may be, no host is sent a beat any more
AGAIN = 2.0  # seconds before a channel that ended is made anew
ANSWER = 10.0  # seconds that all hosts have to answer before a confirmation, and for it
MASTER = 10.0  # seconds that Ansible has to make the connection that a channel goes over
LONGEST = 4096
LONGEST_LINE = 160
QUESTION = re.compile(rb"elsewhere ([0-9]{1,5} [A-Za-z0-9][A-Za-z0-9_.-]{0,99})")
SEEN = re.compile(rb"seen ([0-9]{1,9})(?: [0-9]{1,5}){5}")
PROGRESS = re.compile(rb"migration [A-Za-z0-9_.-]{1,100} (begun|waits|done in [0-9]{1,7}\.[0-9] s)")
MOST_PROGRESS = 20000  # lines of a host
SEE = 3.0  # seconds that the others have to say what they see
SEE_AGAIN = 1.0  # seconds before a host may ask again
MOST_SEEN = 16  # answers of a host that wait


class Channel:
    """A connection to one host. It is made over the one that Ansible has; made anew, by turns without it, which may be what broke."""

    def __init__(self, name: str, argv: list[str], greeting: str, control_path: str) -> None:
        self.name = name
        self.argv = argv
        self.greeting = greeting
        self.control_path = control_path
        self.process: subprocess.Popen | None = None
        self.begun = time.monotonic()
        self.next = 0.0
        self.tries = 0
        self.tried = 0.0
        self.answered = 0.0  # when it last said something; 0 when it never has
        self.waited = 0.0  # when the connection itself did, where nobody listens on the host yet
        # What it said since it was asked last; answers to beats come between.
        self.words: set = set()
        self.question: bytes | None = None
        self.asked = 0.0
        self.seen: list[bytes] = []
        self.progress: list[bytes] = []
        self.progressed = 0
        self.ended = False
        self.went_back = False  # it heard of no run for too long, and rolled back
        self.rest = b""

    def waits_for_master(self, now: float) -> bool:
        return self.tries == 0 and bool(self.control_path) and not os.path.exists(self.control_path) and now - self.begun < MASTER

    def is_gone(self, now: float) -> bool:
        """Whether a host that was there does not answer any more, or goes on without this run."""
        return self.went_back or (not self.ended and 0 < self.there() < now - GONE)

    def there(self) -> float:
        """When the host was known to be there last; 0 when it never was. One that listened once has to listen still."""
        return self.answered or self.waited

    def tend(self, now: float, beats: bool) -> None:
        """Starts what is to run, ends what hangs, and sends a beat when one is due."""
        if self.process is not None and (self.process.poll() is not None or now - max(self.tried, self.there()) > LOST):
            self.close()
            self.next = now + AGAIN
        if self.ended or now < self.next or self.waits_for_master(now):
            return
        if self.process is None:
            without = ["-o", "ControlPath=none"] if self.control_path and self.tries % 2 else []
            try:
                self.process = subprocess.Popen([self.argv[0], *without, *self.argv[1:]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            except OSError:
                self.ended = True
                return
            os.set_blocking(self.process.stdin.fileno(), False)
            os.set_blocking(self.process.stdout.fileno(), False)
            self.tries += 1
            self.tried = now
            self.send(self.greeting)
        self.next = now + BEAT
        # What is asked is answered, and keeps no host waiting.
        self.send("beat" if beats else "ask")

    def send(self, line: str) -> None:
        try:
            os.write(self.process.stdin.fileno(), line.encode() + b"\n")
        except (OSError, AttributeError):
            pass  # What does not get through is found by the missing answer.

    def hear(self, now: float) -> None:
        try:
            got = os.read(self.process.stdout.fileno(), LONGEST)
        except (OSError, AttributeError):
            return
        if not got:
            self.close()
            self.next = now + AGAIN
            return
        *lines, rest = (self.rest + got).split(b"\n")
        self.rest = rest[-LONGEST_LINE:]
        for line in lines:
            if line in (b"here", b"confirmed"):
                self.answered = now
                self.words.add(line.decode())
            elif line == b"waits":
                self.waited = now
            elif line in (b"end", b"back"):
                self.ended, self.went_back = True, line == b"back"
                self.close()
            elif QUESTION.fullmatch(line) and now - self.asked >= SEE_AGAIN:
                self.question, self.asked = line, now
            elif SEEN.fullmatch(line) and len(self.seen) < MOST_SEEN:
                self.seen.append(line)
            elif PROGRESS.fullmatch(line) and self.progressed < MOST_PROGRESS:
                self.progress.append(line)
                self.progressed += 1

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
        self.process, self.rest = None, b""


class Question:
    """What a host wants to know of the others."""

    def __init__(self, number: int, asked: set, deadline: float) -> None:
        self.number = number
        self.missing = asked  # hosts that have not answered
        self.deadline = deadline


class Heart:
    """:param is_second: whether one before it was killed, of whose hosts it knows nothing."""

    def __init__(self, folder: str, runs, is_second: bool = False) -> None:
        self.folder = folder
        self.runs = runs
        self.is_second = is_second
        self.channels: dict = {}
        # What logs in, by the path of its order.
        self.logins: dict = {}
        self.questions: dict = {}  # by the host that asks
        self.number = 0
        self.confirmed = False
        self.may_fail = 0
        self.wake = os.open(pipe_in(folder), os.O_RDWR | os.O_NONBLOCK)

    def beat(self) -> None:
        while self.runs():
            self.take_orders()
            self.turn(TURN)
        for channel in self.channels.values():
            channel.close()
        for login in self.logins.values():
            login.kill()

    def turn(self, seconds: float) -> None:
        now = time.monotonic()
        beats = self.confirmed or sum(channel.is_gone(now) for channel in self.channels.values()) <= self.may_fail
        for channel in self.channels.values():
            channel.tend(now, beats)
        open_ones = {channel.process.stdout: channel for channel in self.channels.values() if channel.process is not None}
        self.end_logins()
        if self.logins or any(channel.waits_for_master(now) for channel in self.channels.values()):
            seconds = min(seconds, SOON)
        for stream in select.select([self.wake, *open_ones], [], [], seconds)[0]:
            if stream == self.wake:
                os.read(self.wake, LONGEST)
            else:
                open_ones[stream].hear(time.monotonic())
        self.pass_on(time.monotonic())

    def pass_on(self, now: float) -> None:
        """Asks the other hosts what one wants to know, and tells that what they see."""
        for name, channel in self.channels.items():
            if channel.question is not None:
                others = [other for other in self.present() if other is not channel]
                self.number += 1
                self.questions[name] = Question(self.number, {other.name for other in others}, now + SEE)
                for other in others:
                    other.send("look %d %s" % (self.number, channel.question.decode().partition(" ")[2]))
                channel.question = None
        for other in self.channels.values():
            for line in other.seen:
                for name, question in self.questions.items():
                    if question.number == int(line.split()[1]) and other.name in question.missing:
                        question.missing.discard(other.name)
                        self.channels[name].send(line.decode())
            other.seen.clear()
            if other.progress:
                self.write_down(other)
        for name in [name for name, question in self.questions.items() if not question.missing or now > question.deadline]:
            self.channels[name].send("all")
            del self.questions[name]

    def write_down(self, channel: Channel) -> None:
        with contextlib.suppress(OSError), open(progress_of(self.folder, channel.name), "ab") as file:
            file.write(b"".join(line + b"\n" for line in channel.progress))
        channel.progress.clear()

    def present(self) -> list[Channel]:
        """Hosts that listen. One that gave the lock back before it heard anything, as one with nothing to do does, has nobody who does."""
        return [channel for channel in self.channels.values() if channel.answered > 0 and not channel.ended]

    def take_orders(self) -> None:
        try:
            names = sorted(os.listdir(self.folder))
        except FileNotFoundError:
            return
        for name in names:
            path = os.path.join(self.folder, name)
            if name.endswith(".host"):
                with open(path, encoding="utf-8") as file:
                    told = json.load(file)
                os.unlink(path)
                self.may_fail = told["may_fail"]
                if told["name"] in self.channels:
                    self.channels[told["name"]].close()
                self.channels[told["name"]] = Channel(told["name"], told["argv"], told["greeting"], told["control_path"])
            elif name.endswith(".login"):
                if path not in self.logins:
                    self.log_in(path)
            elif name == "confirm":
                with open(path, encoding="utf-8") as file:
                    lost = set(json.load(file))
                os.unlink(path)
                self.answer("confirmed", self.confirm(lost))

    def log_in(self, path: str) -> None:
        with open(path, encoding="utf-8") as file:
            argv = json.load(file)
        try:
            self.logins[path] = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except OSError:
            os.unlink(path)

    def end_logins(self) -> None:
        for path, login in list(self.logins.items()):
            if login.poll() is not None:
                del self.logins[path]
                os.unlink(path)

    def confirm(self, lost: set) -> dict:
        """Tells all hosts but the *lost* ones that the fleet is through, when enough of them answer just before.

        :returns: whether it is `confirmed`, which hosts were `silent` before, and which are `unsure`, as they have not said that they know.
        """
        if self.is_second:
            return {"confirmed": False, "silent": sorted(self.channels), "unsure": []}
        silent = self.ask("ask", "here", lost)
        self.confirmed = len(lost.union(silent)) <= self.may_fail
        unsure = self.ask("confirm", "confirmed", lost.union(silent)) if self.confirmed else []
        return {"confirmed": self.confirmed, "silent": silent, "unsure": unsure}

    def ask(self, line: str, answer: str, but: set) -> list[str]:
        """The hosts that do not give that answer, those that went back by themselves among them."""
        asked = [channel for channel in self.channels.values() if channel.name not in but and (channel.went_back or channel in self.present())]
        for channel in asked:
            channel.words.clear()
            channel.send(line)
        deadline = time.monotonic() + ANSWER
        while any(answer not in channel.words and not channel.ended for channel in asked) and time.monotonic() < deadline:
            self.turn(0.05)
        return sorted(channel.name for channel in asked if answer not in channel.words and (channel.went_back or not channel.ended))

    def answer(self, name: str, content: dict) -> None:
        with open(os.path.join(self.folder, name + ".new"), "w", encoding="utf-8") as file:
            json.dump(content, file)
        os.rename(os.path.join(self.folder, name + ".new"), os.path.join(self.folder, name))


def progress_of(folder: str, host: str) -> str:
    """The file with what a host says of how far it is, as long as the run lasts."""
    return os.path.join(folder, hashlib.sha256(host.encode()).hexdigest()[:32] + ".progress")


def pipe_in(folder: str) -> str:
    path = os.path.join(folder, "wake")
    with contextlib.suppress(FileExistsError):
        os.mkfifo(path, 0o600)
    return path


def wake(folder: str) -> None:
    """Has whoever works in *folder*, if anybody does, look there now."""
    try:
        pipe = os.open(os.path.join(folder, "wake"), os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return
    with contextlib.suppress(OSError):
        os.write(pipe, b".")
    os.close(pipe)


def alive(pid: int):
    """A question whether a process still runs; one that was killed and that nobody has looked after yet does not."""
    try:
        descriptor = os.pidfd_open(pid)
    except AttributeError:  # not Linux
        return lambda: _exists(pid)
    except OSError:
        return lambda: False
    return lambda: not select.select([descriptor], [], [], 0)[0]


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def main(folder: str, pid: str) -> None:
    only = os.open(os.path.join(folder, "only"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(only, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return  # Another host of this run has started it.
    is_second = os.path.getsize(only) > 0
    os.write(only, b".")
    Heart(folder, alive(int(pid)), is_second).beat()


if __name__ == "__main__":
    main(*sys.argv[1:])
