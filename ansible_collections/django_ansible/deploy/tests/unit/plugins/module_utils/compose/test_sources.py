"""The files that a deploy brings."""
from __future__ import annotations

import base64
import contextlib
import json
import os
import stat
import subprocess
import sys

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.placing import Before
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.sources import Managed, dotenv
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree, Unsafe


def sources(**files):
    return json.dumps({name.replace("__", "/").replace("_", "."): {"content": base64.b64encode(text.encode()).decode(), "mode": "0644"} for name, text in files.items()})


def test_files_are_placed_at_once_and_keep_their_mode(tmp_path):
    (tmp_path / "compose.yml").write_text("old")
    (tmp_path / "compose.yml").chmod(0o640)
    managed = Managed.given(sources(compose_yml="new", conf__a_txt="a"), str(tmp_path), str(tmp_path / ".env.deploy"), {"A": "b"})
    assert managed.differing() == sorted(str(tmp_path / name) for name in (".env.deploy", "compose.yml", "conf/a.txt"))
    managed.place(Managed())
    assert managed.differing() == []
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in (".env.deploy", "compose.yml", "conf/a.txt")}
    assert modes == {".env.deploy": 0o600, "compose.yml": 0o640, "conf/a.txt": 0o644}


def test_a_link_makes_way_and_comes_back(tmp_path):
    (tmp_path / "real.yml").write_text("old")
    (tmp_path / "compose.yml").symlink_to("real.yml")
    managed = Managed.given(sources(compose_yml="new"), str(tmp_path), "", {})
    before = Before.of([managed.place_of(path) for path in managed.differing()])
    managed.place(Managed())
    assert not (tmp_path / "compose.yml").is_symlink()
    assert [(tmp_path / name).read_text() for name in ("compose.yml", "real.yml")] == ["new", "old"]
    before.restore()
    assert os.readlink(tmp_path / "compose.yml") == "real.yml"


def test_a_project_whose_folder_is_reached_by_a_link(tmp_path):
    (tmp_path / "disk/shop").mkdir(parents=True)
    (tmp_path / "shop").symlink_to("disk/shop")
    Managed.given(sources(compose_yml="new"), str(tmp_path / "shop"), "", {}).place(Managed())
    assert (tmp_path / "disk/shop/compose.yml").read_text() == "new"


def test_what_is_not_brought_any_more_goes_and_comes_back(tmp_path):
    earlier = Managed.given(sources(compose_yml="one", old_conf="x"), str(tmp_path), "", {})
    earlier.place(Managed())
    (tmp_path / "old.conf").chmod(0o640)
    managed = Managed.given(sources(compose_yml="two", new_conf="n"), str(tmp_path), "", {})
    before = Before.of([managed.place_of(path) for path in [*managed.differing(), *managed.obsolete(earlier)]])
    managed.place(earlier)
    assert sorted(os.listdir(tmp_path)) == ["compose.yml", "new.conf"]
    # As it is remembered on the host.
    Before(json.loads(json.dumps(before.saved))).restore()
    assert {name: (tmp_path / name).read_text() for name in os.listdir(tmp_path)} == {"compose.yml": "one", "old.conf": "x"}
    assert stat.S_IMODE((tmp_path / "old.conf").stat().st_mode) == 0o640


# What a container with a writable mount of a folder may plant in it.


@pytest.fixture
def mounted(tmp_path):
    """A project's folder and one of root's beside it, with a file that nothing may touch."""
    (tmp_path / "shop/data").mkdir(parents=True)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("root")
    return tmp_path


def bring(mounted, text="theirs"):
    return Managed.given(sources(data__passwd=text), str(mounted / "shop"), "", {})


def untouched(mounted):
    return os.listdir(mounted / "etc") == ["passwd"] and (mounted / "etc/passwd").read_text() == "root"


def test_a_planted_link_is_replaced_and_not_written_through(mounted):
    (mounted / "shop/data/passwd").symlink_to(mounted / "etc/passwd")
    bring(mounted).place(Managed())
    assert untouched(mounted)
    assert (mounted / "shop/data/passwd").read_text() == "theirs"


