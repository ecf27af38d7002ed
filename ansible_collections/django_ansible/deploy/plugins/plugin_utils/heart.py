# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Lets a host hear that this run lives, from before it takes the deploy lock until Ansible ends.

Each host gets a channel of its own over the connection that Ansible has to it (ssh, also through jump hosts, or local), as the user that connects: no
task, no sudo. All channels of a run are held by one process beside ansible-playbook (heart_process.py), so that a busy Ansible delays no beat, and
none comes when Ansible has ended, however it did. On the host a few lines of Python pass what comes on to the socket of module_utils/host/keeper.py.
"""
from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shlex
import subprocess
import sys
import time

from ansible import constants as C
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import shipped
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.heard import socket_path
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.living import is_locked
from ansible_collections.django_ansible.deploy.plugins.plugin_utils import heart_process

# Reads the socket's path from its input, waits for the socket as long as the runner holds the channel, and says so, and passes on what is said.
RELAY = """
import os,select,socket,sys
said=b""
while b"\\n" not in said:
    more=os.read(0,4096)
    if not more: sys.exit()
    said+=more
path,_,said=said.partition(b"\\n")
os.write(1,b"waits\\n")
wait=.02
while 1:
    line=socket.socket(socket.AF_UNIX)
    try: line.connect(path); break
    except OSError: line.close()
    if select.select([0],[],[],wait)[0]:
        more=os.read(0,4096)
        if not more: sys.exit()
        said=b"beat\\n"
        os.write(1,b"waits\\n")
    wait=min(wait*1.02,1)
line.sendall(said)
while 1:
    for ready in select.select([0,line],[],[])[0]:
        more=os.read(0,4096) if ready==0 else line.recv(4096)
        if not more: sys.exit()
        line.sendall(more) if ready==0 else os.write(1,more)
"""


class Heard:
    """What an action plugin gets whose module takes the deploy lock. Stands before the classes that have to do with the module's answer."""

    def _execute_module(self, *args, task_vars=None, **kwargs):
        arguments, ansible = dict(self._task.args), os.getppid()
        if arguments.get("run_id") and not self._task.check_mode:
            # When the role began, as it says itself to all hosts: their names for the application may differ.
            app = str((task_vars or {}).get("__django_app_moment" if arguments.get("app_name") else "__compose_app_moment") or "")
            arguments["heart"] = start(self, task_vars or {}, int(arguments.get("may_fail") or 0), app)
        answer: dict = {"failed": True}
        try:
            answer = super()._execute_module(*args, module_args=arguments, task_vars=task_vars, **kwargs)
            # That it is run again is how the host knows that this run lives. Else it takes it for dead, as it is when its runner was killed just now: a worker
            # of Ansible, which this is, outlives that.
            if answer.get("unheard") and os.getppid() == ansible:
                answer = super()._execute_module(*args, module_args={**arguments, "unheard": True}, task_vars=task_vars, **kwargs)
        finally:
            if answer.get("failed"):
                differ()
        return answer


def start(action, task_vars: dict, may_fail: int, app: str) -> str:
    """Begins to let the task's host hear of this run.

    :param action: an action plugin, of which the connection is used.
    :param may_fail: how many hosts the run may lose and go on with the others.
    :param app: what stands for the application that is deployed, the same for all its hosts.
    :returns: the secret that the host's keeper is given; empty where there is no such channel.
    """
    argv = _command(action._connection, task_vars)
    if argv is None:
        return ""
    token = secrets.token_hex(16)
    host = task_vars.get("inventory_hostname", "")
    hosts = len(task_vars.get("ansible_play_hosts_all") or [])
    order = {"name": host, "argv": argv, "greeting": socket_path(token), "control_path": control_path(argv), "app": app, "may_fail": may_fail, "hosts": hosts}
    with open(place("hosts"), "a", encoding="utf-8"):
        pass
    put(token + ".host", json.dumps(order))
    return token


def take_turns(batches: list[list[str]], release: str, commit: str) -> None:
    """Hosts move to that release by themselves, one batch after the other, once all of them are ready for it."""
    if os.path.exists(place("hosts")) and is_locked(place("only")):
        with contextlib.suppress(FileExistsError):  # The task of another host says the same at the same moment.
            put("batches", json.dumps({"batches": batches, "release": release, "commit": commit}))


