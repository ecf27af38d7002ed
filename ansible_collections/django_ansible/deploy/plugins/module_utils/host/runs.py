# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Commands that somebody has run with the live release, in both modes: each goes on by itself, so that neither a connection nor the one who asked has to
last as long.

A run has a folder in memory that only root can enter, with what is known of it and what it printed.
"""
from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import lock
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ensure_directory, write_atomically_as
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.sandbox import KILLED

FOLDER = os.path.join(lock.FOLDER, "runs")
NAME = re.compile(r"[A-Za-z0-9-]{1,100}")
MOST_OUTPUT = 16 << 20  # bytes that are kept of what a run prints, its first ones; they are in memory
PIECE = 1 << 20  # bytes that are read at a time
KEPT = 3  # runs that have ended and can still be read
TIMED_OUT = 124  # as timeout(1) has it

COMMAND_ARGUMENTS = {
    "words": {"type": "list", "elements": "str", "required": True},
    "limit": {"type": "int", "default": 86400},
    "detached": {"type": "bool", "default": False},
    "offset": {"type": "int", "default": 0},
    "wait": {"type": "float", "default": 2},
}
# What check mode answers.
NOT_RUN = {"output": "", "offset": 0, "ended": True, "cut": False, "code": 0, "trouble": ""}


class Run:
    """One run of an application's command, by the name of who asked for it. *place* has the runs of all applications."""

    def __init__(self, app_name: str, run_id: str, place: str = "") -> None:
        if not NAME.fullmatch(run_id):
            raise CommandFailed("%s is no name of a run" % ascii(run_id)[:120])
        self.app_name, self.run_id, self.place = app_name, run_id, place or FOLDER
        self.folder = os.path.join(self.place, app_name, run_id)
        self.output = os.path.join(self.folder, "output")

    def known(self) -> dict:
        """What is known of it; empty when there is no such run."""
        try:
            with open(os.path.join(self.folder, "run.json"), encoding="utf-8") as file:
                return json.load(file)
        except (FileNotFoundError, ValueError):
            return {}

    def note(self, **facts: object) -> None:
        text = json.dumps({**self.known(), **facts})
        write_atomically_as(os.path.join(self.folder, "run.json"), text.encode(), 0o600, os.getuid(), os.getgid())

    def is_watched(self) -> bool:
        """Whether somebody still waits for its end."""
        try:
            os.kill(self.known().get("pid", 0) or -(1 << 30), 0)
        except OSError:
            return False
        return True

    def start(self, words: list[str], actor: str, release: str, work, record) -> None:
        """Starts a command; returns at once.

        :param work: called with a function that takes what the command prints, in bytes; answers its exit code.
        :param record: called with what is to be written down in the journal of deploys.
        """
        prune(self.app_name, self.place)
        ensure_directory(self.folder, 0o700)
        self.note(words=words, actor=actor, release=release, started=time.time())
        with open(self.output, "wb"):
            pass
        if os.fork():
            return
        # From here on in a process of its own, which nobody who hangs up takes along.
        os.setsid()
        silence = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(silence, descriptor)
        try:
            self.note(pid=os.getpid())
            self._watch(work, record)
        finally:
            os._exit(0)

    def _watch(self, work, record) -> None:
        trouble = ""
        with open(self.output, "ab", buffering=0) as file:

            def keep(part: bytes) -> None:
                # What comes after the limit is read all the same: the command shall not wait for anybody.
                file.write(part[: max(0, MOST_OUTPUT - file.tell())])

            try:
                code = work(keep)
            except CommandFailed as error:
                code, trouble = TIMED_OUT, str(error)
        known = self.known()
        self.note(ended=time.time(), code=code, trouble=trouble)
        record(
            operation="run", command=known["words"], release=known["release"], result="succeeded" if code == 0 else "failed", code=code,
            seconds=round(time.time() - known["started"]), run=self.run_id, actor=known["actor"],
        )

    def follow(self, offset: int, wait: float) -> dict:
        """What it printed from *offset* on, in whole lines as long as it goes on. Waits up to *wait* seconds for it to end, and a second for more lines."""
        begun = time.monotonic()
        while True:
            known = self.known()
            ended = "ended" in known or not (self.is_watched() or time.time() - known["started"] < 5)
            grown = os.path.getsize(self.output) > offset
            passed = time.monotonic() - begun
            if ended or passed >= wait or (grown and passed >= 1):
                break
            time.sleep(0.05 if passed < 2 else 0.25)
        with open(self.output, "rb") as file:
            file.seek(offset)
            piece = file.read(PIECE)
        more = os.path.getsize(self.output) > offset + len(piece)
        if (more or not ended) and b"\n" in piece:
            piece = piece[: piece.rindex(b"\n") + 1]
        elif not ended and len(piece) < PIECE:
            piece = b""
        return {
            "output": piece.decode(errors="replace"), "offset": offset + len(piece), "ended": ended and not more,
            "cut": offset + len(piece) >= MOST_OUTPUT, "code": known.get("code", KILLED) if ended else None, "trouble": known.get("trouble", ""),
        }


def prune(app_name: str, place: str = "") -> None:
    """Forgets all but the newest runs that have ended."""
    ended = [run for run in known_runs(app_name, place) if not is_going(run)]
    for run in ended[:-KEPT]:
        shutil.rmtree(os.path.join(place or FOLDER, app_name, run["run"]))


def known_runs(app_name: str, place: str = "") -> list[dict]:
    """All runs of an application that are known, the oldest first."""
    folder = os.path.join(place or FOLDER, app_name)
    names = os.listdir(folder) if os.path.isdir(folder) else []
    found = [{**Run(app_name, name, place).known(), "run": name} for name in names if NAME.fullmatch(name)]
    return sorted((run for run in found if "started" in run), key=lambda run: run["started"])


def is_going(run: dict) -> bool:
    """Whether a known run goes on."""
    return "ended" not in run and bool(run.get("pid")) and os.path.isdir("/proc/%d" % run["pid"])


def releases_in_use(app_name: str) -> set[str]:
    """The releases that commands still run with."""
    return {run["release"] for run in known_runs(app_name) if is_going(run)}


def going(app_name: str, run_id: str, place: str = "") -> Run | None:
    """The command of that run, when it goes on."""
    run = Run(app_name, run_id, place) if NAME.fullmatch(run_id) else None
    return run if run and is_going(run.known()) else None


def told(run: dict, *program: str) -> str:
    """A known run in words; *program* is what the words of its command follow."""
    state = "goes on" if is_going(run) else "ended with %s" % run.get("code", "an unknown status")
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(run["started"]))
    return "%s, since %s%s: %s" % (shlex.join([*program, *run["words"]])[:200], since, ", by " + run["actor"] if run.get("actor") else "", state)
