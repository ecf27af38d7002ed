"""A role makes databases for an application for a while. What it was tried with on a server: __tests__/e2e/database-apart.full.test.ts."""
from __future__ import annotations

import re

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import postgresql, postgresql_maker
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.postgresql import allow, maker_name


def test_the_applications_role_never_gets_the_right():
    given = postgresql_maker.giving("shop", "keeper", "of-the-run", 3600)
    assert "ALTER ROLE \"%s\" LOGIN CREATEDB PASSWORD %%L VALID UNTIL %%L" % maker_name("shop") in given
    assert given.count("CREATEDB") == 1 and "interval '3600 seconds'" in given


def test_the_password_is_the_runs_and_not_the_applications():
    given = postgresql_maker.giving("shop", "keeper", "of-the-run", 3600)
    kept = re.search(r"'(SCRAM-SHA-256\$[^']+)'", given).group(1)
    assert postgresql.is_of(kept, "of-the-run") and "of-the-run" not in given and "pg_authid" not in given


def test_it_is_taken_before_the_role_goes():
    taken = postgresql_maker.taking("shop")
    assert taken.index("NOLOGIN NOCREATEDB") < taken.index("pg_terminate_backend") < taken.index("DROP ROLE")


def test_names_end_no_text():
    given = postgresql_maker.giving("it's", "o'k", "p", 60)
    assert "datname = 'it''s'" in given and "rolname = 'o''k'" in given


def let_in(monkeypatch, tmp_path, known, database="shop"):
    file, did = tmp_path / "pg_hba.conf", []
    file.write_text(known)
    monkeypatch.setattr(postgresql_maker, "run", lambda argv: "15 main 5432 online postgres x y\n")
    monkeypatch.setattr(postgresql, "access_file", lambda port, listing: str(file))
    monkeypatch.setattr(postgresql_maker.systemd, "systemctl", lambda *words: did.append(" ".join(words)))
    monkeypatch.setattr(postgresql_maker.ManagedFile, "write", lambda self: file.write_bytes(self.content))
    return postgresql_maker.let_in("shop", database, 5432), did, file.read_text()


def test_a_server_of_a_version_before_lets_it_in_once_it_is_asked_to(monkeypatch, tmp_path):
    now = allow(allow("local all postgres peer\n", "other", "other", ["other"], ["10.0.0.9/32"]), "shop", "shop", ["shop", "second"], ["10.0.0.1/32", "fd00::1/128"])
    # As a version before left it: without the role.
    then = "".join(line for line in now.splitlines(keepends=True) if maker_name("shop") not in line)
    assert then != now
    assert let_in(monkeypatch, tmp_path, then) == (True, ["reload postgresql@15-main.service"], now)
    assert let_in(monkeypatch, tmp_path, now) == (False, [], now)


def test_what_no_deploy_has_made_stays_as_it_is(monkeypatch, tmp_path):
    assert let_in(monkeypatch, tmp_path, "local all postgres peer\n") == (False, [], "local all postgres peer\n")
    other = allow("", "shop", "another", ["shop"], ["10.0.0.1/32"]).replace(maker_name("another"), "x")
    assert let_in(monkeypatch, tmp_path, other) == (False, [], other)
