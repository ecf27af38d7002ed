from __future__ import annotations

import grp
import os
import pwd
import stat

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.files import ManagedFile, Restorable, ensure_directory

OWNER = pwd.getpwuid(os.getuid()).pw_name
GROUP = grp.getgrgid(os.getgid()).gr_name


def managed(path, content="new\n", mode="0640", secret=False):
    return ManagedFile(str(path), content, mode, OWNER, GROUP, secret)


def test_file_is_written_with_its_mode(tmp_path):
    file = managed(tmp_path / "file")
    assert file.differs()
    file.write()
    assert not file.differs()
    assert stat.S_IMODE(os.stat(file.path).st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("spoil", [lambda path: path.write_text("other"), lambda path: path.chmod(0o644)])
def test_content_and_mode_both_count(tmp_path, spoil):
    file = managed(tmp_path / "file")
    file.write()
    spoil(tmp_path / "file")
    assert file.differs()


def test_diff_of_a_secret_file_shows_no_content(tmp_path):
    (tmp_path / "file").write_text("old-secret")
    assert "secret-" not in str(managed(tmp_path / "file", "new-secret-value", secret=True).diff()).replace("new-secret-value", "secret-")
    assert "old-secret" not in str(managed(tmp_path / "file", secret=True).diff())
    assert "old-secret" in str(managed(tmp_path / "file").diff())


def test_everything_is_put_back(tmp_path):
    kept, link, new = tmp_path / "kept", tmp_path / "link", tmp_path / "new"
    kept.write_text("before")
    kept.chmod(0o600)
    link.symlink_to("target-before")
    restorable = Restorable()
    for path in (kept, link, new, kept):
        restorable.keep(str(path))
    kept.write_text("after")
    kept.chmod(0o644)
    link.unlink()
    link.symlink_to("target-after")
    new.write_text("made")
    restorable.restore()
    assert kept.read_text() == "before"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert os.readlink(link) == "target-before"
    assert not new.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "link"]


def test_directory_mode_is_exact_whatever_the_umask(tmp_path):
    before = os.umask(0o077)
    try:
        assert ensure_directory(str(tmp_path / "a" / "b"), 0o755, OWNER, GROUP)
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(tmp_path / "a" / "b").st_mode) == 0o755
    assert not ensure_directory(str(tmp_path / "a" / "b"), 0o755, OWNER, GROUP)
