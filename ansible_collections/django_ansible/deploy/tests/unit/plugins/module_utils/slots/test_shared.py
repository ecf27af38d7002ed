from __future__ import annotations

import getpass
import grp
import os
import pwd
import stat
import subprocess
import sys

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree, Unsafe
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import shared
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


@pytest.fixture(autouse=True)
def group(monkeypatch):
    """nginx's group is one that this account may give files to."""
    name = grp.getgrgid(os.getgid()).gr_name
    monkeypatch.setattr(shared, "NGINX_GROUP", name)
    return name


@pytest.fixture
def layout(tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "outside").mkdir(mode=0o700)
    (tmp_path / "outside/sentinel").write_text("untouched")
    (tmp_path / "r1").mkdir()
    yield Layout("shop", str(tmp_path / "app"), "/run/shop/gunicorn.sock")
    assert os.listdir(tmp_path / "outside") == ["sentinel"]
    assert stat.S_IMODE(os.stat(tmp_path / "outside").st_mode) == 0o700
    assert (tmp_path / "outside/sentinel").read_text() == "untouched"


def params(*paths):
    return {"app_user": getpass.getuser(), "app_group": grp.getgrgid(os.getgid()).gr_name, "shared_paths": list(paths)}


def share(layout, tmp_path, *paths):
    with Tree(str(tmp_path / "r1")) as release:
        return shared.share(layout, params(*paths), release)


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


def test_nobody_else_enters_shared(layout, tmp_path):
    before = os.umask(0o077)
    try:
        shared.ensure_shared(layout, params())
    finally:
        os.umask(before)
    assert (mode(layout.shared), mode(layout.shared + "/media")) == (0o710, 0o755)


def test_an_older_folder_is_taken_over_and_what_is_in_it_stays(layout):
    os.makedirs(layout.shared + "/media", mode=0o755)
    os.chmod(layout.shared, 0o755)
    os.chmod(layout.shared + "/media", 0o700)
    shared.ensure_shared(layout, params())
    assert (mode(layout.shared), mode(layout.shared + "/media")) == (0o710, 0o700)


def test_a_link_at_media_is_left_alone_and_named(layout, tmp_path):
    os.mkdir(layout.shared)
    os.symlink(tmp_path / "outside", layout.shared + "/media")
    warnings = shared.ensure_shared(layout, params())
    assert any("shared/media is a link where a folder belongs" in warning for warning in warnings)


def test_the_group_of_nginx_is_no_group_of_an_application(layout, monkeypatch, group):
    assert "nginx's own group" in shared.ensure_shared(layout, params())[0]
    monkeypatch.setattr(shared, "owner_ids", lambda *_: (os.getuid(), os.getgid()))
    monkeypatch.setattr(shared, "NGINX_GROUP", "another")
    assert shared.ensure_shared(layout, params()) == []


def test_paths_of_the_checkout_are_shared_and_begin_with_what_it_has(layout, tmp_path):
    (tmp_path / "r1/media/avatars").mkdir(parents=True)
    (tmp_path / "r1/media/avatars/a.png").write_text("tracked")
    (tmp_path / "r1/notes.txt").write_text("tracked")
    os.mkdir(layout.shared)
    assert share(layout, tmp_path, "media", "./notes.txt", "web/uploads") == []
    assert (tmp_path / "r1/media/avatars/a.png").read_text() == "tracked"
    assert os.readlink(tmp_path / "r1/media") == layout.shared + "/media"
    assert str((tmp_path / "r1/notes.txt").resolve()) == layout.shared + "/notes.txt"
    assert (tmp_path / "r1/web/uploads").is_dir()
    assert sorted(os.listdir(layout.shared)) == ["media", "notes.txt", "web"]


def test_what_is_shared_already_stays(layout, tmp_path):
    (tmp_path / "r1/media").mkdir()
    (tmp_path / "r1/media/a.png").write_text("tracked")
    os.makedirs(layout.shared + "/media")
    share(layout, tmp_path, "media")
    assert os.listdir(tmp_path / "r1/media") == []


