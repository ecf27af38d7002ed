# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The few things that a deploy asks of systemd."""
from __future__ import annotations

import subprocess

from ansible_collections.django_ansible.deploy.plugins.module_utils.application import CommandFailed, run


def systemctl(*arguments: str, timeout: float = 120) -> str:
    return run(["systemctl", *arguments], timeout=timeout)


def show(unit: str, *properties: str) -> dict:
    printed = systemctl("show", unit, "--property", ",".join(properties), timeout=30)
    return dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)


def is_active(unit: str) -> bool:
    """Whether a unit runs or is on its way up or down."""
    return show(unit, "ActiveState")["ActiveState"] not in ("inactive", "failed")


def is_enabled(unit: str) -> bool:
    return subprocess.run(["systemctl", "is-enabled", "--quiet", unit], check=False, capture_output=True).returncode == 0


def invocation_log(unit: str, lines: int = 30) -> str:
    """The last lines that a unit's newest start wrote to the journal, without what earlier starts wrote."""
    try:
        invocation = show(unit, "InvocationID").get("InvocationID")
        match = ["_SYSTEMD_INVOCATION_ID=" + invocation, "+", "INVOCATION_ID=" + invocation] if invocation else ["--unit", unit]
        return run(["journalctl", "--no-pager", "--output", "cat", "--lines", str(lines), *match], timeout=30).strip()
    except CommandFailed as error:
        return "(no log: %s)" % error
