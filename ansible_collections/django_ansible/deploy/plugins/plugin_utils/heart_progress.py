# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What hosts of a run say of how far they are (module_utils/host/progress.py has the words), in files for the tasks that wait for it."""
from __future__ import annotations

import contextlib
import hashlib
import os

from ansible_collections.django_ansible.deploy.plugins.plugin_utils.heart_channel import Channel


def write_down(folder: str, channel: Channel) -> None:
    if channel.progress:
        with contextlib.suppress(OSError), open(progress_of(folder, channel.name), "ab") as file:
            file.write(b"".join(line + b"\n" for line in channel.progress))
        channel.progress.clear()


def progress_of(folder: str, host: str) -> str:
    """The file with what a host says of how far it is, as long as the run lasts."""
    return os.path.join(folder, hashlib.sha256(host.encode()).hexdigest()[:32] + ".progress")
