"""What a dump of MySQL or MariaDB is found to have in it, and what its clients are given."""
from __future__ import annotations

import gzip
import subprocess

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.mysql import ASK, MysqlDatabase, read_dump
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.mysql import DUMP as DUMP_SCRIPT
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.mysql_replacement import SWITCH
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

DUMP = rb"""-- MariaDB dump
INSERT INTO `django_migrations` VALUES (1,'shop','0001_initial','2026-01-02 03:04:05.000000');
INSERT INTO `django_migrations` VALUES (2,'shop','0002_price','2026-01-02 03:04:05.000000');
INSERT INTO `made` (`id`, `odd ``(name`) VALUES (1,2);
INSERT INTO `odd ``name` VALUES (1,'a line\nINSERT INTO `odd ``name` VALUES (2)');
-- Dump completed on 2026-01-02
"""


@pytest.mark.parametrize("write", [open, gzip.open])
def test_rows_and_migrations_are_those_in_the_dump(tmp_path, write):
    with write(tmp_path / "dump", "wb") as file:
        file.write(DUMP)
    found = read_dump(str(tmp_path / "dump"), ["empty", "odd `name"])
    assert found == {"rows": {"empty": 0, "made": 1, "odd `name": 1, "django_migrations": 2}, "applied": ["shop.0001_initial", "shop.0002_price"]}


def test_one_without_its_end_is_no_dump(tmp_path):
    (tmp_path / "dump").write_bytes(DUMP.rpartition(b"-- Dump")[0])
    with pytest.raises(CommandFailed, match="ended before the end"):
        read_dump(str(tmp_path / "dump"), [])


def test_the_password_is_no_argument():
    seen = []

    class Client:
        def run(self, argv, variables, **streams):
            seen.append((argv, variables))
            return type("Done", (), {"returncode": 0, "stdout": "", "stderr": ""})

    MysqlDatabase({"dbname": "shop", "user": "shop", "password": "secret", "host": "db", "port": "3306", "ssl_ca": "/ca.pem"}, Client()).ask("SELECT 1")
    (argv, variables), = seen
    assert variables == {"MYSQL_PWD": "secret", "SSL_OF_MARIADB": "", "SSL_OF_MYSQL": ""} and "secret" not in " ".join(argv)
    assert argv[3:] == ["sh", "--host=db", "--port=3306", "--user=shop", "--ssl-ca=/ca.pem", "shop"]


@pytest.mark.parametrize("script", [ASK, DUMP_SCRIPT, SWITCH])
def test_no_program_reads_a_file_of_options(script):
    """One in the application's home could have it load a library."""
    assert script.count('"$program"') == 1
    assert script.count("client ") >= 1
    assert 'client() { "$program" --no-defaults $ssl "$@"; }' in script


@pytest.mark.parametrize(
    ("parameters", "version", "options"),
    [
        ({}, "mariadb from 11.8.9-MariaDB", "--skip-ssl-verify-server-cert"),
        ({}, "mysql  Ver 9.7.4 for Linux", "--ssl-mode=PREFERRED"),
        ({"ssl_mode": "DISABLED"}, "mariadb from 11.8.9-MariaDB", "--skip-ssl"),
        ({"ssl_mode": "VERIFY_IDENTITY"}, "mariadb from 11.8.9-MariaDB", "--ssl --ssl-verify-server-cert"),
        ({"ssl_mode": "verify_identity"}, "mysql  Ver 9.7.4 for Linux", "--ssl-mode=VERIFY_IDENTITY"),
        ({"ssl_ca": "/ca.pem"}, "mariadb from 11.8.9-MariaDB", "--ssl-ca=/ca.pem"),
        ({"ssl_mode": "; rm -rf /"}, "mariadb from 11.8.9-MariaDB", "--skip-ssl-verify-server-cert"),
    ],
)
def test_connections_are_encrypted_as_the_application_has_it(tmp_path, parameters, version, options):
    """Programs that are newer than the server would refuse one without a certificate of their liking."""
    program = tmp_path / "mariadb"
    program.write_text('#!/bin/sh\n[ "$*" = "--no-defaults --version" ] && echo "%s" || echo "$*"\n' % version)
    program.chmod(0o755)

    class Client:
        def run(self, argv, variables, **streams):
            return subprocess.run(argv, env={"PATH": "%s:/usr/bin:/bin" % tmp_path, **variables}, capture_output=True, text=True, check=False, input="")

    told = MysqlDatabase({"dbname": "shop", **parameters}, Client()).ask("SELECT 1").split()
    assert [word for word in told if "ssl" in word] == options.split()
