"""SQLite dumped and brought back, by the programs that run on a host, on real files that somebody else has open."""
from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.database import catalogue as catalogues
from ansible_collections.django_ansible.deploy.plugins.module_utils.database import sqlite_files
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.recovery import Recovery
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.sqlite import SqliteDatabase, SqliteReplacement
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed


class Client:

    def need(self, programs, package, version=0):
        pass

    lacking = "%s is not here: add %s"
    python = sys.executable

    def run(self, argv, variables, **streams):
        text = streams.pop("stdin", None)
        return subprocess.run(argv, stdin=text or subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False, **{"stdout": subprocess.PIPE, **streams})


class Application:
    """What Django says, as far as a restore asks."""

    def __init__(self, path, migrations=()):
        self.path, self.migrations = path, list(migrations)

    def drive(self, step, **options):
        if step == "database":
            return {"database": {"vendor": "sqlite", "size": os.path.getsize(self.path), "parameters": {"dbname": self.path}}}
        assert options["database_name"] == self.path + "_restore" and os.path.exists(options["database_name"])
        return {"ready": {"errors": [], "migrations": self.migrations, "unknown": []}}


@pytest.fixture(params=["delete", "wal"])
def shop(request, tmp_path):
    path = str(tmp_path / "data base.sqlite3")
    connection = sqlite3.connect(path, isolation_level=None, timeout=20)
    connection.execute("PRAGMA journal_mode=%s" % request.param)
    connection.executescript("""
        CREATE TABLE django_migrations (id INTEGER PRIMARY KEY, app TEXT, name TEXT);
        INSERT INTO django_migrations (app, name) VALUES ('shop', '0001_initial'), ('shop', '0002_price');
        CREATE TABLE "odd ""name" (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT);
        CREATE VIRTUAL TABLE words USING fts5(text);
    """)
    add(connection, "before")
    yield path, connection
    connection.close()


def add(connection, text):
    connection.execute('INSERT INTO "odd ""name" (text) VALUES (?)', (text,))


def texts(connection):
    return [row[0] for row in connection.execute('SELECT text FROM "odd ""name" ORDER BY id')]


@pytest.fixture
def recovery(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogues, "ensure_directory", lambda path, mode: os.makedirs(path, mode, exist_ok=True))
    monkeypatch.setattr(catalogues, "write_atomically", lambda path, content, mode: open(path, "wb").write(content))
    return Recovery(Client(), str(tmp_path / "backups"))


@pytest.fixture
def closed(recovery):
    """As role mode has it: what serves requests has nothing open."""
    return Recovery(recovery.client, recovery.catalogue.folder, held={"closed": contextlib.nullcontext})


def dumped(recovery, path):
    return recovery.dump(Application(path).drive("database")["database"], reason="made by hand")


def left(path):
    return sorted(name for name in os.listdir(os.path.dirname(path)) if name not in ("backups", *(os.path.basename(path) + end for end in ("", "-wal", "-shm"))))


def test_what_is_dumped_comes_back_to_those_that_have_it_open(shop, recovery):
    path, connection = shop
    record = dumped(recovery, path)
    assert record["rows"] == {'odd "name': 1, "django_migrations": 2, "words_config": 1, "words_content": 0, "words_data": 2, "words_docsize": 0, "words_idx": 0}
    assert record["applied"] == ["shop.0001_initial", "shop.0002_price"] and record["database"] == path
    add(connection, "after")
    connection.execute("CREATE TABLE more (id INTEGER PRIMARY KEY)")
    told = recovery.restore(record, Application(path))
    assert texts(connection) == ["before"]
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        connection.execute("SELECT * FROM more")
    assert texts(sqlite3.connect(told["replaced"])) == ["before", "after"]
    add(connection, "later")
    assert texts(sqlite3.connect(path)) == ["before", "later"]
    assert [name for name in left(path) if "_replaced_" not in name] == []


def test_what_nobody_has_open_is_replaced_by_a_rename(shop, closed):
    path, connection = shop
    os.chmod(path, 0o640)
    record = dumped(closed, path)
    add(connection, "after")
    mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    connection.close()
    before = os.stat(path)
    told = closed.restore(record, Application(path))
    assert (os.stat(told["replaced"]).st_ino, os.stat(path).st_mode & 0o777) == (before.st_ino, 0o640) and os.stat(path).st_ino != before.st_ino
    with sqlite3.connect(path) as again:
        assert texts(again) == ["before"] and again.execute("PRAGMA journal_mode").fetchone()[0] == mode
    assert texts(sqlite3.connect(told["replaced"])) == ["before", "after"]
    assert [name for name in left(path) if not name.startswith(os.path.basename(told["replaced"]))] == []


def test_what_somebody_has_open_stays_the_file_that_it_is(shop, closed):
    path, connection = shop
    record = dumped(closed, path)
    add(connection, "after")
    before, mode = os.stat(path).st_ino, connection.execute("PRAGMA journal_mode").fetchone()[0]
    told = closed.restore(record, Application(path))
    assert os.stat(path).st_ino == before and texts(connection) == ["before"] and connection.execute("PRAGMA journal_mode").fetchone()[0] == mode
    assert texts(sqlite3.connect(told["replaced"])) == ["before", "after"]


