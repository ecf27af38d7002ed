# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What planned migrations do to tables and columns, with the place in the code and the safe way to do the same.

Runs in the release's virtual environment, beside driver: the standard library and Django alone.
"""
from __future__ import annotations

import ast
import sys

from ansible_collections.django_ansible.deploy.plugins.module_utils.django import safer

# What a function of RunPython uses when it changes the schema itself.
SCHEMA_NAMES = {
    "execute", "cursor", "create_model", "delete_model", "add_field", "alter_field", "remove_field", "alter_db_table", "add_index", "remove_index",
    "add_constraint", "remove_constraint", "deferred_sql", "connection", "connections",
}
# Changes of a column's type in which every value of before fits.
WIDER = {
    ("SmallIntegerField", "IntegerField"), ("SmallIntegerField", "BigIntegerField"), ("IntegerField", "BigIntegerField"),
    ("PositiveSmallIntegerField", "PositiveIntegerField"), ("PositiveSmallIntegerField", "PositiveBigIntegerField"),
    ("PositiveIntegerField", "PositiveBigIntegerField"), ("AutoField", "BigAutoField"), ("SmallAutoField", "BigAutoField"), ("SmallAutoField", "AutoField"),
    ("PositiveSmallIntegerField", "IntegerField"), ("PositiveSmallIntegerField", "BigIntegerField"), ("PositiveIntegerField", "BigIntegerField"),
}
TEXTS = {"CharField", "TextField", "SlugField", "EmailField", "URLField", "FileField", "FilePathField"}


def operations_of(executor, plan, release_dir):
    """An entry for each operation that may change the schema, in order.

    ``gone`` has pairs of table and column that vanish, the column None for the whole table, ``made`` those that come; ``required`` those that a row has to have afterwards;
    ``retyped`` those whose type changes in which old values need not fit. ``opaque`` is true for what Django cannot tell of. ``later`` is whether it may run once nothing uses any more
    what it takes away: it only takes away, or its migration says C(contracting = True).
    """
    state = executor._create_project_state(with_applied_migrations=True)
    entries = []
    for migration, _ in plan:
        places = Places(migration)
        for index, operation in enumerate(migration.operations):
            # A copy of the state, as what changes the database need not be what changes the state.
            for part, before in parts_of(operation, migration.app_label, state):
                entry = entry_of(part, migration.app_label, before)
                if entry:
                    later = isinstance(part, takes_away()) or bool(getattr(migration, "contracting", False))
                    entries.append({
                        "later": later, "migration": "%s.%s" % (migration.app_label, migration.name), "kind": type(part).__name__, "does": part.describe(),
                        "gone": [], "made": [], "required": [], "retyped": [], "tables": [], "advice": "", "opaque": False, **entry, **places.of(index, release_dir),
                    })
            operation.state_forwards(migration.app_label, state)
    return entries


def takes_away():
    from django.db import migrations

    return migrations.RemoveField, migrations.DeleteModel


def parts_of(operation, app_label, state):
    """The operations that run against the database, each with the state before it."""
    from django.db.migrations.operations import SeparateDatabaseAndState

    if not isinstance(operation, SeparateDatabaseAndState):
        yield operation, state
        return
    own = state.clone()
    for part in operation.database_operations:
        yield from parts_of(part, app_label, own)
        part.state_forwards(app_label, own)


def entry_of(operation, app, before):
    from django.db import migrations

    for kind, tell in (
        (migrations.RemoveField, removed_field), (migrations.AddField, added_field), (migrations.RenameField, renamed_field),
        (migrations.AlterField, altered_field), (migrations.DeleteModel, deleted_model), (migrations.RenameModel, renamed_model),
        (migrations.AlterModelTable, renamed_table), (migrations.RunPython, ran_python),
    ):
        if isinstance(operation, kind):
            return tell(operation, app, before)
    if isinstance(operation, migrations.RunSQL) or not type(operation).__module__.startswith(("django.db.migrations.", "django.contrib.")):
        return {"opaque": True}
    return None


def fields_of(before, app, model):
    return dict(before.models[app, model.lower()].fields)


def table_of(before, app, model):
    from django.db import connection
    from django.db.backends.utils import truncate_name

    state = before.models[app, model.lower()]
    return state.options.get("db_table") or truncate_name("%s_%s" % (app, state.name_lower), connection.ops.max_name_length())


def column_of(name, field):
    """The column of a field of a state; None for what has none, such as a many-to-many field."""
    if field.many_to_many or getattr(field, "db_type", None) is None or type(field).__name__ in ("GenericForeignKey", "GenericRelation"):
        return None
    return field.db_column or (name + "_id" if field.is_relation else name)


def through_of(before, app, model, name, field):
    """The table of a many-to-many field that Django made."""
    if getattr(field.remote_field, "through", None):
        return None
    return field.db_table or "%s_%s" % (table_of(before, app, model), name)


def is_required(field):
    from django.db.models import NOT_PROVIDED

    made = getattr(field, "generated", False) or field.get_internal_type() in ("AutoField", "BigAutoField", "SmallAutoField")
    return not field.null and not made and getattr(field, "db_default", NOT_PROVIDED) is NOT_PROVIDED


def removed_field(operation, app, before):
    field = fields_of(before, app, operation.model_name)[operation.name]
    table, column = table_of(before, app, operation.model_name), column_of(operation.name, field)
    if field.many_to_many:
        through = through_of(before, app, operation.model_name, operation.name, field)
        return {"gone": [(through, None)], "tables": [through], "advice": safer.drop_relation(operation, through)} if through else None
    if not column:
        return None
    return {"gone": [(table, column)], "tables": [table], "advice": safer.remove_field(operation, field, table, column, is_required(field))}


def added_field(operation, app, before):
    column, table = column_of(operation.name, operation.field), table_of(before, app, operation.model_name)
    required = [(table, column)] if column and is_required(operation.field) else []
    made = [(table, column)] if column else []
    return {"made": made, "required": required, "tables": [table], "advice": safer.add_field(operation) if required else ""}


def renamed_field(operation, app, before):
    field = fields_of(before, app, operation.model_name)[operation.old_name]
    table, old = table_of(before, app, operation.model_name), column_of(operation.old_name, field)
    if field.many_to_many:
        through = through_of(before, app, operation.model_name, operation.old_name, field)
        return {"gone": [(through, None)], "tables": [through], "advice": safer.rename_relation(operation, through)} if through else None
    new = column_of(operation.new_name, field)
    if not old or old == new:
        return None
    required = [(table, new)] if is_required(field) else []
    return {"gone": [(table, old)], "made": [(table, new)], "required": required, "tables": [table], "advice": safer.rename_field(operation, field, old)}


def altered_field(operation, app, before):
    field = fields_of(before, app, operation.model_name)[operation.name]
    table = table_of(before, app, operation.model_name)
    old, new = column_of(operation.name, field), column_of(operation.name, operation.field)
    if not old or not new:
        return {"opaque": True, "tables": [table]} if old != new else None
    if old != new:
        return {"gone": [(table, old)], "tables": [table], "advice": safer.rename_column(operation, old)}
    if field.null and not operation.field.null:
        return {"required": [(table, new)], "tables": [table], "advice": safer.require_field(operation)}
    if not is_required(field) and is_required(operation.field):
        return {"required": [(table, new)], "tables": [table], "advice": safer.drop_default(operation)}
    if narrows(field, operation.field):
        return {"retyped": [(table, new)], "tables": [table], "advice": safer.retype_field(operation)}
    return {"tables": [table]}


def narrows(old, new):
    """Whether values of the old column need not fit into the new one."""
    kinds = (old.get_internal_type(), new.get_internal_type())
    if kinds[0] in TEXTS and kinds[1] in TEXTS:
        lengths = [field.max_length if kind != "TextField" else None for field, kind in zip((old, new), kinds)]
        return lengths[1] is not None and (lengths[0] is None or lengths[1] < lengths[0])
    if kinds[0] != kinds[1]:
        return kinds not in WIDER
    if kinds[0] == "DecimalField":
        return (new.max_digits or 0) - (new.decimal_places or 0) < (old.max_digits or 0) - (old.decimal_places or 0)
    return False


def deleted_model(operation, app, before):
    state = before.models[app, operation.name.lower()]
    if not state.options.get("managed", True) or state.options.get("proxy"):
        return None
    table = table_of(before, app, operation.name)
    return {"gone": [(table, None)], "tables": [table], "advice": safer.delete_model(operation, table)}


def renamed_model(operation, app, before):
    state = before.models[app, operation.old_name.lower()]
    table = table_of(before, app, operation.old_name)
    if state.options.get("db_table") or state.options.get("proxy"):
        return None
    return {"gone": [(table, None)], "tables": [table], "advice": safer.rename_model(operation, table)}


def renamed_table(operation, app, before):
    table = table_of(before, app, operation.name)
    if table == operation.table:
        return None
    return {"gone": [(table, None)], "tables": [table], "advice": safer.rename_table(operation, table)}


def ran_python(operation, app, before):
    return {"opaque": True} if changes_schema(operation.code) else None


def changes_schema(function):
    """Whether a function of RunPython, or one of its module that it calls, seems to change the schema itself."""
    looked, waiting = set(), [function]
    while waiting:
        one = waiting.pop()
        code = getattr(one, "__code__", None)
        if code is None or code in looked:
            continue
        looked.add(code)
        names = set(names_of(code))
        if names & SCHEMA_NAMES:
            return True
        waiting += [one.__globals__[name] for name in names if callable(one.__globals__.get(name)) and one.__globals__[name] is not one]
    return False


def names_of(code):
    yield from code.co_names
    for constant in code.co_consts:
        if hasattr(constant, "co_names"):
            yield from names_of(constant)


class Places:
    """Where the operations of a migration are written."""

    def __init__(self, migration):
        self.file = getattr(sys.modules.get(type(migration).__module__), "__file__", None) or ""
        self.lines = []
        try:
            with open(self.file, encoding="utf-8") as file:
                tree = ast.parse(file.read())
        except (OSError, SyntaxError, ValueError):
            return
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.List) and any(getattr(target, "id", "") == "operations" for target in node.targets):
                self.lines = [element.lineno for element in node.value.elts]

    def of(self, index, release_dir):
        """File and line of an operation of the release itself; what a package brings is in no repository of the user's, and *foreign*."""
        if "/site-packages/" in self.file or "/dist-packages/" in self.file:
            return {"foreign": True}
        if not release_dir or not self.file.startswith(release_dir + "/"):
            return {}
        return {"file": self.file, "line": self.lines[index] if index < len(self.lines) else 1}
