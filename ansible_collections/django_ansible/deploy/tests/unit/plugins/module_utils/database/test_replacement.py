"""What a restore writes into SQL of what the application's role has set: it can end no statement."""
from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.database import clients
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.replacement import elements, variable


@pytest.mark.parametrize(
    "value, written",
    [
        ("public", "'public'"),
        ('"$user", public', "'$user', 'public'"),
        ("Shop, pg_catalog", "'shop', 'pg_catalog'"),
        ('"Two Words","with "" inside"', "'Two Words', 'with \" inside'"),
        ('""', "''"),
        ("", "''"),
        ("public;alter/**/role/**/shop/**/superuser", "'public;alter/**/role/**/shop/**/superuser'"),
        ("\"it's\"", "'it''s'"),
    ],
)
def test_a_list_of_names_becomes_texts(value, written):
    assert elements(value) == written


def test_the_name_of_a_setting_is_quoted():
    assert variable("search_path") == '"search_path"'
    assert variable('shop.x" to 1; --') == '"shop"."x"" to 1; --"'


def test_the_administrator_looks_in_no_schema_of_the_application(monkeypatch):
    seen = []
    monkeypatch.setattr(clients.HostClient, "run", lambda self, argv, variables, **streams: seen.append(variables))
    clients.Administrator().run(["psql"], {"PGDATABASE": "shop", "PGOPTIONS": "-c search_path=trap"})
    assert seen == [{"PGDATABASE": "shop", "PGOPTIONS": "-c search_path=pg_catalog"}]
