# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The few things that a deploy asks of systemd."""
from __future__ import annotations

import functools
import re
import subprocess

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run

OWN_PIDS = "PrivatePIDs"
# systemd 257 has them, too, but takes the main process for another one's child: a stop kills it at once instead of waiting for its requests.
OWN_PIDS_SINCE = 258
LONGEST_STOP = 7200  # seconds; systemd itself ends a stop after the process's own patience


def systemctl(*arguments: str, timeout: float = 120) -> str:
    return run(["systemctl", *arguments], timeout=timeout)


@functools.lru_cache(maxsize=None)
def gives_own_pids() -> bool:
    """Whether a unit of this host can have process ids of its own, so that it can neither see nor end what runs outside it.

    In some containers the kernel refuses the /proc that this takes, and systemd would then not start the unit.
    """
    try:
        version = re.match(r"systemd (\d+)", run(["systemctl", "--version"], timeout=30))
        if not version or int(version.group(1)) < OWN_PIDS_SINCE:
            return False
        if subprocess.run(["systemd-detect-virt", "--container", "--quiet"], check=False).returncode == 0:
            rules = ["--property=%s=yes" % rule for rule in (OWN_PIDS, "PrivateUsers", "PrivateTmp", "NoNewPrivileges")]
            run(transient(["--wait", "--service-type=oneshot", *rules, "--property=User=nobody"], ["true"]), timeout=30)
    except CommandFailed:
        return False
    return True


def transient(options: list[str], argv: list[str]) -> list[str]:
    """The command that starts a transient unit whose only command is *argv*.

    systemd writes the words down. When it reads its units again, as for a package that is being installed, before it has started this one or to start it
    once more, a dollar among them is no longer what it was: 252 keeps a backslash before it, 257 doubles it. So there must be none.

    :raises ValueError: where there is one.
    """
    if any("$" in word for word in argv):
        raise ValueError("a dollar in the command of a transient unit: %s" % argv[0])
    return ["systemd-run", "--quiet", "--collect", *options, "--", *argv]


def suited(rules: str) -> str:
    """A unit, or lines of one, for this host: without process ids of its own where there are none to be had."""
    return rules if gives_own_pids() else re.sub(r"^%s=.*\n?" % OWN_PIDS, "", rules, flags=re.MULTILINE)


def quoted(word: str) -> str:
    """An argument as ExecStart= takes it."""
    for character, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("%", "%%"), ("$", "$$")):
        word = word.replace(character, escaped)
    return '"%s"' % word if re.search(r"[\s\"';\\]", word) or not word else word


def quietly(verb: str, *arguments: str) -> None:
    """A step that may fail without harm, or whose failure must not hide the first one. Without a unit nothing is done."""
    if verb == "daemon-reload" or any(not argument.startswith("-") for argument in arguments):
        try:
            systemctl(verb, *arguments, timeout=LONGEST_STOP)
        except CommandFailed:
            pass


def show(unit: str, *properties: str) -> dict:
    printed = systemctl("show", unit, "--property", ",".join(properties), timeout=30)
    return dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)


def show_each(units: list[str], *properties: str) -> dict:
    """Properties of several units in one question, by unit."""
    if not units:
        return {}
    printed = systemctl("show", *units, "--property", ",".join(("Id", *properties)), timeout=30)
    blocks = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in printed.split("\n\n")]
    return {block["Id"]: block for block in blocks if "Id" in block}


def any_active(pattern: str) -> bool:
    """Whether a unit whose name matches runs or is on its way up or down."""
    states = "--state=active,activating,deactivating,reloading"
    return bool(systemctl("list-units", "--plain", "--no-legend", states, pattern, timeout=30).strip())


def is_active(unit: str) -> bool:
    """Whether a unit runs or is on its way up or down."""
    return is_up(show(unit, "ActiveState"))


def is_up(found: dict) -> bool:
    """:func:`is_active`, of what :func:`show` says."""
    return found["ActiveState"] not in ("inactive", "failed")


def is_enabled(unit: str) -> bool:
    return subprocess.run(["systemctl", "is-enabled", "--quiet", unit], check=False, capture_output=True).returncode == 0


def enable(*units: str) -> None:
    """Has units start at boot. Links are all that it takes; without C(--root) systemd reads every unit of the host again, which holds it up."""
    systemctl("enable", "--root=/", "--quiet", *units)


def disable(*units: str) -> None:
    """Undoes :func:`enable`."""
    systemctl("disable", "--root=/", "--quiet", *units)


def listeners(path: str) -> list[str]:
    """The socket units that listen on *path*, each with what it starts."""
    units = []
    for block in systemctl("show", "*.socket", "--property", "Id,Listen,Triggers").split("\n\n"):
        lines = block.splitlines()
        if any(line.startswith("Listen=%s " % path) for line in lines):
            units += [name for line in lines if line.startswith(("Id=", "Triggers=")) for name in line.split("=", 1)[1].split()]
    return units


def has_given_up(unit: str) -> bool:
    """Whether a unit that was started has ended, be it that systemd starts it again: it will not answer as it is."""
    found = show(unit, "ActiveState", "NRestarts")
    return not is_up(found) or has_failed(found)


def has_failed(found: dict) -> bool:
    """Whether systemd keeps of a unit that it failed, of what :func:`show` says of C(ActiveState) and C(NRestarts)."""
    return found["ActiveState"] == "failed" or found.get("NRestarts", "0") != "0"


def log_since(unit: str, since: float, lines: int = 40) -> str:
    """What a unit wrote to the journal since a time (epoch seconds): the first exception of a worker, else the last lines."""
    try:
        printed = run(["journalctl", "--no-pager", "--output", "cat", "--unit", unit, "--since", "@%d" % since], timeout=30).strip().splitlines()
    except CommandFailed as error:
        return "(no log: %s)" % error
    # gunicorn's own traceback follows that of the application and would push it out.
    starts = [number for number, line in enumerate(printed) if "Exception in worker process" in line]
    first = printed[slice(starts[0], starts[1] if starts[1:] else None)][:lines] if starts else printed[-lines:]
    return "\n".join(first)


def times_out_of_memory(unit: str, since: str) -> int:
    """How often systemd has ended a unit since a time as journalctl reads it, because the kernel took a process of it for want of memory; 0 on cgroup v1, which does not say so."""
    try:
        said = run(["journalctl", "--no-pager", "--quiet", "--output", "cat", "--since", since, "UNIT_RESULT=oom-kill", "UNIT=" + unit], timeout=30)
    except CommandFailed:
        return 0
    return len(said.splitlines())
