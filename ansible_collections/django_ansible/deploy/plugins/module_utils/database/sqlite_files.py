# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What is done with a SQLite database as its owner: copied, restored, counted.

Runs as the application's user, in a Python that may be the host's or an image's: the standard library alone. Root never opens these files, since the
application can put anything in their place. A dump goes to stdout, the answer to stderr.
"""
from __future__ import annotations

import contextlib
import fcntl
import glob
import gzip
import json
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
import urllib.parse

MARK = "django-ansible-deploy:"
PREFIX = ".django-ansible-deploy-"
BESIDE = ("", "-wal", "-shm", "-journal")  # what belongs to a database
OK, TAKEN = 0, (5, 6)  # what a step of sqlite3's backup ends with
PATIENCE = 60  # seconds that others are waited for
LEFT = 86400  # seconds after which a copy is one that a killed run left
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"


class Trouble(Exception):
    """The text is for the person who deploys."""


@contextlib.contextmanager
def opened(path, mode="rw"):
    if mode == "rw" and not os.path.isfile(path):
        raise Trouble("there is no file %s" % path)
    connection = sqlite3.connect("file:%s?mode=%s" % (urllib.parse.quote(path), mode), uri=True, timeout=PATIENCE, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def until(deadline, what):
    """For sqlite3's backup, which would wait without end for a lock."""

    def progress(status, remaining, total):
        if status in TAKEN and time.monotonic() > deadline:
            raise Trouble("%s is locked by somebody else for more than %d s" % (what, PATIENCE))

    return progress


def copy(connection, path, what):
    """A consistent copy in a new file."""
    with opened(path, "rwc") as target:
        connection.backup(target, progress=until(time.monotonic() + PATIENCE, what))


def counts(connection):
    tables = [row[0] for row in connection.execute(TABLES)]
    return {table: connection.execute('SELECT count(*) FROM "%s"' % table.replace('"', '""')).fetchone()[0] for table in tables}


def dump(request):
    """Writes a compressed copy to stdout. Tells the rows by table and the applied migrations in it."""
    path = request["path"]
    folder = os.path.dirname(path)
    for left in glob.glob(os.path.join(glob.escape(folder), PREFIX + "*")):
        if time.time() - os.lstat(left).st_mtime > LEFT:
            shutil.rmtree(left, ignore_errors=True)
    with opened(path) as source, tempfile.TemporaryDirectory(prefix=PREFIX, dir=folder) as place:
        name = os.path.join(place, "copy")
        copy(source, name, path)
        with opened(name) as made:
            found = {"rows": counts(made), "applied": [], "server": sqlite3.sqlite_version}
            if "django_migrations" in found["rows"]:
                found["applied"] = ["%s.%s" % row for row in made.execute("SELECT app, name FROM django_migrations ORDER BY id")]
        with open(name, "rb") as plain, gzip.GzipFile(fileobj=sys.stdout.buffer, mode="wb", compresslevel=1, mtime=0) as packed:
            shutil.copyfileobj(plain, packed, 1 << 20)
        sys.stdout.flush()
    return found


def load(request):
    """Unpacks a dump from stdin into a new file."""
    discard(request)
    with open(request["path"], "xb") as file:
        try:
            shutil.copyfileobj(gzip.GzipFile(fileobj=sys.stdin.buffer), file, 1 << 20)
        except (EOFError, OSError) as error:
            raise Trouble("it cannot be unpacked: %s" % error) from error
        file.flush()
        os.fsync(file.fileno())
    with opened(request["path"]) as made:
        # A constraint may need functions that only the application has; such a check says nothing then.
        with contextlib.suppress(sqlite3.OperationalError):
            said = [row[0] for row in made.execute("PRAGMA quick_check(3)")]
            if said != ["ok"]:
                raise Trouble("SQLite finds it damaged: %s" % "; ".join(map(str, said)))
    return {}


def count(request):
    with opened(request["path"]) as made:
        return {"rows": counts(made)}


def state(path):
    """What changes whenever somebody writes."""
    return [(os.stat(path + end).st_mtime_ns, os.stat(path + end).st_size) for end in ("", "-wal") if os.path.exists(path + end)]


class Changed(Exception):
    """Somebody wrote in between."""


