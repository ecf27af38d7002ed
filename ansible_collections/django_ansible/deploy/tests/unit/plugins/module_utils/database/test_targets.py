"""How restic is started for a copy of dumps, and what it is asked."""
from __future__ import annotations

import os
import shlex

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.database import targets as module
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.catalogue import Catalogue
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.targets import Target, fetch_from_any, wanted
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

SECRETS = {"password": "the-password", "ssh_key": "the-key", "known_hosts": "vault ssh-ed25519 AAAA", "access_key": "the-access", "secret_key": "the-secret"}


@pytest.fixture
def started(monkeypatch, tmp_path):
    """What was started: arguments, and what the files said that the environment names."""
    monkeypatch.setattr(module, "MEMORY", str(tmp_path))
    monkeypatch.setattr(module.shutil, "which", lambda program: program)
    seen = []

    def run(argv, *, env, cwd, timeout):
        files = {name: open(path).read() for name, path in env.items() if name.endswith("FILE")}
        seen.append((argv, files, [value for value in env.values()]))
        assert oct(os.stat(env["RESTIC_PASSWORD_FILE"]).st_mode & 0o777) == "0o600"
        return answers.pop(0) if answers else ""

    answers = []
    monkeypatch.setattr(module, "run", run)
    seen_of = type("Seen", (), {"runs": seen, "answers": answers, "folder": tmp_path})
    return seen_of


@pytest.mark.parametrize(
    "repository, words",
    [
        ("sftp:backup@vault:/srv/shop", ["-l", "backup", "vault", "-s", "sftp"]),
        ("sftp://backup@vault:2222//srv/shop", ["-p", "2222", "-l", "backup", "vault", "-s", "sftp"]),
        ("sftp:vault:srv", ["vault", "-s", "sftp"]),
        ("sftp://[::1]:22//srv", ["-p", "22", "::1", "-s", "sftp"]),
    ],
)
def test_ssh_knows_its_host_and_has_the_key_alone(started, repository, words):
    Target({**SECRETS, "repository": repository}, "shop").known()
    (argv, files, _), = started.runs
    command = shlex.split(next(word for word in argv if word.startswith("sftp.command=")).partition("=")[2])
    assert command[-len(words) :] == words and "StrictHostKeyChecking=yes" in command and files["RESTIC_REPOSITORY_FILE"] == repository


def test_no_secret_is_an_argument_or_a_variable_and_none_is_left(started):
    Target({**SECRETS, "repository": "s3:https://s3.example/dumps"}, "shop").known()
    (argv, files, values), = started.runs
    assert not [word for word in [*argv, *values] if any(secret in word for secret in SECRETS.values())]
    assert "aws_secret_access_key = the-secret" in files["AWS_SHARED_CREDENTIALS_FILE"] and files["RESTIC_PASSWORD_FILE"] == "the-password"
    assert os.listdir(started.folder) == []


def test_the_newest_and_those_of_the_last_days_stay():
    ids = {"2026010%dT000000Z-aaaa" % day for day in range(1, 8)}
    now = 1767744000  # 2026-01-07
    assert {one[:8] for one in wanted(ids, number=2, days=4, now=now)} == {"20260104", "20260105", "20260106", "20260107"}
    assert {one[:8] for one in wanted(ids, number=3, days=1, now=now)} == {"20260105", "20260106", "20260107"}
    assert {one[:8] for one in wanted({"20200101T000000Z-aaaa"}, number=0, days=0, now=now)} == {"20200101"}


def test_what_is_not_to_be_had_is_said_with_what_there_is(started):
    started.answers.append('[{"id": "s1", "tags": ["20260102T030405Z-aaaa"]}, {"id": "s2", "tags": ["of somebody else", "99999999T999999Z-aaaa"]}]')
    with pytest.raises(CommandFailed, match="sftp:vault:/a has 20260102T030405Z-aaaa$"):
        fetch_from_any([Target({**SECRETS, "repository": "sftp:vault:/a"}, "shop")], None, "20260102T030405Z-bbbb")


@pytest.mark.parametrize(
    ("record", "dump", "words"),
    [
        ("{}", None, "is no file"),
        ('{"before": 7}', "dump", "its record of the dump 20260102T030405Z-aaaa is not as a deploy wrote it: look which host shares that place"),
        ("{", "dump", "is not as a deploy wrote it"),
    ],
)
def test_what_another_host_has_put_there_is_not_taken_for_a_dump(started, tmp_path, monkeypatch, record, dump, words):
    (tmp_path / "catalogue").mkdir()
    catalogue = Catalogue(str(tmp_path / "catalogue"))
    monkeypatch.setattr(catalogue, "begin", lambda: "")
    identifier = "20260102T030405Z-aaaa"

    def run(argv, **more):
        if "restore" not in argv:
            return '[{"id": "s1", "tags": ["%s"]}]' % identifier
        place = argv[-1]
        with open(os.path.join(place, identifier + ".json"), "w") as file:
            file.write(record)
        path = os.path.join(place, identifier + ".dump")
        open(path, "w").close() if dump else os.symlink("/etc/shadow", path)
        return ""

    monkeypatch.setattr(module, "run", run)
    with pytest.raises(CommandFailed, match=words):
        Target({**SECRETS, "repository": "sftp:vault:/a"}, "shop").fetch(identifier, catalogue)
    assert os.listdir(catalogue.folder) == []


def test_what_another_host_says_it_has_tried_is_not_tried_here(started, tmp_path, monkeypatch):
    catalogue, identifier = Catalogue(str(tmp_path / "catalogue")), "20260102T030405Z-aaaa"

    def run(argv, **more):
        if "restore" not in argv:
            return '[{"id": "s1", "tags": ["%s"]}]' % identifier
        with open(os.path.join(argv[-1], identifier + ".json"), "w") as file:
            file.write('{"rehearsed": "2999-01-01T00:00:00Z", "restores_in": 0.1, "size": 4}')
        with open(os.path.join(argv[-1], identifier + ".dump"), "w") as file:
            file.write("dump")
        return ""

    monkeypatch.setattr(module, "run", run)
    Target({**SECRETS, "repository": "sftp:vault:/a"}, "shop").fetch(identifier, catalogue)
    (record,) = catalogue.records()
    assert (record["id"], record["size"], catalogue.proven()) == (identifier, 4, 0) and "restores_in" not in record
