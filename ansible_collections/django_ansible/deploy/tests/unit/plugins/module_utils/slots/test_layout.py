from __future__ import annotations

import json

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import replace_link
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


@pytest.fixture
def layout(tmp_path):
    made = Layout("shop", str(tmp_path / "opt"), str(tmp_path / "run" / "gunicorn.sock"))
    for folder in ("opt/releases", "opt/slots", "run"):
        (tmp_path / folder).mkdir(parents=True)
    return made


def add_release(layout, name, **facts):
    import os

    os.makedirs(layout.release_dir(name))
    with open(os.path.join(layout.release_dir(name), "release.json"), "w", encoding="utf-8") as file:
        json.dump({"release": name, **facts}, file)


def test_nothing_is_live_before_the_first_deploy(layout):
    assert layout.live_slot() is None
    assert layout.live_release() is None
    assert layout.free_slot() == "blue"
    assert layout.list_releases() == []


def test_socket_link_decides_what_is_live(layout):
    replace_link("slots/blue", layout.current)
    replace_link("/run/shop/green.sock", layout.socket_link)
    assert layout.live_slot() == "green"
    assert layout.free_slot() == "blue"


def test_current_decides_while_there_is_no_socket_link(layout):
    replace_link("slots/green", layout.current)
    replace_link("../releases/20260101T000000Z-0000001", layout.slot_link("green"))
    assert layout.live_release() == "20260101T000000Z-0000001"


def test_a_socket_link_of_someone_else_is_not_ours(layout):
    replace_link("/run/other/app.sock", layout.socket_link)
    assert layout.live_slot() is None


def test_releases_are_listed_oldest_first_without_unfinished_ones(layout, tmp_path):
    add_release(layout, "20260102T000000Z-bbbbbbb", revision="b")
    add_release(layout, "20260101T000000Z-aaaaaaa", revision="a")
    (tmp_path / "opt/releases/20260103T000000Z-ccccccc.partial").mkdir()
    (tmp_path / "opt/releases/stray-file").write_text("")
    assert [found["revision"] for found in layout.list_releases()] == ["a", "b"]


@pytest.mark.parametrize("text, trouble", [("{", "it is no JSON"), ('{"collected": 7}', "collected is 7"), ("[]", "it is no mapping")])
def test_a_preparation_that_somebody_edited_is_named_as_well(layout, tmp_path, text, trouble):
    layout.prepared = str(tmp_path / "prepared")
    (tmp_path / "prepared/20260101T000000Z-aaaaaaa").mkdir(parents=True)
    (tmp_path / "prepared/20260101T000000Z-aaaaaaa.json").write_text('{"collected": "/opt/shop/collected/x", "key": "0123abcd", "home": true}')
    layout.refuse_unreadable()
    (tmp_path / "prepared/20260102T000000Z-bbbbbbb.json").write_text(text)
    with pytest.raises(CommandFailed, match="prepared/20260102T000000Z-bbbbbbb.json is not as a deploy wrote it: %s. Bring it back" % trouble):
        layout.refuse_unreadable()


def test_link_is_replaced_once(tmp_path):
    link = str(tmp_path / "link")
    assert replace_link("one", link)
    assert not replace_link("one", link)
    assert replace_link("two", link)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link"]


def test_record_appends_a_line(layout):
    layout.record(release="20260101T000000Z-0000001", result="succeeded")
    layout.record(release="20260102T000000Z-0000002", result="failed")
    with open(layout.journal, encoding="utf-8") as file:
        entries = [json.loads(line) for line in file]
    assert [(entry["release"], entry["result"]) for entry in entries] == [("20260101T000000Z-0000001", "succeeded"), ("20260102T000000Z-0000002", "failed")]
    assert all(entry["time"].endswith("Z") for entry in entries)


def test_kept_are_the_newest_that_served_and_what_slots_hold(layout):
    for day in range(1, 8):
        add_release(layout, "2026010%dT000000Z-aaaaaaa" % day, activated="2026-01-0%dT00:00:00Z" % day)
    add_release(layout, "20260108T000000Z-aaaaaaa", activated="2026-01-08T00:00:00Z", bad=True)
    add_release(layout, "20260109T000000Z-aaaaaaa")
    replace_link("../releases/20260101T000000Z-aaaaaaa", layout.slot_link("green"))
    assert layout.kept_releases(2) == {"2026010%dT000000Z-aaaaaaa" % day for day in (1, 6, 7)}


def test_at_least_one_is_kept(layout):
    add_release(layout, "20260101T000000Z-aaaaaaa", activated="2026-01-01T00:00:00Z")
    assert layout.kept_releases(0) == {"20260101T000000Z-aaaaaaa"}
