"""What programs that dump a database are given of the settings, which are the project's own."""
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.connecting import parameters_of


def reached(vendor="mysql", **given):
    return parameters_of(SimpleNamespace(vendor=vendor, get_connection_params=lambda: given), "shop")


@pytest.fixture
def options(tmp_path):
    file = tmp_path / "my.cnf"
    file.write_text("""\
!includedir /etc/mysql/conf.d
[mysqldump]
plugin-dir = /tmp/evil
[client]
host = db.internal
user = "shop"
password='se=cret'
ssl_ca = /etc/ssl/ca.pem
default-auth = evil
init-command = DROP DATABASE shop
skip-ssl
[other]
port = 3307
""")
    return str(file)


def test_a_file_of_options_gives_how_to_connect_and_nothing_else(options):
    assert reached(read_default_file=options) == {"host": "db.internal", "user": "shop", "password": "se=cret", "ssl_ca": "/etc/ssl/ca.pem", "dbname": "shop"}


def test_its_other_group_counts_and_the_settings_more(options):
    found = reached(read_default_file=options, read_default_group="other", user="django", db="x")
    assert (found["port"], found["user"], found["host"]) == ("3307", "django", "db.internal")
    assert "read_default_file" not in found
    assert "db" not in found


def test_older_names_and_encryption():
    assert reached(passwd="secret", ssl={"ca": "/ca.pem"}, use_unicode=object()) == {"password": "secret", "ssl_ca": "/ca.pem", "dbname": "shop"}


def test_postgresql_is_as_it_was():
    assert reached("postgresql", host="db", port=5432, password="secret", context=object()) == {"host": "db", "port": "5432", "password": "secret", "dbname": "shop"}
