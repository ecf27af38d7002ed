from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import threading
import time

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import copying, finished, ownership
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree, Unsafe

ME, MINE = os.getuid(), os.getgid()
AS_ROOT = pytest.mark.skipif(ME != 0, reason="only root gives files away")
SOMEBODY = 54321


@pytest.fixture
def top(tmp_path):
    (tmp_path / "outside/folder").mkdir(parents=True)
    (tmp_path / "outside/folder/sentinel").write_text("untouched")
    (tmp_path / "outside/folder/sentinel").chmod(0o600)
    (tmp_path / "tree").mkdir()
    yield tmp_path
    for path in (tmp_path / "outside", tmp_path / "outside/folder", tmp_path / "outside/folder/sentinel"):
        assert path.stat().st_uid == ME
    assert os.listdir(tmp_path / "outside/folder") == ["sentinel"]
    assert (tmp_path / "outside/folder/sentinel").read_text() == "untouched"
    assert stat.S_IMODE((tmp_path / "outside/folder/sentinel").stat().st_mode) == 0o600


@pytest.fixture
def tree(top):
    with Tree(str(top / "tree")) as opened:
        yield opened


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


# What it is for


def test_a_file_is_written_read_and_removed(tree, top):
    tree.ensure_directory("a/b", 0o750, ME, MINE)
    tree.write("a/b/file", b"content", 0o640, ME, MINE)
    assert tree.read("a/b/file", 10) == b"content"
    assert (mode(top / "tree/a"), mode(top / "tree/a/b"), mode(top / "tree/a/b/file")) == (0o750, 0o750, 0o640)
    assert [(entry.path, entry.kind, entry.size) for entry in tree.entries() if entry.kind == "file"] == [("a/b/file", "file", 7)]
    assert os.listdir(top / "tree/a/b") == ["file"]
    assert tree.remove("a") and not tree.remove("a")
    assert not tree.exists("a")


def test_the_hosts_umask_decides_nothing(tree, top):
    before = os.umask(0o077)
    try:
        tree.ensure_directory("a", 0o755, ME, MINE)
        tree.write("a/file", b"", 0o644, ME, MINE)
        copying.copy(tree, tree, "a", "b", ME, MINE)
    finally:
        os.umask(before)
    assert (mode(top / "tree/a"), mode(top / "tree/a/file"), mode(top / "tree/b"), mode(top / "tree/b/file")) == (0o755, 0o644, 0o755, 0o644)


def test_what_exists_keeps_its_mode(tree, top):
    (top / "tree/media").mkdir(mode=0o711)
    assert tree.ensure_directory("media", 0o755, ME, MINE) is False
    assert mode(top / "tree/media") == 0o711


def test_a_folder_is_copied_without_links_and_what_is_no_file(tree, top):
    source = top / "tree/source"
    (source / "inner").mkdir(parents=True)
    (source / "inner/run").write_bytes(b"x" * 3_000_000)
    (source / "inner/run").chmod(0o4777)
    os.utime(source / "inner/run", (1, 1))
    (source / "link").symlink_to(top / "outside/folder/sentinel")
    os.mkfifo(source / "pipe")
    assert copying.copy(tree, tree, "source", "copy", ME, MINE) == ["source/link", "source/pipe"]
    assert sorted(entry.path for entry in tree.entries("copy")) == ["copy/inner", "copy/inner/run"]
    assert (top / "tree/copy/inner/run").read_bytes() == b"x" * 3_000_000
    assert (mode(top / "tree/copy/inner/run"), os.stat(top / "tree/copy/inner/run").st_mtime) == (0o755, 1)


def test_one_file_is_copied_into_another_tree(tree, top):
    (top / "other").mkdir()
    tree.write("file", b"content", 0o600, ME, MINE)
    with Tree(str(top / "other")) as other:
        assert copying.copy(tree, other, "file", "name", ME, MINE, file_mode=0o644) == []
        assert other.read("name", 10) == b"content"
    assert mode(top / "other/name") == 0o644


