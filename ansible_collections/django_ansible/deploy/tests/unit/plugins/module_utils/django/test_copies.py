"""Where the server lets the application's role into copies of certain names alone, the first that is free is taken."""
from __future__ import annotations

import subprocess

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.django import copies
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.copies import Maker, copy_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import postgresql
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

NAMES = postgresql.copy_names("shop")
PLAN = {"copy": {"vendor": "postgresql", "applied": []}, "database": {"vendor": "postgresql", "version": 15, "parameters": {"dbname": "shop", "user": "shop", "host": "db"}}}


class Client:
    """A server that has some databases already, see database/clients.py."""

    def __init__(self, *there, fails="", maker=None):
        self.there, self.fails, self.maker, self.did = list(there), fails, maker, {}

    def need(self, *given):
        pass

    def run(self, argv, variables, **streams):
        script, name = argv[-1], variables["COPY"]
        self.did.update({word: (variables["PGUSER"], variables.get("PGPASSWORD")) for word in ("CREATE", "pg_dump") if word in script})
        if "CREATE DATABASE" in script:
            if name in self.there:
                return subprocess.CompletedProcess(argv, 3, "", 'ERROR:  database "%s" already exists' % name)
            self.there.append(name)
        if script == copies.DROP:
            self.there.remove(name)
        if "pg_dump" in script and self.fails:
            return subprocess.CompletedProcess(argv, 1, "", self.fails)
        return subprocess.CompletedProcess(argv, 0, "whole\n", "")


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(copies, "meanwhile", lambda discard: discard())


def test_the_first_name_that_is_free_is_taken_and_given_back():
    client = Client(NAMES[0])
    with copy_of(PLAN, None, client, "", Maker(named=True)) as copy:
        assert copy["name"] == NAMES[1] and client.there == NAMES[:2]
    assert client.there == NAMES[:1]


def test_the_role_that_may_makes_it_for_the_application():
    maker = Client()
    maker.password = "of the run"
    client = Client(maker=maker)
    parameters = {**PLAN["database"]["parameters"], "password": "p"}
    with copy_of({**PLAN, "database": {**PLAN["database"], "parameters": parameters}}, None, client, "", Maker(named=True)):
        assert maker.did == {"CREATE": ("django_maker_" + NAMES[0].split("_")[2], "of the run")}
        assert client.did == {"pg_dump": ("shop", "p")}
        client.there = maker.there
    assert client.there == []


def test_none_is_taken_from_another_deploy():
    client = Client(*NAMES)
    with pytest.raises(CommandFailed, match="4 other copies are in use"), copy_of(PLAN, None, client, "", Maker(named=True)):
        pass
    assert client.there == NAMES


def test_one_that_cannot_be_filled_is_given_back():
    client = Client(NAMES[0], fails="pg_dump: error: no")
    with pytest.raises(CommandFailed, match="pg_dump: error: no"), copy_of(PLAN, None, client, "", Maker(named=True)):
        pass
    assert client.there == NAMES[:1]


def test_elsewhere_a_name_says_when_it_was_made():
    with copy_of(PLAN, None, Client(), "") as copy:
        assert copy["name"] not in NAMES and copy["name"].startswith("django_proof_1")


def test_what_psql_reads_is_what_is_meant():
    """The script goes through a shell's here-document."""
    script = copies.creation(copies.clear_named(["a"]), copies.SAY_WHEN).replace("psql -XAtq", "cat")
    read = subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True, env={"COPY": "django_proof_x_1"}).stdout
    assert read.count(" \\gexec\n") == 3 and "\\set ON_ERROR_STOP 1\n" in read
    assert "'^made ([0-9]{10})'" in read and "CREATE DATABASE django_proof_x_1 OWNER %I TEMPLATE template0 ENCODING %L" in read and "COMMENT ON DATABASE django_proof_x_1 IS %L" in read
