# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What all modules are made of, so that what holds for each of them is said once."""
from __future__ import annotations

import os

from ansible.module_utils import basic

UMASK = 0o022
# Where programs are that only root runs. su leaves the PATH of the user who called it, which Debian gives none of them.
ROOTS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


class AnsibleModule(basic.AnsibleModule):
    """A module that makes files with the modes it says, on a host whose own umask is stricter as well, and whose warnings are read.

    Ansible shows warnings of a task that changed nothing only where it shows such tasks: they are part of what is reported of the deploy.
    """

    def __init__(self, **arguments: object) -> None:
        os.umask(UMASK)
        path = os.environ.get("PATH", os.defpath).split(os.pathsep)
        os.environ["PATH"] = os.pathsep.join([*path, *(folder for folder in ROOTS if folder not in path)])
        self.warned: list[str] = []
        super().__init__(**arguments)

    def warn(self, warning: str) -> None:
        self.warned.append(warning)
        super().warn(warning)

    def exit_json(self, **answer: object) -> None:
        if self.warned:
            deploy = answer.get("deploy") or {}
            answer["deploy"] = {**deploy, "warnings": list(dict.fromkeys([*deploy.get("warnings", []), *self.warned]))}
        super().exit_json(**answer)