def test_links_are_made_and_told(tree):
    assert tree.link("../shared/media", "media") is True
    assert tree.link("../shared/media", "media") is False
    assert tree.link_text("media") == "../shared/media"
    assert tree.kind("media") == "link"


def test_paths_move_within_a_tree_and_to_another(tree, top):
    tree.write("one", b"1", 0o644, ME, MINE)
    tree.rename("one", "two")
    (top / "other").mkdir()
    with Tree(str(top / "other")) as other:
        tree.rename("two", "three", other)
        assert other.read("three", 1) == b"1"
    assert list(tree.entries()) == []


def test_a_folder_of_a_tree_is_a_tree(tree):
    tree.ensure_directory("a/b", 0o755, ME, MINE)
    with tree.below("a") as inner:
        assert [entry.path for entry in inner.entries()] == ["b"]


def test_a_finished_tree_is_handed_over(tree, top):
    (top / "tree/bin").mkdir(mode=0o700)
    (top / "tree/bin/run").write_text("")
    (top / "tree/bin/run").chmod(0o700)
    (top / "tree/data").write_text("")
    (top / "tree/data").chmod(0o666)
    (top / "tree/link").symlink_to(top / "outside/folder/sentinel")
    ownership.hand_over(tree, ME, MINE, 0o750, 0o640)
    assert [mode(top / "tree" / name) for name in (".", "bin", "bin/run", "data")] == [0o750, 0o750, 0o750, 0o640]


@AS_ROOT
def test_links_and_pipes_are_owned_themselves(tree, top):
    (top / "tree/link").symlink_to(top / "outside/folder/sentinel")
    os.mkfifo(top / "tree/pipe")
    ownership.own(tree, SOMEBODY, SOMEBODY)
    assert [os.lstat(top / "tree" / name).st_uid for name in (".", "link", "pipe")] == [SOMEBODY] * 3


# Who plants something


