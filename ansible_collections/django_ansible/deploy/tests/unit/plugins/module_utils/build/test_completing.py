"""A commit is made from an earlier release and what that lacks: the same in every path, mode and byte, or not at all."""
from __future__ import annotations

import json
import os
import subprocess
import tarfile
import time

import pytest
from ansible import constants as C
from ansible_collections.django_ansible.deploy.plugins.module_utils.build import contents
from ansible_collections.django_ansible.deploy.plugins.module_utils.build.completing import Lost, complete, completed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import kept_code
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.checkout import Checkout, code_of, note_code

RELEASE = "20260102T030405Z-0123456"


class Site:
    """A repository, and a host that has releases of it."""

    def __init__(self, tmp_path):
        self.folder, self.host = tmp_path / "site", tmp_path / "host"
        self.layout = Layout("mysite", str(self.host), str(tmp_path / "socket"))
        (self.host / "releases").mkdir(parents=True)
        self.folder.mkdir()
        self.git("init", "--quiet")
        self.write("manage.py", b"print()\n")
        self.write("data/photo.bin", os.urandom(400_000))
        self.write("data/other.bin", os.urandom(100_000))
        self.write("bin/tool", b"#!/bin/sh\n", 0o755)
        self.write("a name \u00fc.txt", b"")
        self.write(b"not-\xff-text".decode(errors="surrogateescape"), b"bytes")
        (self.folder / "latest").symlink_to("data/photo.bin")

    def git(self, *arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        return subprocess.run(["git", *identity, "-C", str(self.folder), *arguments], check=True, capture_output=True, text=True).stdout.strip()

    def write(self, name, content, mode=0o644):
        path = os.path.join(str(self.folder), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, mode)

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "A commit")
        return Checkout(str(self.folder), self.git("rev-parse", "HEAD"))

    def unpack(self, archive, release):
        place = self.layout.release_dir(release)
        os.makedirs(place)
        subprocess.run(["tar", "--extract", "--file", archive, "--directory", place], check=True)
        return place

    def release(self, checkout, name=RELEASE):
        """Puts a commit on the host as a deploy does that brings all of it."""
        (upload,) = checkout.uploads(None)
        place, told = self.unpack(upload.archive, name), contents.unpacked(upload.contents)
        with Tree(place) as tree:
            tree.write("REVISION", b"", 0o644, os.getuid(), os.getgid())
            kept_code.keep(tree, told["files"], told["moments"])
        return place

    def complete(self, upload, name="20270102T030405Z-0123456"):
        """What the host makes of an upload that has only what a release lacks."""
        told = contents.unpacked(upload.contents)
        known = kept_code.read(self.layout, told["release"])
        wanted, whole = completed(known, told), str(self.host / "whole.tar")
        with Tree(self.layout.release_dir(told["release"])) as tree:
            complete(tree, known, wanted, upload.archive, max(told["moments"]), whole)
        return self.unpack(whole, name)

    def has(self):
        return kept_code.answer(self.layout, {"live": {"release": RELEASE}, "releases": []}, "a" * 40)


@pytest.fixture
def site(tmp_path, monkeypatch):
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(C, "DEFAULT_LOCAL_TMP", str(tmp_path / "tmp"))
    return Site(tmp_path)


def tree_of(folder):
    """Every path with its mode, time and bytes, or its link's text."""
    found = {}
    for top, folders, files in os.walk(os.fsencode(folder)):
        for name in [*folders, *files]:
            path = os.path.join(top, name)
            state = os.lstat(path)
            link = os.path.islink(path)
            what = os.readlink(path) if link else None if os.path.isdir(path) else open(path, "rb").read()
            found[os.path.relpath(path, os.fsencode(folder))] = (what, None if link else (state.st_mode, int(state.st_mtime)))
    return found


def size(upload):
    return os.path.getsize(upload.archive) + len(upload.contents)


def test_what_comes_out_is_the_commit_and_little_is_brought(site):
    site.release(site.commit())
    site.write("manage.py", b"print(2)\n")
    site.write("new/file.py", b"new")
    site.write("bin/tool", b"#!/bin/sh\n", 0o644)
    site.git("mv", "data/other.bin", "elsewhere.bin")
    (site.folder / "latest").unlink()
    (site.folder / "latest").symlink_to("elsewhere.bin")
    checkout = site.commit()
    part, whole = checkout.uploads(site.has())
    assert size(part) < 2000 < 400_000 < size(whole)
    assert tree_of(site.complete(part)) == tree_of(site.unpack(whole.archive, "20280102T030405Z-0123456"))


def test_a_release_made_so_serves_as_an_earlier_one_itself(site):
    site.release(site.commit())
    site.write("manage.py", b"print(2)\n")
    second = site.commit()
    part, _ = second.uploads(site.has())
    told = contents.unpacked(part.contents)
    known = completed(kept_code.read(site.layout, RELEASE), told)
    assert known == second.contents
    with Tree(site.complete(part)) as tree:
        kept_code.keep(tree, known, told["moments"])
    assert kept_code.read(site.layout, "20270102T030405Z-0123456") == second.contents


