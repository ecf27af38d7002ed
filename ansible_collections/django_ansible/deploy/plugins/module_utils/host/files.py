# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Files written whole or not at all, and put back when what they were for fails."""
from __future__ import annotations

import base64
import grp
import os
import pwd
import shutil
import stat
from collections.abc import Callable

LITTLE_MIB = 1024  # free disk, below which somebody should look


def owner_ids(owner: str, group: str) -> tuple[int, int]:
    return pwd.getpwnam(owner).pw_uid, grp.getgrnam(group).gr_gid


def free_mib(path: str) -> int:
    """Free space where *path* is, or would be, in MiB."""
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    return shutil.disk_usage(path).free >> 20


def ensure_directory(path: str, mode: int = 0o755, owner: str = "root", group: str = "root") -> bool:
    """Makes a folder with exactly this mode and owner. Tells whether that changed anything."""
    changed = not os.path.isdir(path)
    if changed:
        os.makedirs(path, mode=mode)
    found = os.stat(path)
    uid, gid = owner_ids(owner, group)
    if (found.st_uid, found.st_gid) != (uid, gid):
        os.chown(path, uid, gid)
        changed = True
    if stat.S_IMODE(found.st_mode) != mode:
        os.chmod(path, mode)
        changed = True
    return changed


def write_atomically(path: str, content: bytes, mode: int, owner: str = "root", group: str = "root") -> None:
    write_atomically_as(path, content, mode, *owner_ids(owner, group))


def write_atomically_as(path: str, content: bytes, mode: int, uid: int, gid: int) -> None:
    partial = "%s.%d.new" % (path, os.getpid())
    if os.path.lexists(partial):
        os.unlink(partial)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            os.fchown(file.fileno(), uid, gid)
            os.fchmod(file.fileno(), mode)
            file.flush()
            os.fsync(file.fileno())
        os.rename(partial, path)
    except OSError:  # a full disk, for one
        os.unlink(partial)
        raise


def read_link(path: str) -> str | None:
    try:
        return os.readlink(path)
    except OSError:
        return None


def replace_link(target: str, path: str) -> bool:
    """Points the link *path* at *target* by one rename(2). Tells whether that changed anything."""
    if read_link(path) == target:
        return False
    partial = "%s.%d.new" % (path, os.getpid())
    if os.path.lexists(partial):
        os.unlink(partial)
    os.symlink(target, partial)
    os.rename(partial, path)
    return True


class ManagedFile:
    """A file as it should be."""

    def __init__(self, path: str, content: str, mode: str = "0644", owner: str = "root", group: str = "root", secret: bool = False) -> None:
        self.path = path
        self.content = content.encode()
        self.mode = int(mode, 8)
        self.owner = owner
        self.group = group
        self.secret = secret

    def read(self) -> bytes | None:
        try:
            with open(self.path, "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def differs(self) -> bool:
        if self.read() != self.content:
            return True
        found = os.stat(self.path)
        return (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid) != (self.mode, *owner_ids(self.owner, self.group))

    def diff(self) -> dict:
        """Before and after as Ansible's --diff shows them; a secret file shows that it differs and no content."""
        header = {"before_header": self.path, "after_header": self.path}
        if self.secret:
            return {**header, "before": "(secret, as it is)\n", "after": "(secret, as it will be)\n"}
        return {**header, "before": (self.read() or b"").decode(errors="replace"), "after": self.content.decode()}

    def write(self) -> None:
        write_atomically(self.path, self.content, self.mode, self.owner, self.group)


def second_name(path: str) -> str:
    """Gives a file another name beside it, by which it stays what it is when the first one is replaced."""
    name = path + ".kept"
    if os.path.lexists(name):
        os.unlink(name)
    os.link(path, name)
    return name


def as_it_is(path: str) -> tuple[str, str, object]:
    """What is at a path, so that it can be put back."""
    if os.path.islink(path):
        return path, "link", os.readlink(path)
    if not os.path.exists(path):
        return path, "absent", None
    found = os.stat(path)
    if not os.path.isfile(path) or not found.st_mode & stat.S_IROTH:
        # A socket, which only a second name keeps while another file takes its first one, or a secret, whose content stays where it belongs.
        return path, "kept", second_name(path)
    with open(path, "rb") as file:
        return path, "file", (file.read(), stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid)


class Restorable:
    """Remembers what files and links were, so that a step that fails can put them back.

    C(noted) is called when there is more to remember, and before any of that is replaced.
    """

    def __init__(self) -> None:
        self._saved: list[tuple[str, str, object]] = []
        self.noted: Callable[[], None] = lambda: None

    def keep(self, *paths: str) -> None:
        known = {saved[0] for saved in self._saved}
        new = [path for path in dict.fromkeys(paths) if path not in known]
        self._saved += map(as_it_is, new)
        if new:
            self.noted()

    def set_aside(self, path: str, aside: str) -> None:
        """Moves a folder out of the way, for good unless it is put back."""
        os.rename(path, aside)
        self._saved.append((path, "aside", aside))

    def restore(self) -> None:
        for path, kind, value in reversed(self._saved):
            if kind in ("absent", "aside") and os.path.lexists(path):
                os.unlink(path)
            if kind == "absent":
                continue
            if kind in ("kept", "aside"):
                os.rename(value, path)
                if os.path.lexists(value):
                    os.unlink(value)  # It was not replaced: two names of one file stay two.
                continue
            if kind == "file":
                write_atomically_as(path, *value)
                continue
            partial = "%s.%d.old" % (path, os.getpid())
            os.symlink(value, partial)
            os.rename(partial, path)
        self._saved.clear()

    def dump(self) -> list:
        """What is remembered, as JSON can hold it, so that another process can put it back."""
        return [
            [path, kind, [base64.b64encode(value[0]).decode(), *value[1:]] if kind == "file" else value] for path, kind, value in self._saved
        ]

    @classmethod
    def load(cls, saved: list) -> Restorable:
        made = cls()
        made._saved = [(path, kind, (base64.b64decode(value[0]), *value[1:]) if kind == "file" else value) for path, kind, value in saved]
        return made

    def forget(self) -> None:
        """Ends the possibility to go back."""
        for _, kind, value in self._saved:
            if kind == "kept" and os.path.lexists(value):  # It is gone once it was put back.
                os.unlink(value)
        self._saved.clear()
