# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The one way in which code of a repository or a package runs on a host: as somebody who is not root, in a transient systemd unit.

The unit has the restrictions of the application's own service. Its environment and credentials come from files in memory that only root reads, since
arguments and properties of a unit can be seen by everyone on the host.
"""
from __future__ import annotations

import contextlib
import glob
import os
import re
import secrets
import shlex
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, tail
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import write_atomically_as
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.giving_up import RunEnded
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.output import Kept
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.stopped import family, is_stopped

FOLDER = "/run"
PREFIX = "django-ansible-deploy-"
USUAL = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
SETTLED = 300  # seconds after which a command was started, or never will be
UNKNOWN_UNIT = 4  # what systemctl ends with
LOOK_SECONDS = 5  # between two looks at whether a command was stopped
LONGEST_OUTPUT = 1 << 20  # bytes that are kept, the last ones
LONGEST_ANSWER = 32 << 20  # bytes of stdout, when somebody waits for an answer there
# Among the credentials, whose names are those of variables otherwise.
COMMAND_LINE = "command-line"
# What systemd-run ends with when a signal ended the unit.
KILLED = 255
# Where services have shares of the processor, as beside Docker's, being nice counts only within one's own. This is a share of 100 as nice 10 has it.
NICE_WEIGHT = 11
# Limits of the service that a command of a deploy does not share: it is no visitor's request.
NOT_FOR_COMMANDS = ("MemoryMax", "TasksMax")


@dataclass
class Sandbox:
    """Who runs in it, and what of the host it sees.

    :param rules: lines C(Name=value) of a unit, those of the application's service.
    :param writable: paths that may be written, besides a /tmp of its own.
    :param shown: folders that are seen, and may be written, at another place: where they are to be by where they are.
    :param without: names of rules that do not hold here.
    :param nice: above 0 for what leaves the processor to what serves.
    :param apart: whether it runs as a user that nobody else is, in the place of *user*, and that is gone with it: no process of the application's can look into it.
    """

    user: str
    group: str
    rules: str
    writable: list[str] = field(default_factory=list)
    shown: dict[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    nice: int = 0
    apart: bool = False

    def properties(self) -> list[str]:
        lines = [line.strip() for line in systemd.suited(self.rules).splitlines()]
        kept = [line for line in lines if "=" in line and not line.startswith("#") and line.partition("=")[0] not in (*NOT_FOR_COMMANDS, *self.without)]
        return [
            *(["DynamicUser=yes"] if self.apart else ["User=" + self.user, "Group=" + self.group]),
            "Nice=%d" % self.nice,
            *(["CPUWeight=%d" % NICE_WEIGHT] if self.nice else []),
            "KillMode=control-group",
            "TimeoutStopSec=10",
            *kept,
            *("BindPaths=%s:%s" % (escaped(there), escaped(seen)) for seen, there in self.shown.items()),
            *("ReadWritePaths=" + escaped(path) for path in (*self.writable, *self.shown)),
        ]


@dataclass
class Done:
    """How a command ended: its exit code, what it answered on stdout and the end of what else it printed."""

    code: int
    answer: str
    printed: str


def escaped(path: str) -> str:
    """A path as a unit's property takes it."""
    return path.replace("\\", "\\\\").replace("%", "%%").replace(" ", "\\x20").replace(":", "\\:")


def environment_file(values: dict) -> str:
    """Variables as systemd's EnvironmentFile reads them: double quotes keep spaces, line ends, # and =."""
    lines = []
    for name, value in sorted(values.items()):
        quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("`", "\\`").replace("$", "\\$")
        lines.append('%s="%s"' % (name, quoted))
    return "\n".join(["# Ansible managed", *lines, ""])


def read_environment_file(text: str) -> dict:
    """The variables of a file that :func:`environment_file` made."""
    found = re.findall(r'^(\w+)="((?:[^"\\]|\\.)*)"$', text, re.MULTILINE | re.DOTALL)
    return {name: re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL) for name, value in found}


