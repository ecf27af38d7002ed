"""The catalogue of dumps: what is found, what fits a rollback, and that nothing which a rollback may need is ever removed."""
from __future__ import annotations

import json
import os
import random
import time

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.database import catalogue as module
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.catalogue import DAY, Catalogue, superfluous
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.releases import Releases


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ensure_directory", lambda path, mode: os.makedirs(path, mode, exist_ok=True))
    monkeypatch.setattr(module, "write_atomically", lambda path, content, mode: open(path, "wb").write(content))
    return Catalogue(str(tmp_path / "backups"))


def add(shelf, identifier, text="dump", **facts):
    shelf.begin()
    partial = os.path.join(shelf.folder, identifier + ".partial")
    with open(partial, "w") as file:
        file.write(text)
    return shelf.complete(identifier, partial, **{"vendor": "postgresql", "database": "shop", "applied": [], **facts})


def moment(day, second=0):
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(1_800_000_000 + day * DAY + second))


def test_the_dump_of_a_rollback_is_the_newest_that_has_none_of_its_migrations(shelf):
    first = add(shelf, moment(1) + "-aaaa", applied=["shop.0001"], before=["shop.0002"])
    night = add(shelf, moment(2) + "-aaaa", applied=["shop.0001", "shop.0002"], reason="each night")
    last = add(shelf, moment(3) + "-aaaa", applied=["shop.0001", "shop.0002"], before=["shop.0003"])
    assert shelf.fitting(["shop.0003"], "shop") == last
    # The one before the newest attempt has a migration in it that this release does not know.
    assert shelf.fitting(["shop.0002", "shop.0003"], "shop") == first
    assert shelf.find("") == last and shelf.find(night["id"]) == night and shelf.find("before shop.0002") == first


def test_when_none_fits_it_says_so_and_which_there_are(shelf):
    add(shelf, moment(1) + "-aaaa", applied=["shop.0001", "shop.0002"], before=["shop.0003", "shop.0004"])
    with pytest.raises(CommandFailed, match=r"no dump is from before shop.0002: .* has %s-aaaa \(before shop.0003 and 1 more\)" % moment(1)):
        shelf.fitting(["shop.0002"], "shop")


def test_a_dump_of_another_database_does_not_fit(shelf):
    add(shelf, moment(1) + "-aaaa", before=["shop.0002"], database="staging")
    with pytest.raises(CommandFailed, match="no dump is from before"):
        shelf.fitting(["shop.0002"], "shop")


@pytest.mark.parametrize("damage", ["cut", "changed", "longer"])
def test_a_damaged_dump_is_noticed(shelf, damage):
    record = add(shelf, moment(1) + "-aaaa", text="0123456789")
    shelf.verify(record)
    with open(shelf.path(record), "w") as file:
        file.write({"cut": "01234", "changed": "01234x6789", "longer": "0123456789x"}[damage])
    with pytest.raises(CommandFailed, match="is damaged"):
        shelf.verify(record)


def test_what_a_killed_run_left_is_no_dump_and_goes(shelf):
    kept = add(shelf, moment(1) + "-aaaa")
    for name in (moment(2) + "-aaaa.partial", moment(3) + "-aaaa.json", moment(4) + "-aaaa.dump"):
        path = os.path.join(shelf.folder, name)
        open(path, "w").close()
        os.utime(path, (0, 0))
    assert [record["id"] for record in shelf.records()] == [kept["id"]]
    shelf.prune(set(), number=1, days=36500)
    assert sorted(os.listdir(shelf.folder)) == [kept["id"] + ".dump", kept["id"] + ".json"]


EDITED = ['{"before": "shop.0002"}', '{"rows": {"shop_item": "7"}}', '{"rehearsed": "last night"}', '{"restores_in": "soon"}', "[]", "{", "[" * 100_000]


@pytest.mark.parametrize("text", EDITED, ids=lambda text: text[:30])
def test_a_record_that_somebody_edited_is_named_and_its_dump_stays(shelf, text):
    record = add(shelf, moment(1) + "-aaaa")
    for suffix in (".json", ".dump"):
        if suffix == ".json":
            with open(shelf.path(record, suffix), "w") as file:
                file.write(text)
        os.utime(shelf.path(record, suffix), (0, 0))
    add(shelf, moment(2) + "-aaaa")
    with pytest.raises(CommandFailed, match="%s is not as a deploy wrote it" % shelf.path(record, ".json")):
        Releases(os.path.dirname(shelf.folder)).refuse_unreadable()
    shelf.prune(set(), number=1, days=0)
    assert os.path.exists(shelf.path(record))
    assert [one["id"] for one in shelf.records()] == [moment(2) + "-aaaa"]


