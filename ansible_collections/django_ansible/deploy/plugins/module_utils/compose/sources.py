# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""The files that a deploy brings to a project's folder: those of compose-source, and the one with the values of env."""

from __future__ import annotations

import base64
import json
import os
import re

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.placing import Place
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.descriptors import Unsafe

# A project's folder may be mounted into its containers, which are root in there: it is only touched through a Tree.


class Managed:
    """Files as they should be, by absolute path: content and mode. *folder* is the project's."""

    def __init__(self, files=None, folder=""):
        self.files = dict(files or {})
        self.folder = folder

    @classmethod
    def given(cls, sources, folder, env_file, values):
        """From what the lookup compose_sources made, a JSON mapping of paths below *folder*, and the values of env."""
        # The folder is where the user says, its links included; what is in it may be anybody's.
        folder = os.path.realpath(folder)
        files = {}
        for name, file in json.loads(sources or "{}").items():
            if os.path.isabs(name) or ".." in name.split("/"):
                raise Unsafe(f"compose_app_source brings {ascii(name)[:100]}, which is not below the project's folder: name it without ..")
            files[os.path.normpath(os.path.join(folder, name))] = (base64.b64decode(file["content"]), int(file["mode"], 8))
        if env_file and values:
            files[os.path.join(os.path.realpath(os.path.dirname(env_file)), os.path.basename(env_file))] = (dotenv(values).encode(), 0o600)
        return cls(files, folder)

    @classmethod
    def load(cls, path, file):
        """From a record of a project whose compose file is *file*; empty when there is none."""
        try:
            with open(path, encoding="utf-8") as record:
                saved = json.load(record)
        except FileNotFoundError:
            saved = {}
        return cls({path: (base64.b64decode(content), mode) for path, (content, mode) in saved.items()}, os.path.realpath(os.path.dirname(file)))

    def dump(self):
        return json.dumps({path: [base64.b64encode(content).decode(), mode] for path, (content, mode) in sorted(self.files.items())})

    def place_of(self, path):
        return Place.of(path, self.folder)

    def differing(self):
        """Paths whose content on this host is another one, or none. Modes of files that are there already are their owner's."""
        return sorted(path for path, (content, _mode) in self.files.items() if self.place_of(path).read() != content)

    def obsolete(self, before):
        """Paths that an earlier deploy brought and that this one does not have."""
        return sorted(path for path in before.files if path not in self.files and self.place_of(path).kind() is not None)

    def place(self, before):
        """Puts each file in its place by a rename, and takes away what an earlier deploy brought and this one does not have."""
        for path in self.differing():
            content, mode = self.files[path]
            self.place_of(path).write(content, mode)
        for path in self.obsolete(before):
            self.place_of(path).remove()

    def stage(self, folder, stage):
        """Makes *stage* look like *folder* with these files in it: links to what stays, the files themselves where they differ."""
        inside = {os.path.relpath(path, os.path.realpath(folder)): file for path, file in self.files.items()}
        _overlay(os.path.realpath(folder), stage, {name: file for name, file in inside.items() if not name.startswith("..")})


def _overlay(folder, stage, files):
    os.makedirs(stage, mode=0o700)
    below = {}
    for name, file in files.items():
        head, _, rest = name.partition(os.sep)
        below.setdefault(head, {})[rest] = file
    for name in os.listdir(folder) if os.path.isdir(folder) and not os.path.islink(folder) else []:
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


def values_in(text):
    """The values of a file that :func:`dotenv` made."""
    plain = re.findall(r"^\w+='([^']*)'$", text, re.MULTILINE)
    signs = {"n": "\n", "r": "\r"}
    return plain + [re.sub(r"\\(.)", lambda sign: signs.get(sign[1], sign[1]), value) for value in re.findall(r'^\w+="((?:[^"\\]|\\.)*)"$', text, re.MULTILINE)]


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
