"""What deploys have made on a PostgreSQL server goes, and nothing else."""
from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import postgresql, postgresql_leaving
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

THEIRS = "local all all peer\n"
SHOP = postgresql.allow(THEIRS, "shop", 'sh"op', ["keeper", "second"], ["192.0.2.7/32"])


@pytest.fixture
def server(tmp_path, monkeypatch):
    """What happens to it, in its order."""
    happened = []

    def run(argv, **options):
        if argv[0] == "systemd-run":
            happened.append("dump " + argv[-1])
        return "15 main 5432 online"

    def psql(script, port, database="postgres"):
        if script.startswith("SELECT"):
            return 'sh"op\nsh"op_archive\nsh"op_replaced_20260102030405\nx\nvictim'
        happened.append(script)
        return ""

    class File:
        def __init__(self, path, content, *more):
            self.path, self.content = path, content.encode()

        def read(self):
            return SHOP.encode() if self.path.endswith("hba.conf") else None

        def write(self):
            happened.append(self.content.decode())

    monkeypatch.setattr(postgresql_leaving.shutil, "which", lambda name: "/usr/bin/" + name)
    monkeypatch.setattr(postgresql_leaving, "run", run)
    monkeypatch.setattr(postgresql, "psql", psql)
    monkeypatch.setattr(postgresql_leaving, "ManagedFile", File)
    monkeypatch.setattr(postgresql_leaving, "UNITS", str(tmp_path))
    monkeypatch.setattr(postgresql_leaving.systemd, "systemctl", lambda *words: happened.append(" ".join(words)))
    return happened


def test_the_databases_are_dumped_before_anything_goes(server):
    leaving = postgresql_leaving.Leaving("shop", 5432, True)
    assert leaving.is_there() == ['database sh"op', 'database sh"op_replaced_20260102030405', "role keeper", "role second"]
    leaving.leave()
    assert server == [
        "dump --dbname=postgresql:///sh%22op", "dump --dbname=postgresql:///sh%22op_replaced_20260102030405", "daemon-reload", 'DROP DATABASE "sh""op" WITH (FORCE)', 'DROP DATABASE "sh""op_replaced_20260102030405" WITH (FORCE)',
        'DROP ROLE IF EXISTS "%s"' % postgresql.maker_name('sh"op'), 'DROP ROLE IF EXISTS "second"', 'DROP ROLE IF EXISTS "keeper"', THEIRS, "reload postgresql@15-main.service",
    ]


def test_a_dump_that_fails_keeps_everything(server, monkeypatch):
    def fail(argv, **options):
        if argv[0] == "systemd-run":
            raise CommandFailed("disk full")
        return "15 main 5432 online"

    monkeypatch.setattr(postgresql_leaving, "run", fail)
    with pytest.raises(CommandFailed, match="disk full"):
        postgresql_leaving.Leaving("shop", 5432, True).leave()
    assert server == []


def test_an_application_that_no_deploy_has_made_a_database_for_has_none(server):
    assert postgresql_leaving.Leaving("blog", 5432, True).is_there() == []
