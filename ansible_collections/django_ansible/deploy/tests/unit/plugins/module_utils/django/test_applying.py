"""A statement that waits for a lock keeps everybody behind it waiting: it gives up soon, and is tried again where nothing of it can be left."""
from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.django import applying
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.applying import Course, NotApplied, apply_kindly
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.progress import LINE


class Busy(Exception):
    """As PyMySQL and mysqlclient have it."""


class Connection:
    """One whose table somebody uses; remembers what it was asked."""

    features = SimpleNamespace(can_rollback_ddl=False)

    def __init__(self, vendor="mysql", busy=0):
        self.vendor, self.busy, self.asked, self.wrapper = vendor, busy, [], None

    @contextlib.contextmanager
    def cursor(self):
        yield SimpleNamespace(execute=lambda sql, params=None: self.asked.append(sql % tuple(params or ())))

    @contextlib.contextmanager
    def execute_wrapper(self, wrapper):
        self.wrapper = wrapper
        yield

    def run(self, sql):
        def execute(sql, params, many, context):
            if self.busy and "entry" in sql:
                self.busy -= 1
                raise Busy(1205, "Lock wait timeout exceeded; try restarting transaction")
            self.asked.append(sql)

        self.wrapper(execute, sql, (), False, {})


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(applying.signal, "signal", lambda number, handler: None)
    waited = []
    monkeypatch.setattr(applying.time, "sleep", waited.append)
    return waited


@pytest.fixture
def applied(monkeypatch):
    """Applies a migration of such statements."""
    monkeypatch.setattr(Course, "watch", lambda self: setattr(Course, "last", self))

    def run(connection, *statements, **request):
        def work():
            course = Course.last
            course.migration = SimpleNamespace(app_label="shop", name="0002_x", atomic=True, operations=[SimpleNamespace(describe=lambda: "Add a column")])
            course.limit(False)
            for sql in statements:
                connection.run(sql)

        return apply_kindly(connection, {"lock_timeout": 3, "lock_tries": 4, **request}, work)

    return run


def test_a_statement_of_mysql_is_tried_again_and_what_was_before_it_is_not(applied, quick, capsys):
    connection = Connection(busy=2)
    applied(connection, "CREATE TABLE reply", "ALTER TABLE entry ADD COLUMN x")
    assert connection.asked == ["SET SESSION lock_wait_timeout = 3, innodb_lock_wait_timeout = 3", "CREATE TABLE reply", "ALTER TABLE entry ADD COLUMN x"]
    assert quick == [0.5, 1.0] and capsys.readouterr().err == "\nmigration shop.0002_x waits\n" * 2


def test_one_that_never_gets_it_has_done_nothing(applied, quick):
    connection = Connection(busy=9)
    with pytest.raises(NotApplied, match="shop.0002_x did not get its lock within 3 s, 4 times: .* information_schema.processlist shows which"):
        applied(connection, "ALTER TABLE entry ADD COLUMN x")
    assert len(quick) == 3


def test_one_that_has_done_something_says_where_it_stopped(applied):
    with pytest.raises(NotApplied, match=r"shop.0002_x failed in operation 1 of 1 \(Add a column\): .*Lock wait timeout .* stays, and Django does not know of it"):
        applied(Connection(busy=9), "SELECT 1", "CREATE TABLE reply", "ALTER TABLE entry ADD COLUMN x")


def test_rows_that_another_transaction_has_are_tried_again_with_all_of_it(applied):
    connection = Connection(busy=1)
    applied(connection, "UPDATE entry SET x = 1", "UPDATE other SET x = 1")
    assert connection.asked[-2:] == ["UPDATE entry SET x = 1", "UPDATE other SET x = 1"]
    # Not once something was written.
    with pytest.raises(NotApplied, match="failed in operation"):
        applied(Connection(busy=1), "UPDATE other SET x = 1", "UPDATE entry SET x = 1")


def test_other_failures_are_not_tried_again(applied, quick):
    class Broken(Connection):
        def run(self, sql):
            self.wrapper(lambda *given: (_ for _ in ()).throw(Busy(1064, "You have an error")), sql, (), False, {})

    with pytest.raises(Busy):
        applied(Broken(), "ALTER TABLE entry ADD COLUMN x")
    assert quick == []


@pytest.mark.parametrize("failure", [Busy(1064, "You have an error"), NotApplied("the time for migrations was over")])
def test_a_failure_says_which_migrations_were_applied_before_it(monkeypatch, failure):
    monkeypatch.setattr(Course, "watch", lambda self: self.times.append(("shop.0001_initial", 0.1)))

    def work():
        raise failure

    with pytest.raises(type(failure)) as failed:
        apply_kindly(Connection(), {}, work)
    assert failed.value.applied == ["shop.0001_initial"]


def test_without_a_limit_the_server_keeps_its_own(applied):
    connection = Connection()
    applied(connection, "ALTER TABLE entry ADD COLUMN x", lock_timeout=0)
    assert connection.asked == ["ALTER TABLE entry ADD COLUMN x"]


BEGINS = """
import sys, time
from types import SimpleNamespace
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.applying import Course
course = Course(None, {})
if sys.argv[1] == "begun":
    course.begin(SimpleNamespace(app_label="shop", name="0002_x", operations=[]))
print("waits", flush=True)
sys.stdin.readline()
print("whole", flush=True)
"""


@pytest.mark.parametrize(("what", "printed", "code"), [("waits", "", -signal.SIGTERM), ("begun", "whole\n", 0)])
def test_what_waits_can_be_ended_and_a_migration_that_has_begun_cannot(what, printed, code):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, "-c", BEGINS, what], text=True, env=environment, **streams) as process:
        assert process.stdout.readline() == "waits\n"
        process.send_signal(signal.SIGTERM)
        if what == "begun":
            process.stdin.write("go on\n")
            process.stdin.flush()
        assert process.wait(timeout=30) == code
        assert process.stdout.read() == printed


def test_what_is_said_stands_on_a_line_of_its_own(capsys):
    course = Course(Connection("sqlite"), {})
    course.migration = SimpleNamespace(app_label="shop", name="0002_x")
    print("  Applying shop.0002_x...", end="", file=sys.stderr)
    course.say("begun")
    assert LINE.fullmatch(capsys.readouterr().err.splitlines()[-1])


@pytest.fixture
def executor(monkeypatch):
    """Django's, that has one more statement after the operations of a migration, as foreign keys are."""
    executor, migration = pytest.importorskip("django.db.migrations.executor"), pytest.importorskip("django.db.migrations.migration")

    def apply_migration(self, state, migration, fake=False):
        if not fake:
            migration.apply(state, None)
        print("the foreign key", file=sys.stderr)
        return state

    monkeypatch.setattr(executor.MigrationExecutor, "apply_migration", apply_migration)
    monkeypatch.setattr(migration.Migration, "apply", lambda self, state, editor, collect_sql=False: state)
    return executor.MigrationExecutor, migration.Migration


def test_a_migration_ends_after_what_its_operations_leave_for_the_end(executor, capsys):
    course = Course(Connection(), {})
    course.watch()
    made, migration = object.__new__(executor[0]), executor[1]("0002_x", "shop")
    made.apply_migration("state", executor[1]("0001_initial", "shop"), fake=True)
    assert made.apply_migration("state", migration) == "state"
    assert capsys.readouterr().err.split("\n") == ["the foreign key", "", "migration shop.0002_x begun", "the foreign key", "", "migration shop.0002_x done in 0.0 s", ""]
    assert [name for name, _ in course.times] == ["shop.0002_x"]