WAYS = {
    "read": lambda tree, rel: tree.read(rel, 100),
    "write": lambda tree, rel: tree.write(rel, b"evil", 0o666, ME, MINE),
    "ensure": lambda tree, rel: tree.ensure_directory(rel, 0o777, ME, MINE),
    "copy to": lambda tree, rel: copying.copy(tree, tree, "plain", rel, ME, MINE),
    "copy from": lambda tree, rel: copying.copy(tree, tree, rel, "copy", ME, MINE),
    "own": lambda tree, rel: ownership.own(tree, ME, MINE, rel),
    "rename": lambda tree, rel: tree.rename(rel, "moved"),
    "rename to": lambda tree, rel: tree.rename("plain", rel),
    "link": lambda tree, rel: tree.link("text", rel),
    "remove": lambda tree, rel: tree.remove(rel),
    "look": lambda tree, rel: tree.look(rel),
    "entries": lambda tree, rel: list(tree.entries(rel)),
    "below": lambda tree, rel: tree.below(rel),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("position", ["first", "middle"])
def test_no_link_on_the_way_is_followed(tree, top, way, position):
    (top / "tree/plain").write_text("x")
    (top / "tree/deep").mkdir()
    (top / "tree/deep/planted").symlink_to(top / "outside")
    (top / "tree/planted").symlink_to(top / "outside")
    path = {"first": "planted/folder/sentinel", "middle": "deep/planted/folder/sentinel"}[position]
    with pytest.raises(Unsafe, match="planted is a link where a folder belongs"):
        WAYS[way](tree, path)


@pytest.mark.parametrize("way", sorted(set(WAYS)))
def test_no_link_at_the_end_is_followed(tree, top, way):
    (top / "tree/plain").write_text("x")
    (top / "tree/planted").symlink_to(top / "outside/folder/sentinel")
    try:
        WAYS[way](tree, "planted")
    except Unsafe as error:
        assert "planted" in str(error)
    assert not (top / "tree/copy").exists()


@pytest.mark.parametrize("path", ["../outside", "a/../../outside", "a/.."])
def test_no_path_leads_up(tree, path):
    with pytest.raises(Unsafe, match="only goes down"):
        tree.read(path, 1)


def test_an_absolute_path_is_below_the_tree(tree, top):
    tree.write("/a", b"", 0o600, ME, MINE)
    assert (top / "tree/a").exists()


@pytest.mark.parametrize("way", ["read", "copy from", "own", "remove", "look", "entries"])
def test_a_pipe_keeps_nobody_waiting(tree, top, way):
    os.mkfifo(top / "tree/pipe")
    started = time.monotonic()
    try:
        WAYS[way](tree, "pipe")
    except Unsafe as error:
        assert "pipe" in str(error)
    assert time.monotonic() - started < 20


@AS_ROOT
def test_a_device_is_neither_read_nor_given_away(tree, top):
    try:
        os.mknod(top / "tree/zero", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("no devices may be made here")
    with pytest.raises(Unsafe, match="zero is a device where a file belongs"):
        tree.read("zero", 1)
    assert copying.copy(tree, tree, "zero", "copy", ME, MINE) == ["zero"]
    with pytest.raises(Unsafe, match="zero is a device, which is given to nobody"):
        ownership.own(tree, SOMEBODY, SOMEBODY)


@AS_ROOT
def test_a_second_name_of_somebody_elses_file_is_not_given_away(tree, top):
    os.link(top / "outside/folder/sentinel", top / "tree/planted")
    with pytest.raises(Unsafe, match="planted is a second name of somebody else's file"):
        ownership.own(tree, SOMEBODY, SOMEBODY, of=SOMEBODY + 1)


@AS_ROOT
def test_second_names_of_the_makers_own_files_are_given_away(tree, top):
    (top / "tree/a").write_text("")
    os.chown(top / "tree/a", SOMEBODY, SOMEBODY)
    os.link(top / "tree/a", top / "tree/b")
    ownership.hand_over(tree, 0, 0, 0o755, 0o644, of=SOMEBODY)
    assert os.stat(top / "tree/b").st_uid == 0


def test_a_name_that_no_file_can_have(tree):
    with pytest.raises(Unsafe, match="more than 255 bytes"):
        tree.write("a/" + "n" * 300, b"", 0o644, ME, MINE)


def test_the_longest_name_is_written(tree):
    tree.write("n" * 255, b"", 0o644, ME, MINE)
    assert tree.exists("n" * 255)


def test_sentences_hold_no_line_of_somebody_else(tree, top):
    (top / "tree" / "a\n::error::b\x1b").mkdir()
    with pytest.raises(Unsafe) as caught:
        tree.read("a\n::error::b\x1b", 1)
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)


def test_a_file_that_is_larger_than_expected_is_not_read(tree):
    tree.write("big", b"12345", 0o644, ME, MINE)
    with pytest.raises(Unsafe, match="more than 4 bytes"):
        tree.read("big", 4)


def test_a_folder_where_a_file_belongs(tree, top):
    tree.ensure_directory("settings.py", 0o755, ME, MINE)
    with pytest.raises(Unsafe, match="is a folder where a file belongs"):
        tree.write("settings.py", b"", 0o644, ME, MINE)
    assert os.listdir(top / "tree") == ["settings.py"]


def test_what_is_not_there_is_named(tree):
    with pytest.raises(Unsafe, match="tree/missing is not there"):
        tree.read("missing", 1)


def nest(folder, depth):
    descriptor = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=descriptor)
        inner = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)


def test_folders_without_end_are_removed_and_not_walked(tree, top):
    (top / "tree/deep").mkdir()
    nest(top / "tree/deep", 1500)
    with pytest.raises(Unsafe, match="more than 200 folders deep"):
        list(tree.entries())
    assert tree.remove("deep") is True
    assert os.listdir(top / "tree") == []


