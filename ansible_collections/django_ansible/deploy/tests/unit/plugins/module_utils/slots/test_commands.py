from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.commands import Ran, argv_of, parse
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

PHASES = {"migrate": [{"command": "manage.py createcachetable"}, {"command": "warm", "env": {"A": "1"}}], "first": [{"command": "manage.py loaddata"}]}


class Recorder:
    python = "/r/.venv/bin/python"

    def __init__(self, failing=""):
        self.failing = failing
        self.ran = []

    def command(self, argv, env):
        if argv[-1] == self.failing:
            raise CommandFailed("no")
        self.ran.append((argv, env))


@pytest.fixture
def ran(tmp_path, monkeypatch):
    (tmp_path / "releases/20260101T000000Z-0000001").mkdir(parents=True)
    monkeypatch.setattr("ansible_collections.django_ansible.deploy.plugins.module_utils.host.files.owner_ids", lambda owner, group: (-1, -1))
    layout = Layout("site", str(tmp_path), "/run/site/gunicorn.sock")
    layout.write_record(str(tmp_path / "releases/20260101T000000Z-0000001"), release="20260101T000000Z-0000001")
    return Ran(layout, "20260101T000000Z-0000001")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("manage.py x --name 'a b'", ["/v/bin/python", "manage.py", "x", "--name", "a b"]),
        ("celery -A x call y", ["/v/bin/celery", "-A", "x", "call", "y"]),
        ("/usr/bin/env", ["/usr/bin/env"]),
        ("manage.py dump {shared}/x", ["/v/bin/python", "manage.py", "dump", "/s/x"]),
    ],
)
def test_programs_are_those_of_the_environment(command, expected):
    assert argv_of(command, "/v/bin", "/s") == expected


def test_each_is_run_once_for_a_release_and_first_ones_once_for_good(ran):
    application = Recorder()
    assert ran.run(application, PHASES) == ["manage.py loaddata", "manage.py createcachetable", "warm"]
    assert application.ran[-1] == (["/r/.venv/bin/warm"], {"A": "1"})
    assert ran.run(Recorder(), PHASES) == []
    Path(ran.layout.releases, "20260102T000000Z-0000002").mkdir()
    ran.layout.write_record(ran.layout.release_dir("20260102T000000Z-0000002"), release="20260102T000000Z-0000002")
    assert Ran(ran.layout, "20260102T000000Z-0000002").run(Recorder(), PHASES) == ["manage.py createcachetable", "warm"]


def test_one_that_failed_is_run_again_and_none_before_it(ran):
    with pytest.raises(CommandFailed):
        ran.run(Recorder(failing="createcachetable"), PHASES)
    assert [entry["command"] for _, entry in ran.pending(PHASES)] == ["manage.py createcachetable", "warm"]


def test_nothing_is_nothing():
    assert parse("") == {}
