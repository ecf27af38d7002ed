# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Whether the code of a release can work on a schema: it selects, inserts, updates and deletes a row of each of its models, and takes all of it back.

Runs in the release's virtual environment, beside driver: the standard library and Django alone. What a project does when a model is saved or made is
not run, as that may send mail: statements are made of the fields, by Django.
"""
from __future__ import annotations

import re

from ansible_collections.django_ansible.deploy.plugins.module_utils.django.values import value_of

ALIAS = "default"
LONGEST = 300  # characters that are kept of what a database says
# Kinds of fields that every database compares with a value.
COMPARED = {
    "AutoField", "BigAutoField", "BigIntegerField", "BooleanField", "CharField", "DateField", "DateTimeField", "DecimalField", "ForeignKey", "IntegerField",
    "OneToOneField", "PositiveBigIntegerField", "PositiveIntegerField", "PositiveSmallIntegerField", "SlugField", "SmallIntegerField", "TextField", "UUIDField",
}
# What a database says of a row that is at fault, not the schema: by SQLSTATE, or by words where there is none.
ROW_STATES = {"23505", "23503", "23P01", "23514", "42501"}
ROW_CODES = {1062, 1451, 1452, 3819, 4025}
ROW_WORDS = re.compile(r"^(UNIQUE|FOREIGN KEY|CHECK) constraint failed")
KINDS = (
    ("missing_table", {"42P01"}, {1146}, re.compile("no such table")),
    ("missing_column", {"42703"}, {1054}, re.compile("no such column|has no column named")),
    ("not_null", {"23502"}, {1364, 1048}, re.compile("NOT NULL constraint failed")),
    ("type", {"22001", "22003", "22P02", "42804", "42883", "22007", "22008", "428C9"}, {1406, 1264, 1265, 1366, 1292, 3105}, re.compile("generated column")),
)
COLUMNS = (
    re.compile(r'column "([^"]+)" of relation'), re.compile(r"NOT NULL constraint failed: \w+\.(\w+)"), re.compile(r"Field '([^']+)' doesn't have"),
    re.compile(r"Column '([^']+)' cannot be null"), re.compile(r"Unknown column '(?:[^'.]+\.)?([^']+)'"), re.compile(r"has no column named (\w+)"),
    re.compile(r"for column '([^']+)'"), re.compile(r"column (?:\w+\.)?\"?(\w+)\"? does not exist"), re.compile(r"no such column: (?:\w+\.)?(\w+)"),
)


def models_here():
    """The models whose rows are in the default database, with the tables between them."""
    from django.apps import apps
    from django.db import router

    for model in apps.get_models(include_auto_created=True):
        options = model._meta
        if options.proxy or options.swapped or not options.managed:
            continue
        if router.allow_migrate_model(ALIAS, model):
            yield model


def own_fields(model):
    return [field for field in model._meta.local_concrete_fields if field.column]


def columns(request):
    """What this code knows of the schema, for rules: each table with its model and columns, and whether it writes NULL there."""
    found = {}
    for model in models_here():
        known = {field.column: bool(field.null) for field in own_fields(model)}
        found[model._meta.db_table] = {"model": model._meta.label, "columns": known, "fields": {field.column: field.name for field in own_fields(model)}}
    return {"tables": found}


def try_models(request):
    """Tells ``breaks``, one for each model and column, and ``untried``, sentences about what could not be judged."""
    from django.db import connections

    connection = connections[ALIAS]
    connection.ensure_connection()
    connection.disable_constraint_checking()
    breaks, untried, count = [], [], 0
    for model in models_here():
        count += 1
        attempt = Attempt(model, connection)
        try:
            taken_back(attempt.run_at_once)
        except Exception:
            attempt.untried = []
            taken_back(attempt.run)
        breaks += attempt.breaks.values()
        untried += attempt.untried
    return {"breaks": breaks, "untried": untried, "models": count}


def taken_back(run):
    """Runs something in a transaction that is rolled back."""
    from django.db import transaction

    with transaction.atomic(using=ALIAS):
        run()
        transaction.set_rollback(True, using=ALIAS)


class Attempt:
    """One model's row."""

    def __init__(self, model, connection):
        self.model, self.connection, self.options = model, connection, model._meta
        self.fields = own_fields(model)
        self.written = [field for field in self.fields if not getattr(field, "generated", False)]
        self.breaks = {}
        self.untried = []
        self.last = ""

    def run_at_once(self):
        """All that :meth:`run` tries, in a third of the round trips, for a model of which nothing fails.

        :raises Exception: when something does; then nothing of it is noted.
        """
        self.select(self.fields)
        row = self.row(True)
        self.put(row)
        here = self.rows().filter(pk=row.pk)
        list(here.values_list(*[field.attname for field in self.fields]))
        list(here.filter(**{name: value for lookup in self.lookups().values() for name, value in lookup.items()}).values_list("pk"))
        for values in ({field: self.value(field, True) for field in self.changeable()}, {field: None for field in self.changeable() if field.null}):
            if values:
                here._update([(field, None, value) for field, value in values.items()])
        here._raw_delete(ALIAS)

    def run(self):
        """Each statement by itself, so that what fails has a name."""
        if not self.attempt("select", lambda: self.select(self.fields)):
            if any(found["kind"] == "missing_table" for found in self.breaks.values()):
                return
            for field in self.fields:
                self.attempt("select", lambda field=field: self.select([field]), field)
        row = self.insert()
        if row is None:
            return
        here = self.rows().filter(pk=row.pk)
        self.attempt("select", lambda: list(here.values_list(*[field.attname for field in self.fields])))
        self.look_for(here)
        self.update(here, {field: self.value(field, True) for field in self.changeable()})
        self.update(here, {field: None for field in self.changeable() if field.null})
        self.attempt("delete", lambda: here._raw_delete(ALIAS))

    def rows(self):
        from django.db.models.query import QuerySet

        return QuerySet(self.model, using=ALIAS).order_by()

    def select(self, fields):
        return list(self.rows().values_list(*[field.attname for field in fields])[:1])

    def look_for(self, rows):
        """Compares columns with values, as a type may be another one that only takes them."""
        lookups = self.lookups()
        if self.attempt("select", lambda: list(rows.filter(**{name: value for each in lookups.values() for name, value in each.items()}).values_list("pk")), quiet=True):
            return
        for field, lookup in lookups.items():
            self.attempt("select", lambda lookup=lookup: list(rows.filter(**lookup).values_list("pk")), field)

    def lookups(self):
        return {field: {field.attname: self.value(field, False)} for field in self.changeable() if field.get_internal_type() in COMPARED}

    def changeable(self):
        return [field for field in self.written if not field.primary_key]

    def insert(self):
        """The row as it is now; None where none can be made."""
        for full in (True, False):
            row = self.row(full)
            if row is None:
                return None
            quiet = full and self.small_row_differs()
            if self.attempt("insert", lambda row=row: self.put(row), quiet=quiet):
                return row
            if quiet and self.last in ("missing_table", "missing_column", "not_null"):
                self.attempt("insert", lambda row=row: self.put(self.row(True)))
                return None
        return None

    def small_row_differs(self):
        return any(self.value(field, True) != self.value(field, False) for field in self.written)

    def value(self, field, full):
        return value_of(field, self.connection, full)

    def row(self, full):
        from django.db.models import NOT_PROVIDED, AutoField
        from django.db.models.base import ModelState

        row = self.model.__new__(self.model)
        row._state = ModelState()
        for field in self.written:
            try:
                made = getattr(field, "db_default", NOT_PROVIDED) is not NOT_PROVIDED
                row.__dict__[field.attname] = None if isinstance(field, AutoField) else field.get_default() if made else self.value(field, full)
            except Exception as error:
                self.untried.append("%s: no row could be made (%s)" % (self.options.label, short(error)))
                return None
        return row

    def put(self, row):
        from django.db.models import AutoField

        fields = [field for field in self.written if not isinstance(field, AutoField)]
        returning = [field for field in self.fields if isinstance(field, AutoField)]
        given = self.rows()._insert([row], fields=fields, returning_fields=returning, using=ALIAS, raw=True)
        for field, value in zip(returning, given[0] if given else ()):
            row.__dict__[field.attname] = value

    def update(self, rows, values):
        """All columns at once; one by one when that fails, to name each that does."""
        if not values or self.attempt("update", lambda: rows._update([(field, None, value) for field, value in values.items()]), quiet=len(values) > 1):
            return
        if len(values) > 1:
            for field, value in values.items():
                self.attempt("update", lambda field=field, value=value: rows._update([(field, None, value)]), field)

    def attempt(self, statement, run, field=None, quiet=False):
        """Runs a statement; one that fails is taken back, and noted unless *quiet*."""
        from django.db import DatabaseError, transaction

        try:
            with transaction.atomic(using=ALIAS):
                run()
            return True
        except DatabaseError as error:
            self.last = kind_of(error)
            if not quiet:
                self.note(statement, error, field)
        except Exception as error:
            self.last = "untried"
            if not quiet:
                self.untried.append("%s: %s was not tried (%s)" % (self.options.label, statement, short(error)))
        return False

    def note(self, statement, error, field):
        if self.last == "row":
            if statement != "insert":
                return
            self.untried.append("%s: a row that was made up for %s was refused (%s)" % (self.options.label, statement, short(error)))
            return
        column = field.column if field else column_in(error)
        if self.last == "missing_column" and not field and any(found["kind"] == "missing_column" for found in self.breaks.values()):
            for found in self.breaks.values():
                add(found["statements"], statement)
            return
        if self.last == "missing_column" and not field and statement == "select":
            return  # Each column is tried alone next.
        names = {one.column: one.name for one in self.fields}
        found = self.breaks.setdefault(column, {
            "model": self.options.label, "table": self.options.db_table, "column": column, "field": names.get(column), "kind": self.last, "error": short(error),
            "statements": [],
        })
        add(found["statements"], statement)


def add(found, one):
    if one not in found:
        found.append(one)


def kind_of(error):
    cause = error.__cause__ or error
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    code = cause.args[0] if cause.args and isinstance(cause.args[0], int) else None
    words = str(error)
    if state in ROW_STATES or code in ROW_CODES or ROW_WORDS.search(words):
        return "row"
    for kind, states, codes, pattern in KINDS:
        if state in states or code in codes or (state is None and code is None and pattern.search(words)):
            return kind
    return "other"


def column_in(error):
    """The column that a database names."""
    named = getattr(getattr(error.__cause__, "diag", None), "column_name", None)
    if named:
        return named
    for pattern in COLUMNS:
        found = pattern.search(str(error))
        if found:
            return found.group(1)
    return None


def short(error):
    """What a database says, without the row and the statement that it shows."""
    told = re.split(r"\n(?:DETAIL|LINE \d+|HINT):?", str(error))[0]
    return (" ".join(told.split()) or type(error).__name__)[:LONGEST]
