from __future__ import annotations

import getpass
import grp
import os

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.shared import share


class Folders:
    def __init__(self, shared):
        self.shared = str(shared)


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "r1/media/avatars").mkdir(parents=True)
    (tmp_path / "r1/media/avatars/a.png").write_text("tracked")
    (tmp_path / "r1/notes.txt").write_text("tracked")
    return tmp_path


def test_paths_of_the_checkout_are_shared_and_begin_with_what_it_has(checkout):
    params = {"app_user": getpass.getuser(), "app_group": grp.getgrgid(os.getgid()).gr_name, "shared_paths": ["media", "notes.txt", "web/uploads"]}
    share(Folders(checkout / "shared"), params, str(checkout / "r1"))
    assert (checkout / "r1/media/avatars/a.png").read_text() == "tracked"
    assert os.readlink(checkout / "r1/media") == str(checkout / "shared/media")
    assert (checkout / "r1/notes.txt").resolve() == checkout / "shared/notes.txt"
    assert (checkout / "r1/web/uploads").is_dir()


def test_what_is_shared_already_stays(checkout):
    params = {"app_user": getpass.getuser(), "app_group": grp.getgrgid(os.getgid()).gr_name, "shared_paths": ["media"]}
    (checkout / "shared/media").mkdir()
    (checkout / "shared/media/b.png").write_text("uploaded")
    share(Folders(checkout / "shared"), params, str(checkout / "r1"))
    assert [path.name for path in (checkout / "r1/media").iterdir()] == ["b.png"]
