# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Removes what is in a folder by descriptors, while its owner may swap, refill or nest it without end."""
from __future__ import annotations

import errno
import os
import secrets

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.descriptors import FOLDER, closing

DEEPEST = 200  # folders within folders; each holds a descriptor
ROUNDS = 1000  # how often something may be found changed meanwhile before this gives up
CHANGED = (errno.ELOOP, errno.ENOTDIR, errno.ENOENT, errno.ENOTEMPTY)


class Removal:
    def __init__(self, top: int) -> None:
        self._top = top
        self._rounds = ROUNDS

    def again(self) -> None:
        self._rounds -= 1
        if not self._rounds:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    def empty(self) -> None:
        while names := os.listdir(self._top):
            self.again()
            for name in names:
                self.remove(self._top, name, 1)

    def remove(self, parent: int, name: str, depth: int) -> None:
        """A name is what it is at this moment: what was a folder may be a link by now, and the other way round."""
        while True:
            try:
                os.unlink(name, dir_fd=parent)
                return
            except FileNotFoundError:
                return
            except IsADirectoryError:
                pass
            try:
                if depth > DEEPEST:  # It goes to the top, where its turn comes.
                    os.rename(name, ".%s.old" % secrets.token_hex(8), src_dir_fd=parent, dst_dir_fd=self._top)
                    return
                with closing(os.open(name, FOLDER, dir_fd=parent)) as folder:
                    for inner in os.listdir(folder):
                        self.remove(folder, inner, depth + 1)
                os.rmdir(name, dir_fd=parent)
                return
            except OSError as error:
                if error.errno not in CHANGED:
                    raise
                self.again()


def empty(folder: int) -> bool:
    """Removes what is in an opened folder. Tells whether there was something."""
    found = bool(os.listdir(folder))
    Removal(folder).empty()
    return found


def remove(parent: int, name: str) -> bool:
    """Removes a name of an opened folder with what is below it. Tells whether there was something."""
    for _ in range(ROUNDS):
        try:
            os.unlink(name, dir_fd=parent)
            return True
        except FileNotFoundError:
            return False
        except IsADirectoryError:
            pass
        try:
            with closing(os.open(name, FOLDER, dir_fd=parent)) as folder:
                Removal(folder).empty()
            os.rmdir(name, dir_fd=parent)
            return True
        except OSError as error:
            if error.errno not in CHANGED:
                raise
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
