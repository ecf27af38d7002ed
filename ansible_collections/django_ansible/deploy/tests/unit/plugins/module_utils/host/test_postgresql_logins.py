"""A second role takes the place of the one that owns the database."""
from __future__ import annotations

import re

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import postgresql, postgresql_logins


def test_the_owner_is_a_plain_role():
    assert re.fullmatch(r"CREATE ROLE \"shop\" LOGIN PASSWORD 'SCRAM-SHA-256\$4096:[^']+'", postgresql_logins.creation("shop", "p@ss", "shop"))


def test_another_one_acts_as_the_owner_or_is_not_made():
    script = postgresql_logins.creation('se"cond', "p@ss", "sh'op")
    assert re.fullmatch(
        r"""BEGIN; CREATE ROLE "se""cond" LOGIN PASSWORD 'SCRAM-SHA-256[^']+' IN ROLE "sh'op"; ALTER ROLE "se""cond" SET role = 'sh''op'; COMMIT""", script
    )
    assert "p@ss" not in script


def test_a_password_that_was_to_end_holds_for_good_again():
    assert postgresql_logins.opening("shop", "p@ss").endswith(" VALID UNTIL 'infinity'")


def test_passwords_end_by_the_servers_own_clock(monkeypatch):
    asked = []

    def psql(script, port):
        asked.append(script)
        return "2026-01-02 03:04:05+00" if script.startswith("SELECT now()") else "second"

    monkeypatch.setattr(postgresql, "psql", psql)
    assert postgresql_logins.that_hold([], 5432) == []
    assert asked == []
    assert postgresql_logins.that_hold(["second", "it's"], 5432) == ["second"]
    assert asked.pop().endswith("AND rolname IN ('second', 'it''s') ORDER BY rolname")
    postgresql_logins.end(["second"], 90, 5432)
    assert asked == ["SELECT now() + interval '90 seconds'", "ALTER ROLE \"second\" VALID UNTIL '2026-01-02 03:04:05+00'"]
