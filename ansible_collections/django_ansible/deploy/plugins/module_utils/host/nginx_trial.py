# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What nginx would say of a configuration before it is in its place: it is asked about a copy of its folder, which only that one question sees."""
from __future__ import annotations

import os
import shutil
import tempfile

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import nginx
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile, replace_link, write_atomically

# Its logs are elsewhere as well, since nginx makes those of a new site when it is asked. A host that forbids the mounts says nothing.
ASK = 'mount --bind "$1" "$3" && mount --bind "$2" /var/log/nginx || exit 0; exec nginx -t'


def said_of(files: list[ManagedFile], removals: list[str], links: dict[str, str]) -> str:
    """What C(nginx -t) says of its folder with these changes; empty where the host does not let it be asked apart.

    :param files: those of nginx's folder count, since nginx reads no other when it is asked.
    :param removals: paths that will be gone.
    :param links: targets by path.
    :raises CommandFailed: when nginx refuses it; the text ends with the line that it names.
    """
    with tempfile.TemporaryDirectory(prefix="django-ansible-nginx-", dir="/run") as folder:
        copy, logs = os.path.join(folder, "nginx"), os.path.join(folder, "log")
        shutil.copytree(nginx.NGINX, copy, symlinks=True)
        os.mkdir(logs)

        def there(path: str) -> str | None:
            """Where a path of nginx's folder is in the copy."""
            inside = os.path.relpath(path, nginx.NGINX)
            return None if inside.startswith("..") else os.path.join(copy, inside)

        for path in filter(None, map(there, removals)):
            os.unlink(path)
        for file in files:
            path = there(file.path)
            if path:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                write_atomically(path, file.content, file.mode)
        for path, target in links.items():
            replace_link(target, there(path) or os.path.join(copy, os.path.basename(path)))
        try:
            return run(["unshare", "--mount", "sh", "-c", ASK, "sh", copy, logs, nginx.NGINX], timeout=60)
        except CommandFailed as error:
            if "unshare: " in error.printed:
                return ""
            raise CommandFailed(nginx.with_refused_line(error.printed or str(error), copy), error.printed) from error