def test_removing_keeps_what_a_link_leads_to(tree, top):
    (top / "tree/a").mkdir()
    (top / "tree/a/link").symlink_to(top / "outside/folder")
    (top / "tree/link").symlink_to(top / "outside/folder")
    assert tree.remove(".") is True
    assert os.listdir(top / "tree") == []


# The root itself


def test_a_root_behind_somebodys_link_is_refused(top):
    (top / "tree/link").symlink_to(top / "outside")
    os.chmod(top / "tree", 0o777)
    with pytest.raises(Unsafe, match="link is a link where a folder belongs"):
        Tree(str(top / "tree/link/folder"))


@AS_ROOT
@pytest.mark.parametrize("text", ["../outside", "{top}/outside"])
def test_roots_own_link_on_the_way_is_followed(top, text):
    (top / "tree/link").symlink_to(text.format(top=top))
    with Tree(str(top / "tree/link/folder")) as tree:
        assert tree.read("sentinel", 100) == b"untouched"


@AS_ROOT
def test_a_link_that_another_user_made_is_not_followed(top):
    (top / "tree/link").symlink_to("../outside")
    os.chown(top / "tree/link", SOMEBODY, SOMEBODY, follow_symlinks=False)
    with pytest.raises(Unsafe, match="is a link"):
        Tree(str(top / "tree/link"))


@AS_ROOT
def test_a_circle_of_links_ends(top):
    (top / "tree/link").symlink_to("link")
    with pytest.raises(Unsafe, match="more than 40 links"):
        Tree(str(top / "tree/link"))


def test_a_root_is_a_folder_with_an_absolute_path(top):
    with pytest.raises(Unsafe, match="sentinel is a file where a folder belongs"):
        Tree(str(top / "outside/folder/sentinel"))
    with pytest.raises(Unsafe, match="no absolute path"):
        Tree("tree")
    with pytest.raises(Unsafe, match="missing is not there"):
        Tree(str(top / "missing"))


# What a finished tree must not have


def problems(tree, *allowed):
    return sorted(finished.problems(tree, allowed))


@pytest.mark.parametrize(
    "text", ["../outside", "a/../../outside", "/etc/passwd", "deep/deeper/../../..", "round/../x/../../..", "/usr/lib/../../etc/passwd", "python/../../etc"]
)
def test_links_that_leave_a_tree(tree, top, text):
    (top / "tree/deep/deeper").mkdir(parents=True)
    (top / "tree/python").symlink_to("/usr/lib/python3")
    (top / "tree/round").symlink_to("deep/deeper")
    (top / "tree/link").symlink_to(text)
    assert [problem.split(" is ")[0] for problem in problems(tree, "/usr/lib")] == [str(top / "tree/link")]


@pytest.mark.parametrize("text", ["deep", "./deep/../deep", "deeper/file", "missing", "link", "/usr/bin/python3", "python/x", "up/x"])
def test_links_that_stay_or_lead_where_they_may(tree, top, text):
    (top / "tree/deep").mkdir()
    (top / "tree/deeper").symlink_to("deep")
    (top / "tree/up").symlink_to("deep/..")
    (top / "tree/python").symlink_to("/usr/bin/python3")
    (top / "tree/link").symlink_to(text)
    assert problems(tree, "/usr/bin/python3") == []


def test_a_prefix_ends_with_a_name(tree, top):
    (top / "tree/link").symlink_to("/usr/bin-evil/x")
    assert "is a link to /usr/bin-evil/x, which is outside" in problems(tree, "/usr/bin")[0]


def test_pipes_and_set_modes_are_problems(tree, top):
    os.mkfifo(top / "tree/pipe")
    (top / "tree/set").write_text("")
    (top / "tree/set").chmod(0o4755)
    (top / "tree" / "two\nlines").write_text("")
    told = problems(tree)
    assert len(told) == 3
    assert "tree/pipe is a pipe" in told[0] and "tree/set has the mode 4755" in told[1] and "line break" in told[2]