def test_links_of_the_checkout_are_not_followed(layout, tmp_path):
    (tmp_path / "r1/media").mkdir()
    (tmp_path / "r1/media/leak").symlink_to(tmp_path / "outside/sentinel")
    (tmp_path / "r1/data").symlink_to(tmp_path / "outside")
    os.mkdir(layout.shared)
    assert "media/leak of the checkout are links or no files" in share(layout, tmp_path, "media", "data")[0]
    assert os.listdir(layout.shared + "/media") == os.listdir(layout.shared + "/data") == []


def test_a_link_of_the_checkout_on_the_way_is_refused(layout, tmp_path):
    (tmp_path / "r1/web").symlink_to(tmp_path / "outside")
    os.mkdir(layout.shared)
    with pytest.raises(Unsafe, match="r1/web is a link where a folder belongs"):
        share(layout, tmp_path, "web/uploads")


@pytest.mark.parametrize("planted", ["media", "web"])
def test_a_planted_link_stops_no_release_and_leads_nowhere(layout, tmp_path, planted):
    (tmp_path / "r1/media").mkdir()
    (tmp_path / "r1/media/a.png").write_text("tracked")
    os.mkdir(layout.shared)
    os.symlink(tmp_path / "outside", "%s/%s" % (layout.shared, planted))
    warnings = share(layout, tmp_path, "media", "web/uploads")
    assert len(warnings) == (planted == "web")


def test_the_repository_itself_is_not_shared(layout, tmp_path):
    (tmp_path / "r1/manage.py").write_text("")
    os.mkdir(layout.shared)
    with pytest.raises(Unsafe, match="the repository itself"):
        share(layout, tmp_path, "./")
    assert os.listdir(tmp_path / "r1") == ["manage.py"]


SWAP = """
import os, shutil, sys
top = sys.argv[1]
print("ready", flush=True)
while True:
    for name in ("media", "web"):
        path = os.path.join(top, "app/shared", name)
        try:
            os.symlink(top + "/outside", path)
        except FileExistsError:
            pass
        try:
            os.rename(path, path + ".aside")
            os.unlink(path + ".aside") if os.path.islink(path + ".aside") else shutil.rmtree(path + ".aside", ignore_errors=True)
        except OSError:
            pass
"""


def test_200_races_for_a_shared_path_are_lost(layout, tmp_path):
    os.mkdir(layout.shared)
    process = subprocess.Popen([sys.executable, "-c", SWAP, str(tmp_path)], stdout=subprocess.PIPE)
    process.stdout.readline()
    try:
        for _ in range(200):
            for name in ("media", "web/uploads"):
                (tmp_path / "r1" / name).unlink(missing_ok=True)
                (tmp_path / "r1" / name).mkdir(parents=True, exist_ok=True)
                (tmp_path / "r1" / name / "planted").write_text("tracked")
            shared.ensure_shared(layout, params())
            share(layout, tmp_path, "media", "web/uploads")
    finally:
        process.kill()
        process.wait()
    # The fixture looks at what is outside.


@pytest.mark.parametrize(
    ("live", "owner", "user", "refused"),
    [
        ("r1", 54321, "nobody", True),
        ("r1", 54321, "not-there-yet", True),
        ("r1", None, "nobody", False),
        ("r1", 0, "nobody", False),
        (None, 54321, "nobody", False),
    ],
)
@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_another_user_is_refused_where_it_could_not_write_what_is_stored(layout, monkeypatch, live, owner, user, refused):
    monkeypatch.setattr(Layout, "live_release", lambda self: live)
    shared.refuse_another_user(layout, user)
    os.mkdir(layout.shared)
    os.chown(layout.shared, pwd.getpwnam(user).pw_uid if owner is None else owner, -1)
    if not refused:
        return shared.refuse_another_user(layout, user)
    with pytest.raises(Unsafe, match="app_user is %s, but this host's live release runs as uid 54321, and what it stored in .*/app/shared is not %s's to write: " % (user, user)):
        shared.refuse_another_user(layout, user)