def confined(
    sandbox: Sandbox, argv: list[str], *, environment: dict, cwd: str, credentials: dict | None = None, stdin: str = "", attached=None, timeout: float = 0,
    unit: str = "", output=None, heard=None, has_ended=None,
) -> Done:
    """Runs *argv*, a program and its arguments without a secret, in a sandbox.

    :param environment: the variables, besides PATH and LANG.
    :param credentials: values that are read from the files that C(NAME_FILE) names, by name.
    :param stdin: text.
    :param attached: an open file of bytes, which follows the text.
    :param timeout: seconds; 0 for no limit.
    :param unit: name of its unit, so that somebody else can stop it; by default one that nobody knows.
    :param output: gets what it prints as it comes, bytes of stdout and stderr in their order; then nothing of that is answered.
    :param heard: gets what it prints on stderr as it comes, which is answered all the same.
    :param has_ended: whether the run has ended that this is part of. Its main process is asked to end then, by SIGTERM alone.
    :raises CommandFailed: when it runs out of time, or answers endlessly.
    :raises RunEnded: when it has ended for that.
    """
    started = time.monotonic()
    with _unit(sandbox, argv, environment, cwd, credentials or {}, unit, timeout) as (command, name):
        done = _finished(command, name, stdin, attached, output, heard=heard, has_ended=has_ended)
    if timeout and done.code and time.monotonic() - started >= timeout:
        raise CommandFailed("%s did not end within %d s" % (" ".join(argv[:3]), timeout), done.printed)
    return done


def piped(sandbox: Sandbox, argv: list[str], *, environment: dict, cwd: str, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) -> Done:
    """As :func:`confined`, for a program of the host that reads a file or writes into one. It gets them open, so that it need not see them.

    :param stdin: an open file, or a text.
    :param stdout: a descriptor; by default what it prints there is answered.
    """
    with _unit(sandbox, argv, environment, cwd) as (command, name):
        return _finished(command, name, stdin, stdout=stdout, longest=LONGEST_ANSWER)


@contextlib.contextmanager
def _unit(sandbox: Sandbox, argv: list[str], environment: dict, cwd: str, credentials: dict | None = None, unit: str = "", timeout: float = 0):
    """The command that starts a unit and waits for it, and the unit's name; its private files are there for as long as this lasts."""
    unit = unit or "%s%s.service" % (PREFIX, secrets.token_hex(8))
    folder = os.path.join(FOLDER, unit)
    with private_folder(folder):
        seen = "/run/credentials/" + unit
        variables = {**USUAL, **environment, **{name + "_FILE": os.path.join(seen, name) for name in credentials or {}}}
        # systemd-run looks for a program where it runs itself; what the sandbox shows is only there inside it. And words are what they are here,
        # whatever systemd would make of them.
        loaded = {**(credentials or {}), COMMAND_LINE: "exec %s\n" % shlex.join(argv)}
        for name, value in loaded.items():
            write_atomically_as(os.path.join(folder, name), value.encode(), 0o600, os.getuid(), os.getgid())
        write_atomically_as(os.path.join(folder, "environment"), environment_file(variables).encode(), 0o600, os.getuid(), os.getgid())
        given = ["LoadCredential=%s:%s" % (name, os.path.join(folder, name)) for name in loaded]
        properties = [*sandbox.properties(), *given, "EnvironmentFile=" + os.path.join(folder, "environment"), "WorkingDirectory=" + cwd]
        if timeout:
            properties.append("TimeoutStartSec=%d" % timeout)
        # A oneshot unit that a signal ends has failed, whichever it was; for other kinds SIGTERM is a success.
        options = ["--pipe", "--wait", "--service-type=oneshot", "--unit=" + unit, *("--property=" + one for one in properties)]
        yield systemd.transient(options, ["/bin/sh", os.path.join(seen, COMMAND_LINE)]), unit