def test_a_dump_of_a_version_before_is_listed_and_never_chosen_by_itself(shelf):
    shelf.begin()
    old = "20260102T030405Z-0123456"
    open(os.path.join(shelf.folder, old + ".dump"), "w").close()
    assert shelf.find(old)["id"] == old
    with pytest.raises(CommandFailed, match=old):
        shelf.fitting(["shop.0002"], "shop")


def test_the_record_says_what_the_dump_is(shelf):
    record = add(shelf, moment(1) + "-aaaa", actor="ada", before=["shop.0002"], release=None)
    with open(shelf.path(record, ".json")) as file:
        assert json.load(file) == {**{key: value for key, value in record.items() if value is not None}}
    assert record["size"] == 4 and len(record["sha256"]) == 64


def test_the_last_rehearsal_is_known_of_any_dump(shelf):
    first, second = add(shelf, moment(1) + "-aaaa"), add(shelf, moment(2) + "-aaaa")
    assert shelf.proven() == 0
    shelf.note(second, rehearsed="2027-01-20T00:00:00Z")
    shelf.note(first, rehearsed="2027-01-21T00:00:00Z")
    assert shelf.proven() == 1_800_489_600


@pytest.mark.parametrize("number, days, left", [(3, 36500, 3), (100, 2, 2), (0, 36500, 0)])
def test_number_and_age(number, days, left):
    records = [{"id": "%s-aaaa" % moment(day), "reason": "each night"} for day in range(10)]
    gone = superfluous(records, set(), number=number, days=days, now=1_800_000_000 + 9 * DAY + DAY - 1)
    assert gone == [record["id"] for record in records[: len(records) - left]]


def deploys(seed):
    """A history: deploys that succeed, fail before or after their migration, are tried again or are rolled back from, and nightly dumps."""
    chance = random.Random(seed)
    known, applied, live, dumps, kept = {}, set(), None, [], []
    number, newest_failed = 0, None
    for second in range(1, 60):
        if chance.random() < 0.3:
            dumps.append({"id": "%s-aaaa" % moment(0, second * 10), "applied": sorted(applied), "reason": "each night"})
        elif chance.random() < 0.15 and len(kept) > 1:
            target = chance.choice(kept[:-1])  # a rollback that keeps the schema, or one that restores it
            if chance.random() < 0.5:
                fits = [dump for dump in dumps if not set(dump["applied"]) & (applied - known[target])]
                assert fits or not applied - known[target]
                applied = set(fits[-1]["applied"]) if fits and applied - known[target] else applied
            live = target
        else:
            name = "%s-0123456" % moment(0, second * 10)
            number += chance.random() < 0.6
            code = set(range(number))
            if code - applied:
                dumps.append({"id": "%s-aaaa" % moment(0, second * 10 + 1), "applied": sorted(applied), "before": sorted(code - applied), "attempt": name, "release": live})
                applied |= code
                newest_failed = dumps[-1]
            if chance.random() < 0.6:
                known[name] = code
                live = name
                kept.append(name)
        kept = [name for name in kept if name in (kept[-3:] + [live])]
        yield known, applied, dumps, kept, newest_failed


@pytest.mark.parametrize("seed", range(200))
def test_whatever_happens_no_dump_is_removed_that_a_rollback_to_a_kept_release_needs(seed):
    removed = set()
    for known, applied, dumps, kept, newest in deploys(seed):
        there = [dump for dump in dumps if dump["id"] not in removed]
        removed |= set(superfluous(there, set(kept), number=1, days=0, now=1_800_000_000 + 10 * DAY))
        assert newest is None or newest["id"] not in removed
        for release in kept:
            unknown = applied - known[release]
            if unknown:
                fits = [dump["id"] for dump in dumps if "before" in dump and not set(dump["applied"]) & unknown]
                assert fits[-1] not in removed, (release, unknown)


def test_a_full_disk_is_said_in_a_sentence(shelf, monkeypatch):
    add(shelf, "%s-aaaa" % moment(1))
    record = shelf.records()[0]

    def full(path, content, mode):
        raise OSError(28, "No space left on device", path)

    monkeypatch.setattr(module, "write_atomically", full)
    for write in (lambda: add(shelf, "%s-bbbb" % moment(2)), lambda: shelf.note(record, rehearsed="2027-01-20T00:00:00Z")):
        with pytest.raises(CommandFailed, match="backups could not be written: No space left on device"):
            write()
    assert [one["id"] for one in shelf.records()] == [record["id"]]