# Races: another process swaps a folder for a link as fast as it can


SWAP = """
import ctypes, os, sys
top = sys.argv[1]
exchange = ctypes.CDLL(None).renameat2
one, other = (top + "/tree/a").encode(), (top + "/other").encode()
print("ready", flush=True)
while True:
    if exchange(-100, one, -100, other, 2):  # AT_FDCWD, RENAME_EXCHANGE
        for path in (one, other):  # It was removed.
            if not os.path.lexists(path):
                os.symlink(top + "/outside", path) if os.path.isdir(other) and not os.path.islink(other) else os.makedirs(path + b"/folder", exist_ok=True)
"""


@pytest.fixture
def swapped(top):
    """Within `tree`, `a` is a folder at one moment and a link to `outside` at the next."""
    (top / "tree/a/folder").mkdir(parents=True)
    (top / "source").mkdir()
    (top / "source/sentinel").write_text("evil")
    (top / "other").symlink_to(top / "outside")
    process = subprocess.Popen([sys.executable, "-c", SWAP, str(top)], stdout=subprocess.PIPE)
    process.stdout.readline()
    yield
    process.kill()
    process.wait()


RACES = {
    "ensure": lambda tree, source: tree.ensure_directory("a/folder/new", 0o777, ME, MINE),
    "write": lambda tree, source: tree.write("a/folder/sentinel", b"evil", 0o666, ME, MINE),
    "copy": lambda tree, source: copying.copy(source, tree, ".", "a/folder", ME, MINE),
    "copy out": lambda tree, source: copying.copy(tree, source, "a", "copy", ME, MINE),
    "own": lambda tree, source: ownership.own(tree, SOMEBODY if ME == 0 else ME, MINE, "a"),
    "remove": lambda tree, source: tree.remove("a"),
    "hand over": lambda tree, source: ownership.hand_over(tree, ME, MINE, 0o777, 0o666),
}


@pytest.mark.parametrize("race", RACES)
def test_200_races_change_nothing_outside(swapped, top, race):
    rounds = refused = 0
    must_refuse = race not in ("own", "remove", "hand over")  # These take a link for what it is.
    with Tree(str(top / "tree")) as tree, Tree(str(top / "source")) as source:
        while rounds < 200 or (must_refuse and not refused and rounds < 20000):
            rounds += 1
            try:
                RACES[race](tree, source)
            except Unsafe:
                refused += 1
    assert refused or not must_refuse, "nothing was swapped while this ran"
    if race == "copy out":
        assert not [entry.path for entry in Tree(str(top / "source")).entries() if entry.path.startswith("copy/folder/sentinel")]
    # The fixture `top` looks at what is outside.


def test_the_races_are_lost_without_descriptors(swapped, top):
    """What stood here before goes outside: the races are real."""
    (top / "copy").mkdir()
    for _ in range(2000):
        try:
            shutil.copy(str(top / "tree/a/folder/sentinel"), str(top / "copy"))
            break
        except OSError:
            pass
    assert (top / "copy/sentinel").read_text() == "untouched"


def test_a_folder_that_is_filled_again_and_again_is_given_up(tree, top):
    done = threading.Event()

    def fill():
        while not done.is_set():
            try:
                os.mkdir(top / "tree/a")
            except OSError:
                pass
            for number in range(3):
                try:
                    os.mkdir(top / ("tree/a/%d" % number))
                except OSError:
                    pass

    threads = [threading.Thread(target=fill) for _ in range(2)]
    for thread in threads:
        thread.start()
    started = time.monotonic()
    try:
        tree.remove("a")
    except Unsafe as error:
        assert "busy" in str(error)
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert time.monotonic() - started < 60
