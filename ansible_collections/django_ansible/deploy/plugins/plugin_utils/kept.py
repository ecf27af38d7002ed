# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Keeps the code of modules on the hosts, so that a deploy sends what changes alone.

Ansible sends each module with all that it imports each time, a third of a megabyte, which the host compiles before it does anything. Here a host that
has that code gets its checksum instead. The code is root's own and lies beside that of the heartbeat (module_utils/host/shipped.py); with it lies what
that host's Python compiled of it. What others may have written is not used. A host that lacks it says so, and gets it once.

What Ansible sends is changed in one place, the text of the packed module's archive. Where that is not found, as in a later Ansible, it goes as ever.
"""
from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import os
import re
import tempfile
import zipfile

from ansible import constants as C

# Those that most deploys run, and those of operations that somebody waits for. Others are sent each time: what only looks leaves nothing on a host, and the
# last application takes all along.
MODULES = frozenset((
    "app_activate", "app_finish", "app_host", "app_maintenance", "app_migrate", "app_release", "app_rollback", "app_run",
    "compose_finish", "compose_maintenance", "compose_migrate", "compose_pull", "compose_reach", "compose_run", "compose_up",
))
# As Ansible's executor/module_common.py writes it.
ARCHIVE = re.compile(rb"^zip_data='(UEsD[A-Za-z0-9+/=]+)',$", re.MULTILINE)
START = re.compile(rb'^if __name__ == "__main__":$', re.MULTILINE)
LACKING = "django_ansible.deploy: the code of this module is not kept here"

# On the host, before Ansible's own part of the module, which gets an archive without files and finds the code all the same: to unpack and search one took a quarter of a
# module's start. Files begin with the checksum of what follows, since a host may lose power while one is written.
PROGRAM = """
class _Code:
    def __init__(self, place, modules):
        self.place, self.modules = place, modules

    def find_spec(self, name, path=None, target=None):
        if name not in self.modules:
            return None
        from importlib.machinery import ModuleSpec
        file, is_package = self.modules[name][:2]
        # Nothing lies there: what looks for the source asks for it here.
        spec = ModuleSpec(name, self, origin="%%s/%%s" %% (self.place, file), is_package=is_package)
        spec.has_location = True
        if is_package:
            spec.submodule_search_locations.append(spec.origin.rpartition("/")[0])
        return spec

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        exec(self.get_code(module.__name__), module.__dict__)

    def get_code(self, name):
        import marshal
        return marshal.loads(self.modules[name][2])

    def get_source(self, name):
        import zlib
        return zlib.decompress(self.modules[name][3]).decode()


def _place(name):
    import importlib._bootstrap_external as external
    return "/var/lib/django-ansible-deploy/code/modules/%%s.%%s" %% (name, external.MAGIC_NUMBER.hex())


def _lend(place, content):
    import base64, marshal, sys
    sys.meta_path.insert(0, _Code(place, marshal.loads(content)))
    return base64.b64encode(b"PK\\5\\6" + bytes(18)).decode()