@pytest.mark.parametrize("act", ["differing", "place", "obsolete", "restore"])
def test_a_planted_link_for_a_folder_ends_the_deploy(mounted, act):
    managed = bring(mounted)
    before = Before.of([managed.place_of(path) for path in managed.files])
    (mounted / "shop/data").rmdir()
    (mounted / "shop/data").symlink_to(mounted / "etc")
    with pytest.raises(Unsafe, match="shop/data is a link where a folder belongs|shop/data"):
        {
            "differing": managed.differing,
            "place": lambda: managed.place(Managed()),
            "obsolete": lambda: Managed(folder=managed.folder).obsolete(managed),
            "restore": before.restore,
        }[act]()
    assert untouched(mounted)


def test_a_pipe_does_not_hold_the_deploy_up(mounted):
    os.mkfifo(mounted / "shop/data/passwd")
    with pytest.raises(Unsafe, match="data/passwd is a pipe where a file belongs"):
        bring(mounted).differing()


@pytest.mark.parametrize("name", ["../etc/passwd", "data/../../etc/passwd", "/etc/passwd"])
def test_a_name_that_leads_out_is_none(mounted, name):
    text = json.dumps({name: {"content": "", "mode": "0644"}})
    with pytest.raises(Unsafe, match="is not below the project's folder"):
        Managed.given(text, str(mounted / "shop"), "", {})


def test_a_file_that_goes_while_it_is_looked_at_ends_the_deploy_in_a_sentence(mounted, monkeypatch):
    (mounted / "shop/data/passwd").write_text("theirs")
    exists = Tree.exists

    def look_and_lose(tree, rel):
        found = exists(tree, rel)
        (mounted / "shop/data/passwd").unlink()
        return found

    monkeypatch.setattr(Tree, "exists", look_and_lose)
    with pytest.raises(Unsafe, match="data/passwd is not there"):
        Before.of([bring(mounted).place_of(str(mounted / "shop/data/passwd"))])


SWAP = """
import contextlib, os, shutil, sys
data, aside, root, swaps = sys.argv[1:]
count = 0
while True:
    for step in (lambda: shutil.rmtree(aside), lambda: os.rename(data, aside), lambda: os.symlink(root, data), lambda: os.unlink(data), lambda: os.rename(aside, data)):
        with contextlib.suppress(OSError):
            step()
    count += 1
    if count == 100:
        open(swaps, "w").close()
"""


def test_a_link_that_comes_and_goes_meanwhile_leads_nowhere(mounted, tmp_path_factory):
    """The container swaps the folder for a link to root's as fast as it can, while files are placed, put back and removed."""
    swaps = tmp_path_factory.mktemp("race") / "swaps"
    with subprocess.Popen([sys.executable, "-c", SWAP, *map(str, (mounted / "shop/data", mounted / "shop/aside", mounted / "etc", swaps))]) as container:
        try:
            number = 0
            while number < 200 or not swaps.exists():
                number += 1
                managed = bring(mounted, str(number))
                with contextlib.suppress(Unsafe):
                    before = Before.of([managed.place_of(path) for path in managed.differing()])
                    managed.place(Managed())
                    before.restore()
                with contextlib.suppress(Unsafe):
                    Managed(folder=managed.folder).place(managed)
                assert untouched(mounted)
        finally:
            container.kill()


def test_a_record_gives_the_same_files(tmp_path):
    managed = Managed.given(sources(compose_yml="one"), str(tmp_path), "", {})
    (tmp_path / "files.json").write_text(managed.dump())
    assert Managed.load(str(tmp_path / "files.json"), str(tmp_path / "compose.yml")).files == managed.files
    assert Managed.load(str(tmp_path / "none.json"), "").files == {}


def test_a_stage_looks_like_the_folder_with_the_files_in_it(tmp_path):
    folder, stage = tmp_path / "shop", tmp_path / "stage"
    (folder / "conf").mkdir(parents=True)
    (folder / "conf/host.conf").write_text("host")
    (folder / ".env").write_text("A=1")
    Managed.given(sources(compose_yml="new", conf__new_conf="n"), str(folder), "", {}).stage(str(folder), str(stage))
    found = {name: (stage / name).read_text() for name in ("compose.yml", "conf/new.conf", "conf/host.conf", ".env")}
    assert found == {"compose.yml": "new", "conf/new.conf": "n", "conf/host.conf": "host", ".env": "A=1"}
    assert sorted(os.listdir(folder)) == [".env", "conf"]


def test_dotenv():
    assert dotenv({"A": "x y$z", "B": "it's \"q\" $x\n\\"}) == '# Ansible managed\nA=\'x y$z\'\nB="it\'s \\"q\\" \\$x\\n\\\\"\n'
