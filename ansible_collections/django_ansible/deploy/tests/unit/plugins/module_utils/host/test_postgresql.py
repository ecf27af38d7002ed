from __future__ import annotations

import base64
import types

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.django import scratch
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import postgresql
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

MIB, GIB = 1 << 20, 1 << 30


def test_a_password_is_kept_as_the_standard_says():
    # The example of RFC 7677, whose salted password PostgreSQL keeps in the form of RFC 5803.
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    kept = postgresql.scram("pencil", salt, 4096)
    assert kept == "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="


def test_a_password_is_known_by_what_is_kept_of_it():
    assert postgresql.is_of(postgresql.scram("p@ss"), "p@ss")
    assert not postgresql.is_of(postgresql.scram("p@ss"), "other")
    assert not postgresql.is_of("md5abc", "p@ss")
    assert not postgresql.is_of("none", "p@ss")


@pytest.mark.parametrize(("text", "expected"), [("a", "'a'"), ("it's", "'it''s'"), ("a\\'b", " E'a\\\\''b'")])
def test_literals_are_quoted(text, expected):
    assert postgresql.literal(text) == expected


def settings(*arguments, known=None):
    return postgresql.sane_settings(*arguments, known or {})


def test_settings_follow_the_memory():
    assert settings(8 * GIB, True, True, {}) == {
        "effective_cache_size": "4096MB", "listen_addresses": "*", "maintenance_work_mem": "512MB", "password_encryption": "scram-sha-256",
        "random_page_cost": "1.1", "shared_buffers": "2048MB", "work_mem": "32MB",
    }
    assert settings(8 * GIB, False, False, {})["shared_buffers"] == "1024MB"
    assert settings(GIB // 4, False, False, {})["shared_buffers"] == "32MB"
    assert settings(256 * GIB, True, True, {})["shared_buffers"] == "8192MB"
    assert settings(8 * GIB, True, False, {"shared_buffers": "1GB", "log_line_prefix": "%m "})["log_line_prefix"] == "%m "


def test_settings_stay_while_the_memory_changes_a_little():
    known = settings(8 * GIB, True, True, {})
    for memory in (8 * GIB - 5 * MIB, 8 * GIB + 300 * MIB, 7 * GIB):
        assert settings(memory, True, True, {}, known=known) == known
    assert settings(4 * GIB, True, True, {}, known=known)["shared_buffers"] == "1024MB"
    # As a version before has written it.
    assert settings(GIB - 3 * MIB, False, True, {}, known={"shared_buffers": "127MB"})["shared_buffers"] == "127MB"


PARAMS = {"alone": False, "clients": [], "settings": {}}


def test_settings_belong_to_the_first_application_that_is_still_there():
    first = postgresql.settings_file("", "shop", set(), 8 * GIB, {**PARAMS, "settings": {"jit": "off", "log_line_prefix": "it's %m"}})
    assert first.startswith("# Ansible managed; settings of shop\n")
    assert postgresql.settings_file(first, "shop", {"shop", "blog"}, 8 * GIB, {**PARAMS, "settings": {"jit": "off", "log_line_prefix": "it's %m"}}) == first
    # Another one has them as they are, whatever it would get alone.
    assert postgresql.settings_file(first, "blog", {"shop", "blog"}, GIB, {**PARAMS, "alone": True, "settings": {"jit": "off"}}) == first
    with pytest.raises(CommandFailed, match="those of the application shop, which was here first, and they differ in jit, work_mem"):
        postgresql.settings_file(first, "blog", {"shop", "blog"}, GIB, {**PARAMS, "settings": {"jit": "on", "work_mem": "1GB"}})
    wider = postgresql.settings_file(first, "blog", {"shop", "blog"}, GIB, {**PARAMS, "clients": ["10.0.0.1"]})
    assert wider == first.replace("listen_addresses = 'localhost'", "listen_addresses = '*'")
    assert "settings of blog\n" in postgresql.settings_file(first, "blog", {"blog"}, GIB, PARAMS)
    assert "settings of blog\n" in postgresql.settings_file("# Ansible managed\nwork_mem = '4MB'\n", "blog", {"shop", "blog"}, GIB, PARAMS)


def test_a_role_has_one_application():
    hba = postgresql.allow(postgresql.allow("", "my-site", "my_site", ["my_site"], []), "shop", "shop", ["shop"], [])
    assert postgresql.owner_of_role(hba, "my_site", "my_site") == "my-site"
    assert postgresql.owner_of_role(hba, "my_site", "my-site") is None
    assert postgresql.owner_of_role(hba, "other", "my_site") is None


def test_an_application_has_the_roles_that_get_into_its_database():
    hba = postgresql.allow(postgresql.allow("", "my-site", 'my"site', ['my"site', "second", "th,ird"], ["10.0.0.1/32"]), "shop", "shop", ["shop"], [])
    assert postgresql.known_roles(hba, "my-site") == ('my"site', ['my"site', "second", "th,ird"])
    assert postgresql.known_roles(hba, "shop") == ("shop", ["shop"])
    assert postgresql.known_roles(hba, "site") == ("", [])
    copies = ",".join(map(postgresql.name, postgresql.copy_names('my"site')))
    assert 'host "my""site","my""site_restore",%s,"postgres" "second" 10.0.0.1/32 scram-sha-256\n' % copies in hba
    assert postgresql.owner_of_role(hba, "second", "shop") == "my-site"
    assert postgresql.owner_of_role(hba, "second", "my-site") is None


def test_a_cluster_is_found_by_its_port():
    listing = "15 main 5432 down postgres /var/lib/postgresql/15/main x\n17 main 5433 online postgres /var/lib/postgresql/17/main y\n"
    assert postgresql.cluster(5433, listing) == ("17", "main")
    with pytest.raises(CommandFailed, match="no PostgreSQL cluster of this host is on port 5434, there are: 15/main on port 5432, 17/main on port 5433"):
        postgresql.cluster(5434, listing)


def test_access_is_a_block_of_each_application():
    before = "local all postgres peer"
    once = postgresql.allow(before, "shop", "shop", ["shop"], ["10.0.0.1/32"])
    copies = ",".join(map(postgresql.name, postgresql.copy_names("shop")))
    line = 'host "shop","shop_restore",%s,"postgres" "%%s" 10.0.0.1/32 scram-sha-256' % copies
    line = "\n".join(line % role for role in ("shop", postgresql.maker_name("shop")))
    assert once == 'local all postgres peer\n# BEGIN Ansible managed: shop\n# role "shop", database "shop"\n%s\n# END Ansible managed: shop\n' % line
    assert postgresql.allow(once, "shop", "shop", ["shop"], ["10.0.0.1/32"]) == once
    both = postgresql.allow(once, "shop-two", "two", ["two"], [])
    assert "10.0.0.2/32" in postgresql.allow(both, "shop", "shop", ["shop"], ["10.0.0.2/32"])
    assert "10.0.0.1/32" not in postgresql.allow(both, "shop", "shop", ["shop"], ["10.0.0.2/32"])


def test_copies_of_a_schema_have_names_that_no_other_database_has():
    names = [*postgresql.copy_names("shop"), *postgresql.copy_names("shop-two")]
    assert len(set(names)) == 2 * postgresql.COPIES
    assert all(name.startswith(scratch.PREFIX) and len(name) < 63 for name in names)


def test_names_become_addresses():
    assert postgresql.addresses(["127.0.0.1", "10.0.0.0/8", "[::1]"]) == ["10.0.0.0/8", "127.0.0.1/32", "::1/128"]
    with pytest.raises(CommandFailed, match="nowhere.invalid, which may connect, is no address and leads to none"):
        postgresql.addresses(["nowhere.invalid"])


def test_a_name_is_no_place_to_connect_to(monkeypatch):
    seen = []

    def run(argv, **options):
        seen.append((argv, options["env"]["PGDATABASE"]))
        return types.SimpleNamespace(returncode=0, stdout="", stderr="")

    monkeypatch.setattr(postgresql.subprocess, "run", run)
    postgresql.psql("SELECT 1", 5432, "host=/opt/shop/shared dbname=shop")
    [(argv, database)] = seen
    assert database == "host=/opt/shop/shared dbname=shop"
    assert not any("host=" in word for word in argv)


def test_extensions_are_in_packages_for_the_servers_version(tmp_path, monkeypatch):
    monkeypatch.setattr(postgresql, "EXTENSIONS", str(tmp_path / "%s"))
    (tmp_path / "17").mkdir()
    (tmp_path / "17/citext.control").write_text("")
    wanted = ["citext", "postgis", "postgis_raster", "vector", "pg_cron", "pgrouting", "plpgsql_check"]
    assert postgresql.packages_of(wanted, "17") == [
        "postgresql-17-postgis-3", "postgresql-17-pgvector", "postgresql-17-cron", "postgresql-17-pgrouting", "postgresql-17-plpgsql-check",
    ]
    assert postgresql.packages_of(["citext"], "15") == ["postgresql-15-citext"]


def test_no_extension_is_made_beside_functions_that_its_script_could_call():
    postgresql.refuse_traps("", ["postgis"])
    with pytest.raises(CommandFailed, match=r"public \(format, lower\), .* run CREATE EXTENSION there for postgis, citext$"):
        postgresql.refuse_traps("format\nlower", ["postgis", "citext"])
    with pytest.raises(CommandFailed, match=r"\(f0, f1, f2, f3, f4 and more\)"):
        postgresql.refuse_traps("\n".join("f%d" % number for number in range(9)), ["postgis"])