def differ() -> None:
    """A host does nothing by itself, as it failed: others need not wait for what it would do."""
    if os.path.exists(place("hosts")) and is_locked(place("only")):
        with contextlib.suppress(FileExistsError):  # Another one fails at the same moment.
            put("differs", "")


def confirm(lost: list[str], ends: bool = False, timeout: float = 30.0) -> dict | None:
    """Tells all hosts but those that are *lost* at once that the whole fleet is through.

    :param ends: whether nothing else is to be done on any of them, so that each ends the run by itself.
    :returns: `ended`, hosts that did that; `silent`, hosts that do not answer; whether it is `confirmed`, to which no more hosts may be lost and silent than the run may lose;
        `unsure`, hosts that were told and have not answered. Without a heartbeat nobody is told, and none is missed. None when the process that tells
        them was killed or hangs: they have heard nothing of this run since then.
    """
    if not os.path.exists(place("hosts")):
        return {"confirmed": True, "silent": [], "unsure": [], "ended": []}
    if not is_locked(place("only")):
        return None
    order, answer = place("confirm"), place("confirmed")
    put("confirm", json.dumps({"lost": lost, "ends": ends}))
    deadline = time.monotonic() + timeout
    while not os.path.exists(answer):
        if time.monotonic() > deadline or not is_locked(place("only")):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(order)
            return None
        time.sleep(0.02)
    with open(answer, encoding="utf-8") as file:
        told = json.load(file)
    os.unlink(answer)
    return told


def _command(connection, task_vars: dict) -> list[str] | None:
    python = str(task_vars.get("ansible_python_interpreter") or "")
    relay = "exec %s -c %s" % (shlex.quote(python if python.startswith("/") else "python3"), shlex.quote(RELAY.strip()))
    if connection.transport == "local":
        return ["/bin/sh", "-c", relay]
    if connection.transport != "ssh":
        return None
    argv = ssh_command(connection, relay)
    return argv and [argv[0], "-o", "ControlMaster=no", *argv[1:]]


def ssh_command(connection, command: str) -> list[str] | None:
    """How Ansible's ssh would run a command, as far as nobody is asked for anything; None where it cannot."""
    # As Ansible does before each command.
    host = connection.host = connection.get_option("host") or connection._play_context.remote_addr
    try:
        built = connection._build_command(connection.get_option("ssh_executable"), "ssh", "-T", host, command)
    except Exception:  # Ansible's own way to say that it cannot; then the task itself says why.
        return None
    argv = [part.decode() if isinstance(part, bytes) else str(part) for part in built]
    # Without sshpass: a password is given once, by Ansible itself.
    argv = argv[argv.index(connection.get_option("ssh_executable")) :]
    return [argv[0], "-o", "BatchMode=yes", *argv[1:]]


def control_path(argv: list[str]) -> str:
    for part in argv:
        if part.startswith("ControlPath="):
            path = part.partition("=")[2].strip('"')
            return "" if "%" in path else path
    return ""


def place(name: str) -> str:
    """Where the process beside Ansible finds an order, or puts its answer."""
    folder = os.path.join(C.DEFAULT_LOCAL_TMP, "heart")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    return os.path.join(folder, name)


def command(folder: str, pid: int, only: int) -> list[str]:
    """What runs beside the Ansible with this process id. It imports its own files alone (-I, -S), from where this one is, and writes none (-B).

    :param only: an open file that is held by flock(2) for as long as this runs, so that there is one of it.
    """
    name = heart_process.__name__
    top = os.path.abspath(os.path.join(heart_process.__file__, *[os.pardir] * len(name.split("."))))
    return [sys.executable, "-I", "-S", "-B", "-c", shipped.START, top, name, folder, str(pid), str(only)]


def put(name: str, text: str) -> None:
    """Gives an order to the process beside Ansible, which starts with the first one."""
    path = place(name)
    with os.fdopen(os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(path + ".new", path)
    folder = os.path.dirname(path)
    # A worker's parent is ansible-playbook itself.
    if begin(folder, os.getppid()) is None:
        heart_process.wake(folder)


def begin(folder: str, pid: int) -> subprocess.Popen | None:
    """Starts what runs beside the Ansible with this process id; None where it runs."""
    only = os.open(os.path.join(folder, "only"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            # The process gets it with the file: of hosts that come to this at the same moment, one starts it.
            fcntl.flock(only, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        return subprocess.Popen(
            command(folder, pid, only), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, pass_fds=[only]
        )
    finally:
        os.close(only)
