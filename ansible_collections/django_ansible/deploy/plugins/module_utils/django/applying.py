# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Applies migrations so that visitors notice little: no statement waits long for a lock, as every query behind it would wait, too.

Runs in the release's virtual environment, beside driver: the standard library and Django alone.
"""
from __future__ import annotations

import contextlib
import signal
import sys
import time

LOCK_STATES = {"55P03"}
MYSQL_LOCK = 1205
TIMEOUT_STATES = {"57014"}
# These wait for other transactions to end while nobody has to wait for them.
PATIENT = ("AddIndexConcurrently", "RemoveIndexConcurrently")
# Statements of MySQL that are whole by themselves, and that did nothing when they did not get their lock.
WHOLE = ("ALTER", "CREATE", "DROP", "RENAME", "TRUNCATE")
READS = ("SELECT", "SHOW", "SET")
LONGEST_PAUSE = 5.0  # seconds between two tries


class NotApplied(Exception):
    """A migration was not applied; the text says which, and what is to be done."""


class Course:
    """What is being applied: which migration, which of its operations, how long each took.

    :param request: C(lock_timeout), seconds that a statement waits for a lock, and C(timeout), seconds for everything; 0 sets no limit. C(lock_tries) is how
        often a migration is tried that does not get its lock; on MySQL, which takes no table's change back, that is a statement.
    """

    def __init__(self, connection, request):
        self.connection = connection
        self.lock_timeout = request.get("lock_timeout", 0)
        self.deadline = time.monotonic() + request["timeout"] if request.get("timeout") else None
        self.tries = max(request.get("lock_tries", 1), 1)
        self.migration, self.at, self.started, self.times = None, 0, 0.0, []
        self.written = 0  # statements of this migration that may have changed something
        self.tried = False  # whether a statement was, as often as it may be

    def watch(self):
        from django.db.migrations.executor import MigrationExecutor
        from django.db.migrations.migration import Migration

        course, apply_operations, apply_whole = self, Migration.apply, MigrationExecutor.apply_migration

        def apply(self, project_state, schema_editor, collect_sql=False):
            course.begin(self)
            return apply_operations(self, project_state, schema_editor, collect_sql)

        def apply_migration(self, state, migration, *more, **options):
            # What operations leave for their end, as foreign keys and indexes, is made after all of them.
            state = apply_whole(self, state, migration, *more, **options)
            course.end(migration)
            return state

        Migration.apply, MigrationExecutor.apply_migration = apply, apply_migration

    def begin(self, migration):
        # Until now, who waits for this may end it by SIGTERM, whatever it waits for itself: the kernel does so. What has begun comes to its own end. No SIG_IGN, which
        # programs that a migration starts would have as well.
        signal.signal(signal.SIGTERM, lambda number, frame: None)
        self.migration, self.at, self.written, self.started = migration, 0, 0, time.monotonic()
        self.say("begun")
        for index, operation in enumerate(migration.operations):
            self.follow(index, operation)

    def end(self, migration):
        """One that was only noted as applied never began."""
        if migration is self.migration:
            seconds = time.monotonic() - self.started
            self.times.append((self.name(), seconds))
            self.say("done in %.1f s" % seconds)

    def say(self, what):
        """For whoever follows, in the words of host/progress.py. On a line of its own: Django begins one, and ends it with the migration."""
        print("\nmigration %s %s" % (self.name(), what), file=sys.stderr, flush=True)

    def follow(self, index, operation):
        if hasattr(operation, "followed"):
            return
        operation.followed, original = True, operation.database_forwards

        def database_forwards(app_label, schema_editor, from_state, to_state):
            self.at = index
            self.limit(type(operation).__name__ in PATIENT or "CONCURRENTLY" in str(getattr(operation, "sql", "")).upper())
            original(app_label, schema_editor, from_state, to_state)

        operation.database_forwards = database_forwards

    def limit(self, patient):
        """Sets the limits of what comes next."""
        left = self.left()
        if left == 0:
            raise NotApplied("the time for migrations was over")
        if self.connection.vendor == "mysql" and self.lock_timeout:
            with self.connection.cursor() as cursor:
                cursor.execute("SET SESSION lock_wait_timeout = %s, innodb_lock_wait_timeout = %s", [self.lock_timeout, self.lock_timeout])
        if self.connection.vendor != "postgresql":
            return
        with self.connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = %s", ["%dms" % (0 if patient else self.lock_timeout * 1000)])
            if left is not None:
                cursor.execute("SET statement_timeout = %s", ["%dms" % max(left * 1000, 1)])

    def left(self):
        """Seconds of the time that everything may take; None without a limit."""
        return None if self.deadline is None else max(self.deadline - time.monotonic(), 0)

    def statements(self):
        """Sees each statement, for as long as it is entered."""
        return self.connection.execute_wrapper(self.execute) if self.connection.vendor == "mysql" else contextlib.nullcontext()

    def execute(self, execute, sql, params, many, context):
        word = str(sql).split(None, 1)[0].upper() if str(sql).strip() else ""
        for number in range(1, self.tries + 1):
            try:
                result = execute(sql, params, many, context)
                break
            except Exception as error:
                if word not in WHOLE or not is_of_a_lock(error):
                    raise
                if number == self.tries or self.left() == 0:
                    self.tried = True
                    raise
                self.wait(number)
        self.written += word not in READS
        return result

    def wait(self, number):
        """Before what did not get its lock is tried again."""
        self.say("waits")
        time.sleep(min(0.5 * number, LONGEST_PAUSE))

    def name(self):
        return "%s.%s" % (self.migration.app_label, self.migration.name) if self.migration else "the first migration"

    def whole(self):
        """Whether nothing of the migration that failed is left in the database."""
        if self.migration is None or (self.connection.vendor == "mysql" and not self.written):
            return True
        return self.migration.atomic and self.connection.features.can_rollback_ddl

    def explained(self, error):
        """What a failure means, in words; None where its own are enough."""
        if state_of(error) in TIMEOUT_STATES and self.deadline is not None:
            error = NotApplied("the time for migrations was over")
        if self.whole():
            return NotApplied("%s was not applied: %s" % (self.name(), words(error))) if isinstance(error, NotApplied) else None
        count = len(self.migration.operations)
        return NotApplied(
            "%s failed in operation %d of %d (%s): %s. It is not one transaction, so %s stays, and Django does not know of it%s. Put "
            "that right by hand, or make the migration one that can begin again, before the next deploy."
            % (
                self.name(), self.at + 1, count, self.migration.operations[self.at].describe(), words(error),
                "what the operations before it did" if self.at else "what it did so far", self.invalid_indexes(),
            )
        )

    def left_behind(self, error):
        """The same failure, with C(applied): the migrations that were applied before, and stay."""
        error.applied = [name for name, _ in self.times]
        return error

    def invalid_indexes(self):
        """Indexes that were not finished; each has to be dropped before it can be made again."""
        if self.connection.vendor != "postgresql":
            return ""
        try:
            with self.connection.cursor() as cursor:
                cursor.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid")
                found = ["DROP INDEX CONCURRENTLY %s" % row[0] for row in cursor.fetchall()]
        except Exception:
            return ""
        return "; it left indexes that are not valid: " + "; ".join(found) if found else ""


def apply_kindly(connection, request, run):
    """Has *run* apply what is to be applied, again when a lock was not to be had. Returns sentences with the time that each took.

    :raises NotApplied: when it stays so, or when what is half applied must be looked at.
    """
    course = Course(connection, request)
    course.watch()
    for number in range(1, course.tries + 1):
        try:
            with course.statements():
                run()
            return ["%s applied in %.1f s%s" % (name, seconds, "" if number == 1 else " (try %d)" % number) for name, seconds in course.times]
        except Exception as error:
            explained = course.explained(error)
            if not is_of_a_lock(error) or not course.whole():
                raise course.left_behind(explained or error) from (error if explained else error.__cause__)
            mysql = connection.vendor == "mysql"
            if number == course.tries or course.tried:
                failed = NotApplied(
                    "%s did not get its lock within %d s, %d times: a long query or an open transaction holds it; %s shows which"
                    % (course.name(), course.lock_timeout, course.tries, "information_schema.processlist" if mysql else "pg_stat_activity")
                )
                raise course.left_behind(failed) from error
            course.wait(number)
    return []


def state_of(error):
    cause = error.__cause__ or error
    return getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)


def is_of_a_lock(error):
    return state_of(error) in LOCK_STATES or (error.__cause__ or error).args[:1] == (MYSQL_LOCK,)


def words(error):
    return " ".join(str(error).split())[:500] or type(error).__name__
