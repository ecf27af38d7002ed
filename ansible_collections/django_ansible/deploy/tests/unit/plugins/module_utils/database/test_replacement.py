"""What a restore writes into SQL of what the application's role has set: it can end no statement."""
from __future__ import annotations

import json
import types

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.database import clients
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.postgresql import Database
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.replacement import ABOUT, PROOF, PUBLIC, Replacement, elements, variable
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed


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


@pytest.mark.parametrize("client", [clients.Administrator(), clients.Maker("of the run")])
def test_who_may_more_than_the_application_looks_in_no_schema_of_it(monkeypatch, client):
    seen = []
    monkeypatch.setattr(clients.HostClient, "run", lambda self, argv, variables, **streams: seen.append(variables))
    client.run(["psql"], {"PGDATABASE": "shop", "PGOPTIONS": "-c search_path=trap"})
    assert seen == [{"PGDATABASE": "shop", "PGOPTIONS": "-c search_path=pg_catalog"}]


ABOUT_SHOP = {
    "encoding": "UTF8", "collate": "C", "ctype": "C", "owner": "shop", "limit": -1, "granted": False, "catalog": {}, "oid": "16384", "started": "2026-01-02",
    "creates": False, "public": "pg_database_owner", "version": 150000, "grants": [], "settings": [], "extensions": [],
}
TRAPS = {
    "owner": "postgres",
    "public": "postgres",
    "grants": [{"to": "", "what": "CONNECT ON DATABASE shop TO shop; ALTER ROLE shop SUPERUSER; GRANT CONNECT", "option": False}],
    "settings": [{"role": "", "set": ["session_preload_libraries=/opt/shop/static/trap.so"]}],
}


@pytest.mark.parametrize("trap", sorted(TRAPS))
def test_the_administrator_writes_nothing_that_only_the_applications_session_says(monkeypatch, trap):
    """Its role may have functions of its own in the place of the server's, which answer whatever it likes."""
    asked = []

    def run(self, argv, variables, stdin="", **streams):
        is_administrator = self.sandbox.user == "postgres"
        found = [{}] if PROOF in stdin else []
        if ABOUT in stdin:
            found = [{**ABOUT_SHOP, "super": True, "role": "postgres"} if is_administrator else {**ABOUT_SHOP, "super": False, "role": "shop", trap: TRAPS[trap]}]
        elif is_administrator:
            asked.append(stdin)
        return types.SimpleNamespace(returncode=0, stdout="pg_database_owner" if stdin == PUBLIC else json.dumps(found), stderr="")

    monkeypatch.setattr(clients.HostClient, "run", run)
    replacement = Replacement(Database({"dbname": "shop", "port": "5432", "user": "shop"}, clients.HostClient(clients.Sandbox("shop", "shop", ""))))
    replacement.make()
    written = "\n".join(asked)
    assert 'CREATE DATABASE "shop_restore" OWNER "shop"' in written
    assert not any(word in written for word in ("SUPERUSER", "trap.so", "OWNER TO", '"postgres"'))
    assert replacement.about["role"] == "shop"
    assert replacement.about["super"] is False


@pytest.fixture
def server(monkeypatch):
    """One whose roles' settings are what was written there, and what somebody else who listens under its number has been asked."""
    made = types.SimpleNamespace(settings={}, stranger=[], is_real=True, before=[])

    def run(self, argv, variables, stdin="", **streams):
        found = []
        if ABOUT in stdin:
            role = "postgres" if self.sandbox.user == "postgres" else "shop"
            found = [{**ABOUT_SHOP, "super": role == "postgres", "role": role, "settings": made.before}]
        elif self.sandbox.user == "postgres":
            found = [{}] if any("'%s'" % value in stdin for value in made.settings.values()) else []
        elif not made.is_real:
            made.stranger.append(stdin)
        elif " RESET " in stdin:
            made.settings.clear()
        else:
            value = stdin.partition(" SET ")[2].replace(" TO ", "=")
            made.settings = {PROOF: value}
        return types.SimpleNamespace(returncode=0, stdout=json.dumps(found), stderr="")

    monkeypatch.setattr(clients.HostClient, "run", run)
    return made


def replacement_of(parameters):
    return Replacement(Database({"dbname": "shop", "port": "5432", "user": "shop", **parameters}, clients.HostClient(clients.Sandbox("shop", "shop", ""))))


def test_the_administrator_helps_whom_its_own_server_knows(server):
    assert replacement_of({"host": "localhost"}).maker.client.sandbox.user == "postgres"
    assert server.settings == {}, "nothing is left"


def test_it_helps_nobody_who_only_listens_under_the_servers_number(server):
    server.is_real = False
    with pytest.raises(CommandFailed, match="the role shop may not create a database"):
        replacement_of({"host": "localhost"})
    assert len(server.stranger) == 2


def test_what_the_role_had_set_itself_is_put_back(server):
    server.before = [{"role": "shop", "set": ["work_mem=4MB", PROOF + "=0.5"]}, {"role": "", "set": [PROOF + "=0.1"]}]
    replacement_of({"host": "localhost"})
    assert server.settings == {PROOF: PROOF + "=0.5"}


CONTENTS = [
    "1; 3079 16385 EXTENSION - postgis ", "2; 0 0 COMMENT - EXTENSION postgis ", "3; 1259 17000 TABLE public shop_place shop",
    "4; 0 17000 TABLE DATA public shop_place shop", "5; 0 16400 TABLE DATA public spatial_ref_sys postgres", "6; 0 16500 SEQUENCE SET topology topology_id_seq postgres",
]


def test_what_an_extension_owns_is_loaded_by_who_made_the_extension(server, monkeypatch, tmp_path):
    (tmp_path / "dump").write_bytes(b"")
    replacement = replacement_of({"host": "localhost"})
    of_extensions = [
        {"entry": "TABLE DATA public spatial_ref_sys ", "relation": "public.spatial_ref_sys"},
        {"entry": "SEQUENCE SET topology topology_id_seq ", "relation": "topology.topology_id_seq"},
    ]
    done = []
    monkeypatch.setattr(Database, "contents", lambda self, path: CONTENTS)
    monkeypatch.setattr(Database, "rows", lambda self, query, database="": {"shop": [{"extname": "postgis"}], "postgres": of_extensions}[self.client.sandbox.user] if "extowner" in query else [])
    monkeypatch.setattr(Database, "ask", lambda self, script, database="": "")
    monkeypatch.setattr(Database, "contained", lambda self, path, line: "%s has %s" % (self.client.sandbox.user, line.split(";")[0]))
    monkeypatch.setattr(Database, "take_over", lambda self, relation, contained: done.append((self.client.sandbox.user, self.name, relation, contained)))
    monkeypatch.setattr(Database, "load", lambda self, path, lines, owners: done.append((self.client.sandbox.user, self.name, [line.split(";")[0] for line in lines])))
    replacement.load(str(tmp_path / "dump"))
    assert done == [
        ("postgres", "shop_restore", "public.spatial_ref_sys", "shop has 5"),
        ("postgres", "shop_restore", "topology.topology_id_seq", "shop has 6"),
        ("shop", "shop_restore", ["3", "4"]),
    ]