@pytest.mark.parametrize("names", [["data/photo.bin"], ["data/photo.bin", "data/other.bin", "bin/tool"]])
def test_a_release_that_somebody_changed_is_found_out(site, names):
    place = site.release(site.commit())
    site.write("manage.py", b"print(2)\n")
    part, whole = site.commit().uploads(site.has())
    for name in names:
        with open(os.path.join(place, name), "r+b") as file:
            file.write(b"altered!")
    with pytest.raises(Lost, match="data/photo.bin is not what it was|bin/tool is not what it was|data/other.bin is not what it was"):
        site.complete(part)
    assert contents.unpacked(whole.contents)["release"] == ""


def test_a_link_or_a_gap_in_the_place_of_a_file_is_found_out(site):
    place = site.release(site.commit())
    part, _ = site.commit().uploads(site.has())
    os.unlink(os.path.join(place, "data/photo.bin"))
    with pytest.raises(Lost, match="data/photo.bin is not there"):
        site.complete(part)
    os.symlink("/etc/passwd", os.path.join(place, "data/photo.bin"))
    with pytest.raises(Lost, match="is a link where a file belongs"):
        site.complete(part)


def test_a_list_that_somebody_changed_is_found_out(site):
    place = site.release(site.commit())
    part, _ = site.commit().uploads(site.has())
    with open(os.path.join(place, kept_code.NAME), "r+", encoding="utf-8") as file:
        known = json.load(file)
        file.seek(0)
        json.dump({**known, "planted.py": known["manage.py"]}, file)
    with pytest.raises(Lost, match="does not list the same files"):
        site.complete(part)
    os.unlink(os.path.join(place, kept_code.NAME))
    with pytest.raises(Lost, match="does not list the same files"):
        site.complete(part)
    assert site.has() is None


def test_what_a_command_of_the_project_wrote_or_a_shared_path_took_away_is_none_of_the_commit(site):
    first = site.commit()
    place = site.release(first)
    os.utime(os.path.join(place, "manage.py"), (time.time() + 10,) * 2)
    os.unlink(os.path.join(place, "data/photo.bin"))
    os.symlink("../shared", os.path.join(place, "data/photo.bin"))
    os.unlink(os.path.join(place, "latest"))
    os.symlink("elsewhere", os.path.join(place, "latest"))
    with Tree(place) as tree:
        kept_code.keep(tree, first.contents, first.moments)
    assert set(first.contents) - set(kept_code.read(site.layout, RELEASE)) == {"manage.py", "data/photo.bin", "latest"}
    part, _ = site.commit().uploads(site.has())
    assert size(part) > 400_000
    site.complete(part)


def test_a_small_checkout_goes_whole_and_leaves_no_list(site):
    for name in ("photo.bin", "other.bin"):
        site.write("data/" + name, b"small")
    (upload,) = site.commit().uploads({"release": RELEASE, "contents": contents.packed({"manage.py": "f644 0"})})
    assert upload.contents == ""


@pytest.mark.parametrize("word", ["", "AAAA", contents.packed([]), contents.packed({"a": 1}), contents.packed({"a": ""}), "é"])
def test_a_host_that_answers_nonsense_gets_all(site, word):
    (upload,) = site.commit().uploads({"release": RELEASE, "contents": word})
    assert contents.unpacked(upload.contents)["release"] == ""


def test_a_word_that_grows_without_end_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(contents, "LARGEST_TEXT", 1000)
    with pytest.raises(ValueError, match="larger than 1000 bytes"):
        contents.unpacked(contents.packed({"a": "b" * 1000}))


def test_a_host_that_claims_what_it_has_not_gets_all_in_the_end(site):
    site.release(site.commit())
    site.write("data/photo.bin", os.urandom(400_000))
    checkout = site.commit()
    liar = {"release": RELEASE, "contents": contents.packed({path: contents.abridged(what) for path, what in checkout.contents.items()})}
    part, _ = checkout.uploads(liar)
    with pytest.raises(Lost):
        site.complete(part)


def test_an_archive_is_made_once_whatever_the_number_of_hosts(site, monkeypatch):
    checkout = site.commit()
    first = [os.stat(upload.archive).st_mtime_ns for upload in checkout.uploads(None)]
    again = Checkout(checkout.workspace, checkout.revision)
    assert [os.stat(upload.archive).st_mtime_ns for upload in again.uploads(None)] == first
    assert again.contents == checkout.contents


def test_what_a_host_has_waits_for_the_step_that_brings_the_code(site):
    note_code("app1", {"release": RELEASE, "contents": "x"})
    note_code("app2", None)
    assert code_of("app1") == {"release": RELEASE, "contents": "x"}
    assert code_of("app2") is None


def test_an_archive_with_a_device_is_not_described(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        member = tarfile.TarInfo("null")
        member.type = tarfile.CHRTYPE
        tar.addfile(member)
    with tarfile.open(tmp_path / "a.tar") as tar:
        assert contents.contents_of(tar) is None


@pytest.mark.parametrize(
    "revision, releases, lacks",
    [
        ("a" * 40, [], True),
        ("a" * 40, [{"revision": "b" * 40, "as_built": True}], True),
        ("a" * 40, [{"revision": "a" * 40, "as_built": False}], True),
        ("a" * 40, [{"revision": "a" * 40, "as_built": True}], False),
        ("", [], False),
    ],
)
def test_what_a_release_has_is_told_where_another_one_is_to_be_made_from_a_checkout(site, revision, releases, lacks):
    site.release(site.commit())
    assert (kept_code.answer(site.layout, {"live": {"release": RELEASE}, "releases": releases}, revision) is not None) is lacks
    assert kept_code.answer(site.layout, {"live": {"release": None}, "releases": releases}, revision) is None