def switch(request):
    """Puts the file C(source) in the place of the database, which becomes C(kept).

    :param request: C(alone), whether what serves the application is stopped.
    """
    if not (request.get("alone") and took_place(request["source"], request["path"], request["kept"])):
        pour(request)
    return {}


def took_place(source, path, kept):
    """Whether a rename could do it, which takes as long for any size. Nobody may have the file open then, who would go on in the old one."""
    real = os.path.realpath(path)
    try:
        if not (at_rest(source) and at_rest(real)):
            return False
        found = os.stat(real)
        os.chmod(source, found.st_mode & 0o7777)
        if os.stat(source).st_gid != found.st_gid:
            return False  # The sandbox lets nobody give it to another group.
        with nobody_else_in(real) as undisturbed:
            if beside(real):
                return False
            os.link(real, kept)
            os.rename(source, real)
            if undisturbed():
                return True
            # It was opened just then, and waits.
            os.link(real, source)
            os.rename(kept, real)
    except (OSError, sqlite3.Error):
        remove(kept)
    return False


@contextlib.contextmanager
def nobody_else_in(path):
    """Has whoever opens a file that nobody has open wait for as long as this lasts, in whatever namespace; tells how to find out whether somebody waits.

    :raises OSError: when somebody has it open, or the file system cannot tell.
    """
    # Whoever waits is told of by a signal, too, that would end this.
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)
    held = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.fcntl(held, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        yield lambda: fcntl.fcntl(held, fcntl.F_GETLEASE) == fcntl.F_WRLCK
    finally:
        os.close(held)
        signal.signal(signal.SIGIO, before)


def at_rest(path):
    """Whether all of a database is in its one file; what is not, goes there first."""
    with opened(path) as database:
        database.execute("SELECT count(*) FROM sqlite_master").fetchone()  # A journal that was left is played back.
        if database.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
            busy = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            if busy:
                return False
    return not beside(path)


def beside(path):
    return [path + end for end in BESIDE[1:] if os.path.exists(path + end)]


def pour(request):
    """Puts what is in the file C(source) into the database, in one transaction, once the database is copied to C(kept).

    The file stays the one that it is, since those that have it open would go on writing into another. Until the transaction ends, SQLite's own journal has what
    was there: whatever is killed, the next one to open it finds one of the two.
    """
    path, kept, deadline = request["path"], request["kept"], time.monotonic() + PATIENCE
    # One keeps others from writing, which could not be copied from at the same time.
    with opened(path) as live, opened(path) as reader, opened(request["source"]) as source:
        while True:
            live.execute("BEGIN IMMEDIATE")
            try:
                copy(reader, kept, path)
                before = state(path)
                live.execute("ROLLBACK")
                overwrite(source, live, path, before, deadline)
                return
            except Changed:
                remove(kept)
            except BaseException:
                remove(kept)
                raise


def overwrite(source, live, path, before, deadline):
    """:raises Changed: when somebody wrote since *before*, which would be lost; nothing has changed then."""
    patience, looked = until(deadline, path), []

    def progress(status, remaining, total):
        patience(status, remaining, total)
        # From its first step on the backup has the lock, and has written nothing.
        if status == OK and not looked:
            looked.append(True)
            if state(path) != before:
                raise Trouble("%s is written to again and again" % path) if time.monotonic() > deadline else Changed

    pages = source.execute("PRAGMA page_count").fetchone()[0]
    source.backup(live, pages=max(1, min(16, pages // 2)), progress=progress, sleep=0.05)


def remove(path):
    for end in BESIDE:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path + end)


def discard(request):
    remove(request["path"])
    return {}


def kept(request):
    """The copies of what was replaced, oldest first."""
    found = glob.glob(glob.escape(request["path"]) + "_replaced_" + "[0-9]" * 14)
    return {"kept": sorted(found)}


STEPS = {"dump": dump, "load": load, "count": count, "switch": switch, "discard": discard, "kept": kept}


def main(request):
    os.umask(0o077)
    try:
        found = STEPS[request["step"]](request)
    except (Trouble, OSError, sqlite3.Error) as error:
        found = {"error": "%s" % error or type(error).__name__}
    print(MARK + json.dumps(found), file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
