# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Runs beside ansible-playbook, one for a run, and lets each host hear that the run lives.

Started by heart.py with a folder and the process id of ansible-playbook. Orders come as files in the folder, written by rename: ``NAME.host`` has a
host's channel, which application is deployed there, how many hosts the run has and how many it may lose (read before all others), ``NAME.login`` a command that makes a connection and stays until that has ended,
``differs`` says that a host does nothing by itself, ``batches`` in which order hosts do what all agree on (read before that one does not, in the order of names),
``confirm`` asks to tell all hosts that the fleet is through, but for those that are lost, and whether nothing else is to be done there, which ``confirmed`` answers; who
wrote one writes to the pipe ``wake`` as well. It knows no Ansible and imports nothing of it.

A host may ask what the others see (heart_questions.py), whether all would do the same (heart_agreement.py), and say which migration it applies
(heart_progress.py).
"""
from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import time
from collections import Counter

from ansible_collections.django_ansible.deploy.plugins.plugin_utils import heart_progress
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.heart_agreement import Agreement
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.heart_channel import LONGEST, Channel
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.heart_questions import Questions

TURN = 0.25  # seconds between two looks at the folder that nobody asked for
SOON = 0.02  # seconds between two looks for the connection that a channel waits for
ANSWER = 10.0  # seconds that all hosts have to answer before a confirmation, and for it


class Heart:
    """:param is_second: whether one before it was killed, of whose hosts it knows nothing."""

    def __init__(self, folder: str, runs, is_second: bool = False) -> None:
        self.folder = folder
        self.runs = runs
        self.is_second = is_second
        self.channels: dict = {}
        # What logs in, by the path of its order.
        self.logins: dict = {}
        self.questions = Questions()
        self.agreement = Agreement()
        # The application that is deployed now; a run may have several, one after the other, and what became of one is nothing to the next.
        self.app = ""
        self.confirmed = False
        self.may_fail = 0
        self.wake = os.open(pipe_in(folder), os.O_RDWR | os.O_NONBLOCK)

    def beat(self) -> None:
        while self.runs():
            self.go_on()
        for channel in self.channels.values():
            channel.close()
        for login in self.logins.values():
            login.kill()

    def go_on(self) -> None:
        self.take_orders()
        self.turn(TURN)
        if self.agreement.all_moved():
            if self.confirm(set())["confirmed"]:
                self.agreement.through = True
            else:
                self.agreement.differs = True  # The run asks again, and says who is silent.
            self.agreement.pass_on(self.own())

    def own(self) -> dict:
        """The channels to hosts that get the application which is deployed now."""
        return {name: channel for name, channel in self.channels.items() if channel.app == self.app}

    def turn(self, seconds: float) -> None:
        now = time.monotonic()
        gone = Counter(channel.app for channel in self.channels.values() if channel.is_gone(now))
        for channel in self.channels.values():
            channel.tend(now, gone[channel.app] <= self.may_fail or (self.confirmed and channel.app == self.app))
        open_ones = {channel.process.stdout: channel for channel in self.channels.values() if channel.process is not None}
        self.end_logins()
        if self.logins or any(channel.waits_for_master(now) for channel in self.channels.values()):
            seconds = min(seconds, SOON)
        for stream in select.select([self.wake, *open_ones], [], [], seconds)[0]:
            if stream == self.wake:
                os.read(self.wake, LONGEST)
            else:
                open_ones[stream].hear(time.monotonic())
        self.questions.pass_on(self.own(), time.monotonic())
        self.agreement.pass_on(self.own())
        for channel in self.channels.values():
            heart_progress.write_down(self.folder, channel)

    def take_orders(self) -> None:
        try:
            names = sorted(os.listdir(self.folder), key=lambda name: (not name.endswith(".host"), name))
        except FileNotFoundError:
            return
        for name in names:
            path = os.path.join(self.folder, name)
            if name.endswith(".host"):
                with open(path, encoding="utf-8") as file:
                    told = json.load(file)
                os.unlink(path)
                if told["app"] != self.app:
                    self.app, self.confirmed = told["app"], False
                    self.agreement.begin()
                    self.questions.open.clear()
                self.may_fail, self.agreement.hosts = told["may_fail"], told["hosts"]
                if told["name"] in self.channels:
                    self.channels[told["name"]].close()
                self.channels[told["name"]] = Channel(told["name"], told["argv"], told["greeting"], told["control_path"], told["app"])
            elif name.endswith(".login"):
                if path not in self.logins:
                    self.log_in(path)
            elif name == "differs":
                os.unlink(path)
                self.agreement.differs = True
            elif name == "batches":
                with open(path, encoding="utf-8") as file:
                    self.agreement.take_turns(json.load(file))
                os.unlink(path)
            elif name == "confirm":
                with open(path, encoding="utf-8") as file:
                    told = json.load(file)
                os.unlink(path)
                self.answer("confirmed", self.confirm(set(told["lost"]), told["ends"]))

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

    def confirm(self, lost: set, ends: bool = False) -> dict:
        """Tells all hosts but the *lost* ones that the fleet is through, when enough of them answer just before.

        :param ends: whether nothing else is to be done on them.
        :returns: whether it is `confirmed`, which hosts were `silent` before, which are `unsure`, as they have not said that they know, and which have `ended`
            the run.
        """
        if self.is_second:
            return {"confirmed": False, "silent": sorted(self.own()), "unsure": [], "ended": []}
        silent = self.ask("ask", "here", lost)
        self.confirmed = len(lost.union(silent)) <= self.may_fail
        unsure = self.ask("confirm", "confirmed", lost.union(silent)) if self.confirmed else []
        return {"confirmed": self.confirmed, "silent": silent, "unsure": unsure, "ended": self.finish(lost.union(silent, unsure)) if self.confirmed and ends else []}

    def finish(self, but: set) -> list[str]:
        """Has hosts end the run, which the others know as confirmed by now. The ones that did."""
        there = [channel for channel in self.own().values() if channel.name not in but and channel.listens()]
        self.ask("finish", "stays", but)
        return sorted(channel.name for channel in there if channel.ended and not channel.went_back)

    def ask(self, line: str, answer: str, but: set) -> list[str]:
        """The hosts that do not give that answer, those that went back by themselves among them."""
        asked = [channel for channel in self.own().values() if channel.name not in but and (channel.went_back or channel.listens())]
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


def main(folder: str, pid: str, only: str) -> None:
    """:param only: what heart.command says of it."""
    held = int(only)
    # What is started here is not to hold it.
    os.set_inheritable(held, False)
    is_second = os.path.getsize(held) > 0
    os.write(held, b".")
    Heart(folder, alive(int(pid)), is_second).beat()