def test_a_file_that_is_opened_just_then_stays_the_file_that_it_is(shop, monkeypatch):
    path, connection = shop
    connection.close()
    before, link, started = os.stat(path).st_ino, os.link, []
    with sqlite3.connect(path + "_restore") as made:
        made.execute("CREATE TABLE other (id INTEGER PRIMARY KEY)")
    made.close()

    @contextlib.contextmanager
    def watched(real):
        with nobody_else_in(real) as undisturbed:

            def opened_meanwhile(source, target):
                link(source, target)
                if not started:
                    started.append(subprocess.Popen([sys.executable, "-c", WRITE, path]))
                    while undisturbed() and started[0].poll() is None:
                        time.sleep(0.01)

            monkeypatch.setattr(sqlite_files.os, "link", opened_meanwhile)
            yield undisturbed

    nobody_else_in = sqlite_files.nobody_else_in
    monkeypatch.setattr(sqlite_files, "nobody_else_in", watched)
    assert not sqlite_files.took_place(path + "_restore", path, path + "_kept")
    assert started[0].wait() == 0
    assert os.stat(path).st_ino == before and left(path) == [os.path.basename(path) + "_restore"]
    with sqlite3.connect(path) as again:
        assert texts(again) == ["before", "late"]


def test_a_rehearsal_changes_and_leaves_nothing(shop, recovery):
    path, connection = shop
    record = dumped(recovery, path)
    add(connection, "after")
    assert "replaced" not in recovery.restore(record, Application(path), swap=False)
    assert texts(connection) == ["before", "after"] and left(path) == []


def test_what_django_or_the_rows_refuse_changes_nothing(shop, recovery):
    path, connection = shop
    record = dumped(recovery, path)
    for application, wrong in ((Application(path, ["shop.0003"]), record), (Application(path), {**record, "rows": {'odd "name': 2}})):
        with pytest.raises(CommandFailed, match="the database is as it was: (it is from before shop.0003|the restored database is not complete)"):
            recovery.restore(wrong, application)
    assert texts(connection) == ["before"] and left(path) == []


def test_what_was_written_while_it_was_copied_is_not_lost(shop, monkeypatch):
    path, connection = shop
    source = path + "_restore"
    with sqlite3.connect(source) as made:
        made.execute("CREATE TABLE other (id INTEGER PRIMARY KEY)")
    original, seen = sqlite_files.state, []

    def state(of):
        seen.append(of)
        if len(seen) == 1:
            found = original(of)
            # Right after the lock is given up, before the other one is had.
            connection.execute("PRAGMA busy_timeout = 50")
            late.start()
            return found
        late.join()
        return original(of)

    late = threading.Thread(target=lambda: subprocess.run([sys.executable, "-c", WRITE, path], check=True))
    # The thread needs the lock that this has until it is given up, and it is looked at again after the thread is through.
    monkeypatch.setattr(sqlite_files, "state", state)
    overwrite = sqlite_files.overwrite
    monkeypatch.setattr(sqlite_files, "overwrite", lambda *arguments: (late.join(), overwrite(*arguments))[1])
    sqlite_files.switch({"path": path, "source": source, "kept": path + "_kept"})
    assert texts(sqlite3.connect(path + "_kept")) == ["before", "late"]


WRITE = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1], timeout=20) as connection:
    connection.execute('INSERT INTO "odd ""name" (text) VALUES (?)', ("late",))
"""


@pytest.mark.parametrize("moment", [0.0, 0.02, 0.05, 0.1, 0.2, 0.4])
def test_killed_at_any_moment_one_of_the_two_is_whole(shop, moment):
    path, connection = shop
    fill = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) INSERT INTO \"odd \"\"name\" (text) SELECT '%s' || hex(randomblob(200)) FROM n"
    connection.execute(fill % "old")
    with sqlite3.connect(path + "_restore") as made:
        connection.backup(made)
        made.execute('UPDATE "odd ""name" SET text = replace(text, \'old\', \'new\')')
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.path.insert(0, sys.argv[1]); import sqlite_files as s; print(flush=True); s.switch({'path': sys.argv[2], 'source': sys.argv[2] + '_restore', 'kept': sys.argv[2] + '_kept'})",
         os.path.dirname(sqlite_files.__file__), path], stdout=subprocess.PIPE)
    process.stdout.readline()
    time.sleep(moment)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kinds = {text[:3] for text in texts(connection)} - {"bef"}
    assert len(texts(connection)) == 30001 and kinds in ({"old"}, {"new"})
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_dump_that_is_cut_is_said_to_be(shop, tmp_path):
    path, _connection = shop
    database = SqliteDatabase({"dbname": path}, Client())
    partial = str(tmp_path / "dump")
    database.dump(partial)
    os.truncate(partial, os.path.getsize(partial) - 9)
    with pytest.raises(CommandFailed, match="it cannot be unpacked"):
        SqliteReplacement(database).load(partial)


def test_a_file_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(CommandFailed, match="there is no file"):
        SqliteDatabase({"dbname": str(tmp_path / "none")}, Client()).dump(str(tmp_path / "dump"))
    assert not os.path.exists(tmp_path / "none")


def test_copies_of_what_was_replaced_are_pruned(shop, recovery, monkeypatch):
    path, _connection = shop
    record, moments = dumped(recovery, path), iter([1e9, 2e9, 3e9])
    told = []
    for moment in moments:
        monkeypatch.setattr("time.time", lambda moment=moment: moment)
        told.append(recovery.restore(record, Application(path)))
    assert [os.path.exists(one["replaced"]) for one in told] == [False, True, True]
