# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""How a change of the schema is made in steps that the release before survives: the code to write, with the project's own names.

Runs in the release's virtual environment, beside driver: the standard library and Django alone.
"""
from __future__ import annotations


def code_of(field, **changes):
    """A field as a migration has it, with other options."""
    from django.db.migrations.writer import MigrationWriter

    try:
        _, _, arguments, options = field.deconstruct()
        clone = field.__class__(*arguments, **{**options, **changes})
        return MigrationWriter.serialize(clone)[0]
    except Exception:
        return "models.%s(..., %s)" % (type(field).__name__, ", ".join("%s=%r" % pair for pair in changes.items()))


def in_state(*operations):
    return "migrations.SeparateDatabaseAndState(state_operations=[%s])" % ", ".join(operations)


def quoted(name):
    from django.db import connection

    return connection.ops.quote_name(name)


def two(first, second):
    return "Do it in two deploys. First: %s. When that is deployed everywhere: %s." % (first, second)


def remove_field(operation, field, table, column, required):
    model, name = operation.model_name, operation.name
    gone = in_state('migrations.RemoveField("%s", "%s")' % (model, name))
    nullable = 'migrations.AlterField("%s", "%s", %s), ' % (model, name, code_of(field, null=True)) if required else ""
    return two(
        "take the field out of the code and keep its column, operations = [%s%s]" % (nullable, gone),
        "drop the column, operations = [migrations.RunSQL('ALTER TABLE %s DROP COLUMN %s')]" % (quoted(table), quoted(column)),
    )


def add_field(operation):
    from django.db.models import NOT_PROVIDED, Field

    model, name, field = operation.model_name, operation.name, operation.field
    default = field.default if field.default is not NOT_PROVIDED and not callable(field.default) else "" if field.empty_strings_allowed else None
    if hasattr(Field, "has_db_default") or hasattr(Field, "db_default") or "db_default" in Field.__init__.__code__.co_varnames:
        if default is not None and not field.is_relation and not field.unique:
            return "Give the column a default that the database knows: migrations.AddField(\"%s\", \"%s\", %s)." % (model, name, code_of(field, db_default=default))
    return two(
        'add it so that it may be empty, migrations.AddField("%s", "%s", %s)' % (model, name, code_of(field, null=True)),
        'fill the rows and require it, migrations.AlterField("%s", "%s", %s)' % (model, name, code_of(field)),
    )


def rename_field(operation, field, column):
    model, old, new = operation.model_name, operation.old_name, operation.new_name
    kept = '%s = %s' % (new, code_of(field, db_column=column))
    return (
        "Rename it in the code alone and keep the column: %s in the model, and in the migration %s."
        % (kept, in_state('migrations.RenameField("%s", "%s", "%s")' % (model, old, new), 'migrations.AlterField("%s", "%s", %s)' % (model, new, code_of(field, db_column=column))))
    )


def rename_column(operation, column):
    return two(
        "add a field for the new column beside %s, and have the code write both" % operation.name,
        "have the code read the new one, and take column %s away as for any field that is removed" % column,
    )


def require_field(operation):
    return two(
        "have the code always write %s.%s, and leave the column as it is" % (operation.model_name, operation.name),
        'fill the rows that lack it and require it, migrations.AlterField("%s", "%s", %s)' % (operation.model_name, operation.name, code_of(operation.field)),
    )


def drop_default(operation):
    return two(
        "have the code write %s.%s itself, and leave the database's default" % (operation.model_name, operation.name),
        'drop the default, migrations.AlterField("%s", "%s", %s)' % (operation.model_name, operation.name, code_of(operation.field)),
    )


def retype_field(operation):
    model, name = operation.model_name, operation.name
    return two(
        'add a field beside it, migrations.AddField("%s", "%s_new", %s), have the code write both, and copy the rows' % (model, name, code_of(operation.field, null=True)),
        "have the code use %s_new alone, and take %s away as for any field that is removed" % (name, name),
    )


def delete_model(operation, table):
    return two(
        "take the model out of the code and keep its table, operations = [%s]" % in_state('migrations.DeleteModel("%s")' % operation.name),
        "drop the table, operations = [migrations.RunSQL('DROP TABLE %s')]" % quoted(table),
    )


def rename_model(operation, table):
    old, new = operation.old_name, operation.new_name
    return 'Rename it in the code alone and keep the table: db_table = "%s" in the Meta of %s, and in the migration %s.' % (
        table, new, in_state('migrations.RenameModel("%s", "%s")' % (old, new), 'migrations.AlterModelTable("%s", "%s")' % (new.lower(), table))
    )


def rename_table(operation, table):
    return 'Keep the table: db_table = "%s" in the Meta of %s.' % (table, operation.name)


def drop_relation(operation, table):
    model, name = operation.model_name, operation.name
    return two(
        "take the field out of the code and keep its table, operations = [%s]" % in_state('migrations.RemoveField("%s", "%s")' % (model, name)),
        "drop the table, operations = [migrations.RunSQL('DROP TABLE %s')]" % quoted(table),
    )


def rename_relation(operation, table):
    return 'Keep the table: db_table="%s" in the field %s, and in the migration %s.' % (
        table, operation.new_name, in_state('migrations.RenameField("%s", "%s", "%s")' % (operation.model_name, operation.old_name, operation.new_name))
    )
