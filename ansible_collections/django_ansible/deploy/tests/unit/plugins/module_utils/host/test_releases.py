"""Names of releases have one form, and nothing else ever becomes a path."""
from __future__ import annotations

import json
import os

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.releases import LAYOUT_VERSION, Releases, is_name

NAME = "20260101T000000Z-0123456"
COMMIT = "0123456" + "a" * 33


@pytest.fixture
def releases(tmp_path):
    made = Releases(str(tmp_path))
    os.makedirs(made.release_dir(NAME))
    made.write_record(made.release_dir(NAME), release=NAME, revision=COMMIT)
    return made


@pytest.mark.parametrize("name", [NAME, NAME + "-c0de"])
def test_names(name):
    assert is_name(name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../../../etc/x", NAME + "/..", NAME + "\n", NAME + "-c0d", NAME + "-c0de1", NAME.replace("0", "٠"), "/" + NAME, NAME.lower(), None, 7, [NAME], "x" * 8_000_000]
)
def test_nothing_else_is_one_or_becomes_a_path(releases, name):
    assert not is_name(name)
    with pytest.raises(CommandFailed, match="is not the name of a release") as failure:
        releases.release_dir(name)
    assert len(str(failure.value)) < 200
    assert releases.read_release(name) == {}
    releases.mark_release(name, bad=True)
    assert os.listdir(releases.folder) == ["releases"]


def test_a_host_vouches_for_its_own_record_alone(releases):
    releases.vouch(NAME, COMMIT)
    releases.vouch("20260202T000000Z-0123456", COMMIT)
    with pytest.raises(CommandFailed, match="has 20260101T000000Z-0123456 as commit 0123456, and another host says that it is fffffff"):
        releases.vouch(NAME, "f" * 40)


@pytest.mark.parametrize("text", ["[]", "7", '"text"', "{", "null", "\0"])
def test_a_record_that_somebody_edited_is_none(releases, text):
    with open(os.path.join(releases.release_dir(NAME), "release.json"), "w", encoding="utf-8") as file:
        file.write(text)
    assert releases.read_release(NAME) == {}
    assert releases.list_releases() == []


@pytest.mark.parametrize(
    "text, trouble",
    [
        ("[]", "it is no mapping"), ("null", "it is no mapping"), ("{", "it is no JSON"), ("\0", "it is no JSON"), (b"\xff", "it is no JSON"),
        ({"venv": "../../../etc"}, "venv is '../../../etc'"), ({"venv": 7}, "venv is 7"), ({"revision": "main"}, "revision is 'main'"),
        ({"bad": "yes"}, "bad is 'yes'"), ({"activated": ["now"]}, "activated is ['now']"), ({"layout": True}, "layout is True"),
        ({"images": []}, "images is []"), ({"static_root": {}}, "static_root is {}"), ({"created": "x" * 10_000}, "created is 'xxx"),
    ],
    ids=str,
)
def test_a_record_that_somebody_edited_is_named_before_anything_is_touched(releases, text, trouble):
    path = os.path.join(releases.release_dir(NAME), "release.json")
    with open(path, "wb") as file:
        file.write(text if isinstance(text, bytes) else (json.dumps(text) if isinstance(text, dict) else text).encode())
    before = os.stat(path)
    with pytest.raises(CommandFailed) as failure:
        releases.refuse_unreadable()
    assert str(failure.value).startswith("%s is not as a deploy wrote it: %s" % (path, trouble)) and len(str(failure.value)) < 300
    assert os.stat(path).st_mtime_ns == before.st_mtime_ns


def test_records_of_this_version_and_folders_without_one_are_left_alone(releases):
    os.makedirs(releases.release_dir("20260202T000000Z-0123456"))
    os.makedirs(os.path.join(releases.releases, "lost+found"))
    releases.mark_release(NAME, bad=True, activated="2026-01-02T03:04:05Z", venv="0123456789abcdef", migrated={"run": "1"}, commands=["x"])
    releases.refuse_unreadable()


def test_a_record_names_no_other_folder_than_its_own(releases):
    with open(os.path.join(releases.release_dir(NAME), "release.json"), "w", encoding="utf-8") as file:
        json.dump({"release": "../../etc", "revision": COMMIT}, file)
    assert releases.read_release(NAME)["release"] == NAME


def test_records_say_by_which_layout_they_are(releases):
    assert releases.read_release(NAME)["layout"] == LAYOUT_VERSION
    old = "20250101T000000Z-0123456"
    os.makedirs(releases.release_dir(old))
    with open(os.path.join(releases.release_dir(old), "release.json"), "w", encoding="utf-8") as file:
        json.dump({"release": old, "revision": COMMIT}, file)
    releases.mark_release(old, bad=True)
    assert releases.read_release(old) == {"release": old, "revision": COMMIT, "bad": True, "layout": 1}


def test_a_host_is_not_deployed_to_by_a_version_that_does_not_know_its_layout(releases):
    assert releases.layout_version() == 1
    releases.claim_layout()
    assert releases.layout_version() == LAYOUT_VERSION
    releases.refuse_unreadable()
    with open(os.path.join(releases.folder, ".layout"), "w", encoding="utf-8") as file:
        file.write("%d\n" % (LAYOUT_VERSION + 1))
    with pytest.raises(CommandFailed, match="was deployed by a newer version .* deploy with that version or a newer one"):
        releases.refuse_unreadable()


@pytest.mark.parametrize("before", [None, 0o644])
def test_what_was_done_is_for_root_to_read(releases, before):
    if before:
        open(releases.journal, "w").close()
        os.chmod(releases.journal, before)
    releases.record(operation="run", command=["createsuperuser"])
    assert oct(os.stat(releases.journal).st_mode & 0o777) == "0o600"
    assert releases.last_record()["operation"] == "run"


def test_a_release_did_badly_that_failed_or_was_never_through(releases):
    assert releases.did_badly(NAME), "it was taken back, or is not live yet"
    releases.mark_release(NAME, activated="2026-01-01T00:00:00Z")
    assert not releases.did_badly(NAME)
    releases.mark_release(NAME, bad=True)
    assert releases.did_badly(NAME)
    assert not releases.did_badly("20250101T000000Z-0123456"), "of one that was pruned, nobody knows"
