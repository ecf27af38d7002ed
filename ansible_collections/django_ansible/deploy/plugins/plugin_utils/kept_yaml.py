# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Keeps what YAML files mean that Ansible itself and this collection bring, for the next run.

Ansible reads half a megabyte of its own YAML at each start, and the documentation of thirty plugins: a fifth of what a deploy with nothing to do costs where
Ansible runs. Such files change with Ansible alone. What users wrote is parsed as ever, and never kept, since it may hold a secret.

Used by the runner before Ansible has read its settings, and so it imports nothing of Ansible until Ansible itself parses something. It stands in for PyYAML's
``load`` alone; where Ansible does not call that, or has not what is named here, as in a later version, everything is parsed as ever.
"""
from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import pickle
import tempfile

import yaml

LARGE = 65536  # bytes of a text without a name that are compared with the one file that Ansible reads so
MOST = 400  # files that are kept; a run has about eighty


def lend(folder: str, ansible: str, ours: str) -> None:
    """Has PyYAML find what is kept, and keep what it parses.

    :param folder: Where it is kept, of one installation of Ansible. Whoever may write there decides what runs.
    :param ansible: The folder of the package `ansible`.
    :param ours: The folder of this collection.
    """
    yaml.load = Kept(folder, yaml.load, ansible, ours).load


class Kept:
    def __init__(self, folder: str, parse, ansible: str, ours: str) -> None:
        self.folder, self.parse = folder, parse
        self.below = (os.path.join(ansible, ""), os.path.join(ours, ""))
        self.unnamed = os.path.join(ansible, "config", "ansible_builtin_runtime.yml")

    def load(self, stream, Loader):
        text = about = None
        with contextlib.suppress(Exception):
            text, about = self.known(stream, str(Loader.__module__).startswith("yaml."))
        if text is None:
            return self.parse(stream, Loader)
        key = hashlib.sha256(repr((Loader.__module__, Loader.__qualname__, about, str(text) if isinstance(text, str) else text)).encode()).hexdigest()
        path = os.path.join(self.folder, key)
        with contextlib.suppress(Exception):
            return read(path)
        made = self.parse(text, Loader)
        with contextlib.suppress(Exception):
            self.keep(path, made)
        return made

    def known(self, stream, is_plain: bool):
        """The text of one of these files and what its meaning depends on besides; nothing for any other.

        :param is_plain: whether it is read without the places of words, as PyYAML does.
        """
        if isinstance(stream, str):
            return known_place(stream, self.below)
        if not is_plain:
            return None, None
        if isinstance(stream, bytes):
            if len(stream) < LARGE:
                return None, None
            with open(self.unnamed, "rb") as file:
                return (stream, "") if file.read() == stream else (None, None)
        return (stream.read(), "") if os.fsdecode(stream.name).startswith(self.below) else (None, None)

    def keep(self, path: str, made) -> None:
        content = pickle.dumps(made, 5)
        os.makedirs(self.folder, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as file:
            file.write(hashlib.sha256(content).digest() + content)
        # It appears whole, as other runs may read it.
        os.replace(file.name, path)
        with os.scandir(self.folder) as entries:
            files = sorted(entries, key=lambda entry: entry.stat().st_mtime, reverse=True)
        for old in files[MOST:]:
            os.unlink(old.path)


def read(path: str):
    """:raises OSError, ValueError: Where nothing is kept, or it is not what it was."""
    with open(path, "rb") as file:
        content = file.read()
    if hashlib.sha256(content[32:]).digest() != content[:32]:
        raise ValueError(path)
    return pickle.loads(content[32:])


def known_place(text: str, below: tuple):
    """Likewise for a text that Ansible has marked with its place."""
    from ansible._internal._datatag._tags import Origin, TrustedAsTemplate
    from ansible.module_utils._internal._datatag import AnsibleTagHelper

    spare_copies()
    tags = AnsibleTagHelper.tags(text)
    origin = Origin.get_tag(text)
    if origin is None or not str(origin.path).startswith(below) or any(not isinstance(tag, (Origin, TrustedAsTemplate)) for tag in tags):
        return None, None
    return text, sorted(map(repr, tags))


@functools.cache
def spare_copies() -> None:
    """Texts and numbers that have a place are copied like any others, which cannot be changed: not at all. Ansible copies each file that it has read."""
    from ansible.module_utils._internal import _datatag

    for name in ("_AnsibleTaggedStr", "_AnsibleTaggedInt", "_AnsibleTaggedFloat"):
        getattr(_datatag, name).__deepcopy__ = lambda self, memo: self
