# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What all modules are made of, so that what holds for each of them is said once."""
from __future__ import annotations

import os

from ansible.module_utils import basic

UMASK = 0o022


class AnsibleModule(basic.AnsibleModule):
    """A module that makes files with the modes it says, on a host whose own umask is stricter as well."""

    def __init__(self, **arguments: object) -> None:
        os.umask(UMASK)
        super().__init__(**arguments)
