"""Which programs of a database a host gets for its dumps, and what is said where it cannot have them."""
from __future__ import annotations

import contextlib
import subprocess

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.database import clients
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.postgresql import explain
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.recovery import Recovery
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.sandbox import Done

MISMATCH = """pg_dump: error: aborting because of server version mismatch
pg_dump: detail: server version: 17.5 (Debian 17.5-1); pg_dump version: 15.13 (Debian 15.13-0+deb12u1)
"""


class Host(clients.HostClient):
    """One with some programs, whose package sources have some packages."""

    def __init__(self, programs, packages, monkeypatch):
        super().__init__(clients.Sandbox("shop", "shop", ""))
        self.programs, self.packages, self.installed = programs, packages, []
        monkeypatch.setattr(clients, "apt_install", self.install)
        monkeypatch.setattr(clients.shutil, "which", lambda program, path: self.programs.get(program))

    def install(self, packages):
        if not set(packages) <= set(self.packages):
            raise CommandFailed("apt-get -q ended with 100:\nReading package lists...\nE: Unable to locate package %s" % packages[0])
        self.installed += packages
        self.programs["pg_dump"] = "pg_dump (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)"

    def run(self, argv, variables, **streams):
        if argv[0] not in self.programs:
            raise FileNotFoundError(argv[0])
        return subprocess.CompletedProcess(argv, 0, self.programs[argv[0]], "")


OLD = {"pg_dump": "pg_dump (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)"}


@pytest.mark.parametrize(
    ("programs", "asked", "installed"),
    [
        ({}, (("mariadb-dump", "mysqldump"), "default-mysql-client"), ["default-mysql-client"]),
        (OLD, (("pg_dump",), "postgresql-client"), []),
        (OLD, (("pg_dump",), "postgresql-client", 13), []),
        (OLD, (("pg_dump",), "postgresql-client", 15), []),
        (OLD, (("pg_dump",), "postgresql-client", 17), ["postgresql-client-17"]),
        ({}, (("pg_dump",), "postgresql-client", 15), ["postgresql-client"]),
        ({}, (("pg_dump",), "postgresql-client", 17), ["postgresql-client", "postgresql-client-17"]),
        # A pg_dump that says nothing of its version is tried as it is.
        ({"pg_dump": "something else"}, (("pg_dump",), "postgresql-client", 17), []),
    ],
)
def test_what_is_missing_or_older_than_the_server_is_installed(monkeypatch, programs, asked, installed):
    host = Host(dict(programs), ["default-mysql-client", "postgresql-client", "postgresql-client-17"], monkeypatch)
    host.need(*asked)
    assert host.installed == installed


def test_where_it_cannot_be_had_it_says_what_to_do(monkeypatch):
    with pytest.raises(CommandFailed) as raised:
        Host(dict(OLD), [], monkeypatch).need(("pg_dump",), "postgresql-client", 17)
    assert str(raised.value) == (
        "pg_dump is older than the database server (15 instead of 17), and this host's package sources do not help (E: Unable to locate package postgresql-client-17): "
        "install postgresql-client-17 there; PostgreSQL's own package repository has it for older systems "
        "(apt-get install postgresql-common && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh)"
    )


def test_a_pg_dump_that_refuses_the_server_is_explained_alike():
    assert explain(MISMATCH, "install %s") == "pg_dump is older than the database server (15 instead of 17): install 17"


def client_of(code, monkeypatch):
    """One whose program ends with a code."""
    seen = []

    def piped(sandbox, argv, environment, cwd, **streams):
        seen.append((argv, streams))
        return Done(code, "answer", "well")

    monkeypatch.setattr(clients, "piped", piped)
    monkeypatch.setattr(clients.shutil, "which", lambda program, path: program)
    return clients.HostClient(clients.Sandbox("shop", "shop", "")), seen


def test_a_program_gets_a_text_and_answers(monkeypatch):
    client, seen = client_of(3, monkeypatch)
    done = client.run(["psql"], {}, stdin="SELECT 1")
    assert (done.returncode, done.stdout, done.stderr) == (3, "answer", "well")
    assert seen == [(["psql"], {"stdin": "SELECT 1"})]


def test_a_program_that_the_application_ends_or_stops_is_told(monkeypatch):
    with pytest.raises(clients.Ended, match="psql was ended by another process of shop"):
        client_of(clients.KILLED, monkeypatch)[0].run(["psql"], {})


@pytest.mark.parametrize("work", ["dump", "restore"])
@pytest.mark.parametrize(("ends", "held", "tries"), [(0, ["paused"], ["free"]), (1, ["paused"], ["free", "paused"]), (1, [], ["free"]), (2, ["paused"], ["free", "paused"])])
def test_what_programs_are_ended_in_is_done_with_the_application_paused(monkeypatch, tmp_path, work, ends, held, tries):
    state, seen = ["free"], []

    @contextlib.contextmanager
    def paused():
        state.append("paused")
        try:
            yield
        finally:
            state.pop()

    def attempt():
        seen.append(state[-1])
        if len(seen) <= ends:
            raise clients.Ended("psql was ended by another process")
        return {"id": "d"}

    def restore(self, record, target, swap, held):
        # It pauses for a moment of its own, and says that something failed without saying which.
        with held.get("paused", contextlib.nullcontext)():
            assert state.count("paused") <= 1
        try:
            return attempt()
        except CommandFailed as error:
            raise CommandFailed("the dump was not restored: %s" % error) from None

    monkeypatch.setattr(Recovery, "_dump", lambda self, facts, why: attempt())
    monkeypatch.setattr(Recovery, "_restore", restore)
    recovery = Recovery(None, str(tmp_path), held={name: paused for name in held})
    with pytest.raises(CommandFailed) if len(tries) <= ends else contextlib.nullcontext():
        assert (recovery.dump({}, reason="by hand") if work == "dump" else recovery.restore({}, None)) == {"id": "d"}
    assert seen == tries
    assert state == ["free"]


def test_no_other_error_pauses_the_application(monkeypatch, tmp_path):
    def fail(*given):
        raise CommandFailed("the dump is damaged")

    monkeypatch.setattr(Recovery, "_restore", fail)
    with pytest.raises(CommandFailed, match="is damaged"):
        Recovery(None, str(tmp_path), held={"paused": None}).restore({}, None)
