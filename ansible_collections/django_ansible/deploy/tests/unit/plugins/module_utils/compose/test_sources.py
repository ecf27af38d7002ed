"""The files that a deploy brings."""
from __future__ import annotations

import base64
import json
import os
import stat

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.sources import Managed, dotenv
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import Restorable


def sources(**files):
    return json.dumps({name.replace("__", "/").replace("_", "."): {"content": base64.b64encode(text.encode()).decode(), "mode": "0644"} for name, text in files.items()})


def test_files_are_placed_at_once_and_keep_their_mode(tmp_path):
    (tmp_path / "compose.yml").write_text("old")
    (tmp_path / "compose.yml").chmod(0o640)
    managed = Managed.given(sources(compose_yml="new", conf__a_txt="a"), str(tmp_path), str(tmp_path / ".env.deploy"), {"A": "b"})
    assert managed.differing() == sorted(str(tmp_path / name) for name in (".env.deploy", "compose.yml", "conf/a.txt"))
    managed.place(Restorable(), Managed())
    assert managed.differing() == []
    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in (".env.deploy", "compose.yml", "conf/a.txt")}
    assert modes == {".env.deploy": 0o600, "compose.yml": 0o640, "conf/a.txt": 0o644}


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.yml").write_text("old")
    (tmp_path / "compose.yml").symlink_to("real.yml")
    Managed.given(sources(compose_yml="new"), str(tmp_path), "", {}).place(Restorable(), Managed())
    assert (tmp_path / "compose.yml").is_symlink()
    assert (tmp_path / "real.yml").read_text() == "new"


def test_what_is_not_brought_any_more_goes_and_comes_back(tmp_path):
    before = Managed.given(sources(compose_yml="one", old_conf="x"), str(tmp_path), "", {})
    before.place(Restorable(), Managed())
    restorable = Restorable()
    Managed.given(sources(compose_yml="two"), str(tmp_path), "", {}).place(restorable, before)
    assert os.listdir(tmp_path) == ["compose.yml"]
    restorable.restore()
    assert {name: (tmp_path / name).read_text() for name in os.listdir(tmp_path)} == {"compose.yml": "one", "old.conf": "x"}


def test_a_record_gives_the_same_files(tmp_path):
    managed = Managed.given(sources(compose_yml="one"), str(tmp_path), "", {})
    (tmp_path / "files.json").write_text(managed.dump())
    assert Managed.load(str(tmp_path / "files.json")).files == managed.files
    assert Managed.load(str(tmp_path / "none.json")).files == {}


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
