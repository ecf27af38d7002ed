from __future__ import annotations

import os
import stat

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import undo
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import Restorable


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(undo, "FOLDER", str(tmp_path / "state"))
    return tmp_path


@pytest.mark.skipif(os.getuid() != 0, reason="the file is root's")
def test_another_process_can_put_back(folder):
    path, link = folder / "unit", folder / "link"
    path.write_bytes(b"before \xff")
    path.chmod(0o644)
    link.symlink_to("old")
    restorable = Restorable()
    for each in (path, link, folder / "new"):
        restorable.keep(str(each))
    undo.remember("shop", restorable, run="1-1-a", previous_slot="blue")
    assert stat.S_IMODE(os.stat(folder / "state" / "shop.undo").st_mode) == 0o600
    path.write_bytes(b"after")
    link.unlink()
    link.symlink_to("new")
    (folder / "new").write_text("")

    found = undo.recall("shop")
    assert (found["run"], found["previous_slot"]) == ("1-1-a", "blue")
    found["restorable"].restore()
    assert path.read_bytes() == b"before \xff"
    assert os.readlink(link) == "old"
    assert not (folder / "new").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="the file is root's")
def test_a_way_back_that_was_gone_is_forgotten(folder):
    path, other = folder / "app.env", folder / "new.env"
    path.write_text("old")
    path.chmod(0o640)
    other.write_text("new")
    restorable = Restorable()
    restorable.keep(str(path))
    undo.remember("shop", restorable, run="1-1-a")
    os.replace(other, path)
    undo.recall("shop")["restorable"].restore()
    undo.forget("shop")
    assert path.read_text() == "old"
    assert undo.recall("shop") is None
    assert not (folder / "app.env.kept").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="the file is root's")
def test_what_is_forgotten_cannot_be_recalled():
    undo.remember("shop", Restorable(), run="1-1-a")
    undo.forget("shop")
    undo.forget("shop")
    assert undo.recall("shop") is None
