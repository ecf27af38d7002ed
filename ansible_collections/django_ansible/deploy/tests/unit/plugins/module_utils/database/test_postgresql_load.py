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
