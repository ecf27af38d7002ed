# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""The files that a deploy brings to a project's folder: those of compose-source, and the one with the values of env."""

from __future__ import annotations

import base64
import json
import os
import stat

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import write_atomically_as


class Managed:
    """Files as they should be, by absolute path: content and mode."""

    def __init__(self, files=None):
        self.files = dict(files or {})

    @classmethod
    def given(cls, sources, folder, env_file, values):
        """From what the lookup compose_sources made, a JSON mapping of paths below *folder*, and the values of env."""
        files = {}
        for name, file in json.loads(sources or "{}").items():
            path = os.path.realpath(os.path.join(folder, name))
            files[path] = (base64.b64decode(file["content"]), int(file["mode"], 8))
        if env_file and values:
            files[os.path.realpath(env_file)] = (dotenv(values).encode(), 0o600)
        return cls(files)

    @classmethod
    def load(cls, path):
        """From a record; empty when there is none."""
        try:
            with open(path, encoding="utf-8") as file:
                saved = json.load(file)
        except FileNotFoundError:
            return cls()
        return cls({path: (base64.b64decode(content), mode) for path, (content, mode) in saved.items()})

    def dump(self):
        return json.dumps({path: [base64.b64encode(content).decode(), mode] for path, (content, mode) in sorted(self.files.items())})

    def differing(self):
        """Paths whose content on this host is another one, or none. Modes of files that are there already are their owner's."""
        return sorted(path for path, (content, _mode) in self.files.items() if _read(path) != content)

    def obsolete(self, before):
        """Paths that an earlier deploy brought and that this one does not have."""
        return sorted(path for path in before.files if path not in self.files and os.path.lexists(path))

    def place(self, restorable, before):
        """Puts each file in its place by a rename, and takes away what an earlier deploy brought and this one does not have."""
        for path in self.differing():
            content, mode = self.files[path]
            restorable.keep(path)
            os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
            owner = (os.getuid(), os.getgid())
            if os.path.exists(path):
                found = os.stat(path)
                mode, owner = stat.S_IMODE(found.st_mode), (found.st_uid, found.st_gid)
            write_atomically_as(path, content, mode, *owner)
        for path in self.obsolete(before):
            restorable.keep(path)
            os.unlink(path)

    def stage(self, folder, stage):
        """Makes *stage* look like *folder* with these files in it: links to what stays, the files themselves where they differ."""
        inside = {os.path.relpath(path, os.path.realpath(folder)): file for path, file in self.files.items()}
        _overlay(folder, stage, {name: file for name, file in inside.items() if not name.startswith("..")})


def _overlay(folder, stage, files):
    os.makedirs(stage, mode=0o700)
    below = {}
    for name, file in files.items():
        head, _, rest = name.partition(os.sep)
        below.setdefault(head, {})[rest] = file
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        if name not in below:
            os.symlink(os.path.join(folder, name), os.path.join(stage, name))
    for name, inner in below.items():
        path = os.path.join(stage, name)
        if "" in inner:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, inner[""][1])
            with os.fdopen(descriptor, "wb") as file:
                file.write(inner[""][0])
        else:
            _overlay(os.path.join(folder, name), path, inner)


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ComposeError(f"{path} cannot be written as a file: {error.strerror}.") from None


def dotenv(values):
    """Values as compose reads them from a file: single quotes take all but themselves as it is."""
    lines = []
    for name, value in sorted(values.items()):
        if "'" in value or "\\" in value:
            escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("\n", "\\n").replace("\r", "\\r")
            lines.append(f'{name}="{escaped}"')
        else:
            lines.append(f"{name}='{value}'")
    return "\n".join(["# Ansible managed", *lines, ""])
