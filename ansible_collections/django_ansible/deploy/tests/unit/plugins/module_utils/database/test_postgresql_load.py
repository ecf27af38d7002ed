"""Loading a dump where pg_restore is newer than the server."""
from __future__ import annotations

import contextlib
import subprocess

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.postgresql import NEWER, Database
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

SETTING = "pg_restore: error: could not execute query: ERROR:  %s\nCommand was: SET transaction_timeout = 0;\n" % NEWER
IGNORED = "pg_restore: warning: errors ignored on restore: %d\n"


@pytest.mark.parametrize(
    "answers, fails",
    [
        ([""], False),
        ([SETTING, SETTING + IGNORED % 1], False),
        ([SETTING, SETTING + "pg_restore: error: no space left\n" + IGNORED % 2], True),
        (["pg_restore: error: no space left"], True),
    ],
)
def test_a_setting_that_the_server_does_not_know_is_left_out_and_nothing_else(tmp_path, answers, fails):
    left = list(answers)

    class Client:
        lacking = "%s %s"

        @contextlib.contextmanager
        def given(self, text):
            yield "/list"

        def run(self, argv, variables, **streams):
            said = left.pop(0)
            assert ("--exit-on-error" in argv) == (len(left) == len(answers) - 1)
            return subprocess.CompletedProcess(argv, 1 if said else 0, "", said)

    (tmp_path / "dump").write_bytes(b"")
    with pytest.raises(CommandFailed, match="pg_restore failed") if fails else contextlib.nullcontext():
        Database({"dbname": "shop_restore"}, Client()).load(str(tmp_path / "dump"), [], False)
    assert left == []


ROWS = """\\restrict a
SET statement_timeout = 0;
COPY public.spatial_ref_sys (srid, "auth_""name", srtext) FROM stdin;
990000\tshop\tPROJCS["a; DROP TABLE b"]
990001\t\\N\tx
\\.
"""


class Writing:
    """A client that writes down what psql gets, and from where."""

    def __init__(self, contained="", refuses=""):
        self.contained, self.refuses, self.written = contained, refuses, []

    @contextlib.contextmanager
    def given(self, text):
        self.listed = text
        yield "/list"

    def run(self, argv, variables, stdin=None, **streams):
        if argv[0] == "pg_restore":
            return subprocess.CompletedProcess(argv, 0, self.contained, "")
        self.written.append((argv[argv.index("-c") + 1], stdin))
        return subprocess.CompletedProcess(argv, 1 if self.refuses else 0, "", self.refuses)


@pytest.mark.parametrize(
    ("contained", "written"),
    [
        (ROWS, [('COPY public.spatial_ref_sys ("srid", "auth_""name", "srtext") FROM STDIN', '990000\tshop\tPROJCS["a; DROP TABLE b"]\n990001\t\\N\tx\n')]),
        ("COPY public.spatial_ref_sys (srid) FROM stdin;\n\\.\n", []),
        ("SELECT pg_catalog.setval('topology.topology_id_seq', 3, true);\n", [("SELECT pg_catalog.setval('public.spatial_ref_sys', 3, true)", "")]),
        ("SELECT pg_catalog.setval('topology.topology_id_seq', 1, false);\n", []),
        # Somebody changed the dump: what follows the rows is never a statement.
        (ROWS + "ALTER ROLE shop SUPERUSER;\n", [('COPY public.spatial_ref_sys ("srid", "auth_""name", "srtext") FROM STDIN', '990000\tshop\tPROJCS["a; DROP TABLE b"]\n990001\t\\N\tx\n')]),
        ("COPY public.x (a) FROM PROGRAM 'id';\nSELECT pg_catalog.setval('a', 1); DROP TABLE b; --', 2, true);\n", [("SELECT pg_catalog.setval('public.spatial_ref_sys', 2, true)", "")]),
    ],
)
def test_rows_of_an_extensions_table_are_loaded_as_rows_alone(tmp_path, contained, written):
    (tmp_path / "dump").write_bytes(b"")
    reads, writes = Writing(contained), Writing()
    found = Database({"dbname": "shop_restore"}, reads).contained(str(tmp_path / "dump"), "3456; 0 16400 TABLE DATA public spatial_ref_sys postgres")
    assert reads.listed == "3456; 0 16400 TABLE DATA public spatial_ref_sys postgres\n"
    Database({"dbname": "shop_restore"}, writes).take_over("public.spatial_ref_sys", found)
    assert writes.written == written
    assert reads.written == []


def test_who_may_not_write_such_rows_says_who_may():
    refused = Writing(refuses="ERROR:  permission denied for table spatial_ref_sys")
    with pytest.raises(CommandFailed, match="rows of public.spatial_ref_sys, which belongs to an extension: have an administrator of the server restore it .*permission denied"):
        Database({"dbname": "shop_restore"}, refused).take_over("public.spatial_ref_sys", ROWS)