def run_confined(sandbox: Sandbox, argv: list[str], **options) -> str:
    """As :func:`confined`, for a command whose success is its answer. Returns what it printed.

    :raises CommandFailed: when it ends with an error.
    """
    return must_succeed(argv, confined(sandbox, argv, **options))


def must_succeed(argv: list[str], done: Done) -> str:
    """What a command printed.

    :raises CommandFailed: when it ended with an error.
    """
    printed = done.answer + done.printed
    if done.code:
        raise CommandFailed("%s %s:\n%s" % (" ".join(argv[:4]), ended(done.code), tail(printed)), printed)
    return printed


def ended(code: int) -> str:
    """How a command ended, in words."""
    return "was ended by a signal" if code == KILLED else "ended with %d" % code


@contextlib.contextmanager
def private_folder(path: str):
    """A folder in memory that only root can enter, for as long as this lasts. Those that a killed run left go first."""
    for left in glob.glob(os.path.join(FOLDER, PREFIX + "*.service")):
        asked = ["systemctl", "is-active", "--quiet", os.path.basename(left)]
        # A unit that is not there, and not because it is just being started.
        if time.time() - os.lstat(left).st_mtime > SETTLED and subprocess.run(asked, check=False, capture_output=True).returncode == UNKNOWN_UNIT:
            shutil.rmtree(left, ignore_errors=True)
    os.mkdir(path, 0o700)
    try:
        yield
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _finished(command: list[str], unit: str, stdin="", attached=None, output=None, stdout=subprocess.PIPE, longest: int = 0, heard=None, has_ended=None) -> Done:
    source = stdin if not isinstance(stdin, str) else subprocess.PIPE if stdin or attached else subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=source, stdout=stdout, stderr=subprocess.STDOUT if output else subprocess.PIPE)
    if output:
        kept = [Kept(process.stdout, 0, output)]
    else:
        streams = (process.stdout, LONGEST_ANSWER, None), (process.stderr, longest or LONGEST_OUTPUT, heard)
        kept = [Kept(*stream) for stream in streams if stream[0]]
    # Beside the wait: what is stopped before it has read it never would.
    feeding = threading.Thread(target=_feed, args=(process.stdin, stdin, attached), daemon=True)
    feeding.start()
    try:
        code = _waited(process, unit, has_ended)
    except BaseException:
        # Whoever cleans up next is to find nobody who still writes.
        subprocess.run(["systemctl", "kill", "--signal=KILL", unit], check=False, capture_output=True)
        subprocess.run(["systemctl", "stop", unit], check=False, capture_output=True)
        process.kill()
        raise
    finally:
        feeding.join(10)
    *answers, printed = [one.text() for one in kept]
    return Done(code, answers[0] if answers else "", printed)


def _feed(pipe, text: str, attached) -> None:
    if pipe:
        with contextlib.suppress(BrokenPipeError), pipe:
            pipe.write(text.encode())
            if attached:
                shutil.copyfileobj(attached, pipe)


def _waited(process: subprocess.Popen, unit: str, has_ended: Callable[[], bool] | None = None) -> int:
    """Waits for the unit to end. One of which something is stopped would never: it is ended."""
    before: set[int] = set()
    asked = False
    while True:
        try:
            code = process.wait(LOOK_SECONDS)
            if asked and code == KILLED:
                raise RunEnded
            return code
        except subprocess.TimeoutExpired:
            if not asked and has_ended and has_ended():
                asked = True
                subprocess.run(["systemctl", "kill", "--kill-whom=main", "--signal=TERM", unit], check=False, capture_output=True)
            stopped = _stopped(unit)
            if stopped & before:
                subprocess.run(["systemctl", "kill", "--signal=KILL", unit], check=False, capture_output=True)
            before = stopped


def _stopped(unit: str) -> set[int]:
    shown = subprocess.run(["systemctl", "show", unit, "--property=MainPID", "--value"], check=False, capture_output=True, text=True).stdout.strip()
    return {pid for pid in family(int(shown)) if is_stopped(pid)} if shown.isdigit() and shown != "0" else set()