def _kept(name):
    import hashlib, os, sys
    place = _place(name)
    try:
        with open(os.open(place, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            found = os.fstat(file.fileno())
            is_ours = found.st_uid == os.geteuid() and not found.st_mode & 0o022
            checksum, _, content = file.read().partition(b"\\n") if is_ours else (b"", b"", b"")
    except OSError:
        checksum, content = b"", b""
    if hashlib.sha256(content).hexdigest().encode() != checksum:
        print(%r)
        sys.exit(0)
    return _lend(place, content)


def _compiled(archive):
    import io, marshal, zipfile, zlib
    modules = {}
    with zipfile.ZipFile(io.BytesIO(archive)) as given:
        for file in given.namelist():
            if not file.endswith(".py"):
                raise ValueError(file)
            content, name = given.read(file), file[:-3].replace("/", ".")
            package, is_package, _ = name.rpartition(".__init__")
            code = compile(content, file, "exec", dont_inherit=True)
            modules[package or name] = file, bool(is_package), marshal.dumps(code), zlib.compress(content)
    return marshal.dumps(modules)


def _keep(name, given):
    import base64, hashlib, os, tempfile
    # What root runs, nobody else may write, whatever a host lets its users do with new folders.
    place, mask = _place(name), os.umask(0o022)
    try:
        content = _compiled(base64.b64decode(given))
        os.makedirs(os.path.dirname(place), mode=0o700, exist_ok=True)
        descriptor, partial = tempfile.mkstemp(dir=os.path.dirname(place))
        with open(descriptor, "wb") as file:
            file.write(hashlib.sha256(content).hexdigest().encode() + b"\\n" + content)
        os.rename(partial, place)
        with os.scandir(os.path.dirname(place)) as entries:
            files = sorted(entries, key=lambda entry: entry.stat().st_mtime, reverse=True)
        for old in files[%d:]:
            os.unlink(old.path)
        return _lend(place, content)
    except Exception:
        return given
    finally:
        os.umask(mask)


"""
KEPT = 24  # files on a host, 1 to 3 MB each


def _put(text: bytes, call: str) -> bytes | None:
    """The module with *call* in the place of its archive."""
    program = (PROGRAM % (LACKING, KEPT)).encode()
    with_call, archives = ARCHIVE.subn(lambda found: b"zip_data=%s," % call.encode(), text)
    whole, starts = START.subn(lambda found: program + found.group(0), with_call)
    return whole if archives == starts == 1 else None


def with_checksum(text: bytes) -> bytes | None:
    """A packed module that names its code; None where that cannot be."""
    found = ARCHIVE.search(text)
    return _put(text, "_kept(%r)" % _name(found)) if found else None


def to_keep(text: bytes) -> bytes:
    """A packed module that leaves its code on the host."""
    found = ARCHIVE.search(text)
    return (_put(text, "_keep(%r, %r)" % (_name(found), found.group(1).decode())) if found else None) or text


def _name(found: re.Match) -> str:
    """Stands for what is in an archive, and for the form in which it is kept; the archive itself has the time at which it was made. Looked for once in a run: each host asks
    for each module.
    """
    place = os.path.join(C.DEFAULT_LOCAL_TMP, "named-" + hashlib.sha256(found.group(1)).hexdigest()[:32])
    with contextlib.suppress(FileNotFoundError), open(place, encoding="ascii") as file:
        return file.read()
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(found.group(1)))) as archive:
        files = sorted((name, hashlib.sha256(archive.read(name)).hexdigest()) for name in archive.namelist())
    name = hashlib.sha256(repr((PROGRAM, files)).encode()).hexdigest()
    with tempfile.NamedTemporaryFile("w", dir=C.DEFAULT_LOCAL_TMP, delete=False, encoding="ascii") as file:
        file.write(name)
    os.replace(file.name, place)
    return name


class Lacking:
    """Which hosts lacked code in this run: they are not asked again, but given it."""

    def __init__(self, host: str) -> None:
        self._file = os.path.join(C.DEFAULT_LOCAL_TMP, "lacks-" + hashlib.sha256(host.encode()).hexdigest()[:16])

    def __bool__(self) -> bool:
        return os.path.exists(self._file)

    def note(self) -> None:
        with open(self._file, "w", encoding="utf-8"):
            pass


class KeptCode:
    """What an action plugin gets so that its module's code is kept on the hosts."""

    def _low_level_execute_command(self, cmd, *args, in_data=None, **kwargs):
        run = super()._low_level_execute_command
        name = self._task.action.rpartition(".")[2]
        # A prediction leaves nothing on a host. Without root's rights nothing can be kept.
        becomes_root = self._connection.become is not None and self._connection.become.get_option("become_user", playcontext=self._play_context) in (None, "root")
        if in_data is None or name not in MODULES or self._task.check_mode or not becomes_root:
            return run(cmd, *args, in_data=in_data, **kwargs)
        lacking = Lacking(self._play_context.remote_addr or "")
        brief = None if lacking else with_checksum(in_data)
        if brief is not None:
            answer = run(cmd, *args, in_data=brief, **kwargs)
            # On a line of its own, as what greets whoever logs in may come before.
            if LACKING not in answer.get("stdout", "").splitlines():
                return answer
            lacking.note()
        return run(cmd, *args, in_data=to_keep(in_data), **kwargs)
