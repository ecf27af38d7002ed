"""What a host says of a release when an upgrade of Debian brought another Python."""
from __future__ import annotations

import os

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import pythons
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import first_look, standing
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

RELEASE = "20260102T030405Z-0123456"
BUILD = "b" * 64


@pytest.fixture
def layout(tmp_path, monkeypatch):
    """A live release that was made with the host's own Python, 3.11, which is still there when 3.13 has come."""
    for name in ("python3.11", "python3.13"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(pythons, "OWN", str(tmp_path / "python3"))
    (tmp_path / "python3").symlink_to("python3.11")
    layout = Layout("mysite", str(tmp_path / "app"), str(tmp_path / "socket"))
    (tmp_path / "app/venvs/x/bin").mkdir(parents=True)
    (tmp_path / "app/venvs/x/lib/python3.11").mkdir(parents=True)
    (tmp_path / "app/venvs/x/bin/python").symlink_to(tmp_path / "python3.11")
    os.makedirs(layout.release_dir(RELEASE))
    os.symlink("../../venvs/x", layout.venv(RELEASE))
    layout.write_record(layout.release_dir(RELEASE), revision="0" * 40, build=BUILD, python="python3.11")
    os.makedirs(layout.slots)
    os.symlink("../releases/" + RELEASE, layout.slot_link("blue"))
    os.symlink("slots/blue", layout.current)
    return layout


def upgrade(tmp_path):
    (tmp_path / "python3").unlink()
    (tmp_path / "python3").symlink_to("python3.13")


def is_made(layout, build=BUILD):
    return first_look.made_from(layout, layout.read_release(RELEASE), build)


def test_the_same_commit_is_made_anew_and_the_old_release_can_still_start(layout, tmp_path):
    assert is_made(layout)
    assert not is_made(layout, "c" * 64)
    assert standing.old_python(layout) is None
    upgrade(tmp_path)
    assert not is_made(layout)
    assert layout.startable(RELEASE) == layout.release_dir(RELEASE)
    assert standing.old_python(layout) == "the live release runs in python3.11, and the host's own is python3.13 now: deploy before somebody removes python3.11"


def test_one_that_was_made_with_another_python_of_the_host_stays_what_it_is(layout, tmp_path):
    layout.mark_release(RELEASE, python=None)
    upgrade(tmp_path)
    assert is_made(layout)
    assert standing.old_python(layout) is None


def test_nothing_runs_code_whose_python_is_gone(layout, tmp_path):
    upgrade(tmp_path)
    (tmp_path / "python3.11").unlink()
    assert not is_made(layout)
    assert standing.old_python(layout) == "the Python of the live release is gone, so that it cannot start again: deploy, which makes it anew with python3.13"
    with pytest.raises(CommandFailed, match="%s cannot start any more, since the Python that it was made with is not on this host: deploy" % RELEASE):
        layout.startable(RELEASE)
