"""Which way a restore takes on a PostgreSQL server, and what it refuses before anything is made."""
from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.database import kinds, schema_replacement
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.postgresql import Database
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

FOUND = {"may": True, "owner": "pg_database_owner", "role": "shop", "extensions": [], "grants": []}


@pytest.fixture
def database(monkeypatch):
    def refuse(database):
        raise CommandFailed("have an administrator run: ALTER ROLE")

    monkeypatch.setitem(kinds.KINDS, "postgresql", (Database, refuse))
    made = Database({"dbname": "shop"}, None)
    made.found = [FOUND]
    made.rows = lambda query: made.found
    return made


def test_where_no_database_may_be_made_it_is_a_schema(database):
    replacement = kinds.replacement_of(database)
    assert isinstance(replacement, schema_replacement.SchemaReplacement) and replacement.seen_as == {"database_schema": "public_restore"}


@pytest.mark.parametrize("found, why", [
    ([], "may not make a schema"), ([{**FOUND, "may": False}], "may not make a schema"), ([{**FOUND, "extensions": ["citext"]}], "has the extensions citext"),
])
def test_where_neither_may_be_made_the_error_has_the_administrators_line(database, found, why):
    database.found = found
    with pytest.raises(CommandFailed, match=r"%s.*\. have an administrator run: ALTER ROLE" % why):
        kinds.replacement_of(database)


def test_a_dump_of_several_schemas_is_refused_before_anything_is_loaded(database, tmp_path):
    database.contents = lambda path: ["; a comment", "5; 2615 2200 SCHEMA - public pg_database_owner", "6; 2615 16400 SCHEMA - other shop", "7; 1259 16401 TABLE other x shop"]
    with pytest.raises(CommandFailed, match="the dump has the schemas other besides public"):
        kinds.replacement_of(database).load(str(tmp_path / "none"))


def test_rows_are_counted_where_they_were_loaded(database, monkeypatch):
    asked = []
    monkeypatch.setattr(Database, "counts", lambda self, tables: asked.append(tables) or {tables[0]: 3})
    scratch = kinds.replacement_of(database).scratch
    assert scratch.counts(['public."Odd name"', "public.child"]) == {'public."Odd name"': 3} and asked == [['"public_restore"."Odd name"', '"public_restore".child']]
