"""A role makes databases for an application for a while. What it was tried with on a server: __tests__/e2e/fleet-proof.full.test.ts."""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.filter.database_right import database_right
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.postgresql import maker_name


def test_the_applications_role_never_gets_the_right():
    given = database_right("shop", "keeper", 3600)
    assert "ALTER ROLE \"%s\" LOGIN CREATEDB PASSWORD %%L VALID UNTIL %%L" % maker_name("shop") in given
    assert given.count("CREATEDB") == 1 and "interval '3600 seconds'" in given


def test_it_is_taken_before_the_role_goes():
    taken = database_right("shop", "keeper", 0)
    assert taken.index("NOLOGIN NOCREATEDB") < taken.index("pg_terminate_backend") < taken.index("DROP ROLE")


def test_names_end_no_text():
    given = database_right("it's", "o'k", 60)
    assert "datname = 'it''s'" in given and "rolname = 'o''k'" in given
