from __future__ import annotations

import base64
import grp
import os
import pwd
import socket
import stat

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile, Restorable, ensure_directory, replace_link

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


def replace(path, text):
    """As files are written here: a new one takes the name."""
    other = path.with_suffix(".new")
    other.write_text(text)
    os.replace(other, path)


def test_everything_is_put_back(tmp_path):
    kept, link, new, untouched, public = (tmp_path / name for name in ("kept", "link", "new", "untouched", "public"))
    untouched.write_text("as it is")
    untouched.chmod(0o640)
    public.write_text("before")
    public.chmod(0o644)
    kept.write_text("before")
    kept.chmod(0o600)
    link.symlink_to("target-before")
    restorable = Restorable()
    for path in (kept, link, new, kept, untouched, public):
        restorable.keep(str(path))
    replace(public, "after")
    replace(kept, "after")
    link.unlink()
    link.symlink_to("target-after")
    new.write_text("made")
    restorable.restore()
    assert kept.read_text() == "before"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert os.readlink(link) == "target-before"
    assert not new.exists()
    assert (untouched.read_text(), public.read_text()) == ("as it is", "before")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "link", "public", "untouched"]


def test_a_secret_is_kept_beside_itself_and_nowhere_else(tmp_path):
    path = tmp_path / "app.env"
    path.write_text("old-secret")
    path.chmod(0o640)
    restorable = Restorable()
    restorable.keep(str(path))
    assert base64.b64encode(b"old-secret").decode() not in str(restorable.dump())
    replace(path, "new")
    beside = tmp_path / "app.env.kept"
    assert (beside.read_text(), stat.S_IMODE(beside.stat().st_mode)) == ("old-secret", 0o640)
    restorable.forget()
    assert [found.name for found in tmp_path.iterdir()] == ["app.env"]


def test_socket_and_folder_are_put_back(tmp_path):
    path, folder = tmp_path / "app.sock", tmp_path / "src"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        (folder / "inside").mkdir(parents=True)
        restorable = Restorable()
        restorable.keep(str(path))
        replace_link("other.sock", str(path))
        restorable.set_aside(str(folder), str(folder) + ".before")
        restorable.keep(str(folder))
        replace_link("current", str(folder))
        restorable.restore()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
    assert (folder / "inside").is_dir()
    assert sorted(found.name for found in tmp_path.iterdir()) == ["app.sock", "src"]


def test_what_is_forgotten_leaves_nothing_behind(tmp_path):
    path = tmp_path / "app.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
    restorable = Restorable()
    restorable.keep(str(path))
    replace_link("other.sock", str(path))
    restorable.forget()
    restorable.restore()
    assert [found.name for found in tmp_path.iterdir()] == ["app.sock"]
    assert os.readlink(path) == "other.sock"


def test_directory_mode_is_exact_whatever_the_umask(tmp_path):
    before = os.umask(0o077)
    try:
        assert ensure_directory(str(tmp_path / "a" / "b"), 0o755, OWNER, GROUP)
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(tmp_path / "a" / "b").st_mode) == 0o755
    assert not ensure_directory(str(tmp_path / "a" / "b"), 0o755, OWNER, GROUP)
