"""What was there before the first deploy is not trusted: whoever had the folder could have put anything into it."""
from __future__ import annotations

import os
import stat

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Unsafe
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import ground
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

ME = os.getuid()
SOMEBODY = 54321
pytestmark = pytest.mark.skipif(ME != 0, reason="only root gives files away")


@pytest.fixture
def layout(tmp_path, monkeypatch):
    monkeypatch.setattr(ground, "ids_of", lambda user: (SOMEBODY, [SOMEBODY]))
    made = Layout("shop", str(tmp_path / "opt/shop"), str(tmp_path / "run/shop.sock"))
    os.makedirs(made.app_dir)
    return made


def plant(path, kind="folder"):
    os.symlink("/root", path) if kind == "link" else os.mkfifo(path) if kind == "pipe" else os.mkdir(path, 0o700)
    os.lchown(path, SOMEBODY, SOMEBODY)


@pytest.mark.parametrize("kind", ["folder", "link", "pipe"])
@pytest.mark.parametrize("name", ground.OURS)
def test_what_somebody_else_put_there_is_named(layout, name, kind):
    plant(os.path.join(layout.app_dir, name), kind)
    before = os.stat("/root")
    for act in (ground.refuse, ground.prepare):
        with pytest.raises(Unsafe, match="shop/%s is not of a deploy, since it belongs to uid 54321, and root would trust what it says: move it away" % name):
            act(layout, "shop")
    assert (os.stat("/root").st_mode, os.stat("/root").st_uid) == (before.st_mode, before.st_uid)


def test_a_folder_of_the_applications_user_becomes_roots_before_it_is_looked_at(layout):
    os.chown(layout.app_dir, SOMEBODY, SOMEBODY)
    ground.refuse(layout, "shop")
    ground.prepare(layout, "shop")
    assert os.stat(layout.app_dir).st_uid == ME
    assert sorted(os.listdir(layout.app_dir)) == ["building", "releases", "slots", "static", "venvs"]
    assert stat.S_IMODE(os.stat(layout.venvs).st_mode) == 0o711
    ground.prepare(layout, "shop")


def shared_with(path, group):
    os.chown(path, ME, group)
    os.chmod(path, 0o775)


@pytest.mark.parametrize(
    "spoil, words",
    [
        (lambda path: os.chown(path, SOMEBODY, 0), "belongs to the application's user"),
        (lambda path: os.chmod(path, 0o777), "can be written by everybody"),
        (lambda path: shared_with(path, SOMEBODY), "can be written by a group of the application's user"),
    ],
)
def test_it_stands_in_no_folder_where_another_could_take_its_place(layout, tmp_path, spoil, words):
    spoil(tmp_path / "opt")
    with pytest.raises(Unsafe, match="opt/shop is in .*/opt, which %s, who could put another folder in its place" % words):
        ground.refuse(layout, "shop")
    shared_with(tmp_path / "opt", SOMEBODY + 1)
    ground.refuse(layout, "shop")
    (tmp_path / "opt").chmod(0o1777)
    os.chown(tmp_path / "opt", ME, 0)
    ground.refuse(layout, "shop")


def test_roots_own_links_lead_to_it(layout, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "opt").rename(tmp_path / "data/opt")
    (tmp_path / "opt").symlink_to("data/opt")
    ground.refuse(layout, "shop")
    ground.prepare(layout, "shop")
    os.chown(tmp_path / "data", SOMEBODY, 0)
    with pytest.raises(Unsafe, match="opt/shop is in .*/data, which belongs to the application's user"):
        ground.refuse(layout, "shop")


def test_static_files_of_another_deploy_are_served_on_and_links_among_them_are_not(layout, tmp_path):
    static = tmp_path / "opt/shop/static"
    (static / "css").mkdir(parents=True)
    (static / "css/site.css").write_text("p {}")
    (static / "leak").symlink_to("/etc/shadow")
    os.mkfifo(static / "css/pipe")
    for path in (static, static / "css", static / "css/site.css", static / "leak"):
        os.lchown(path, SOMEBODY, SOMEBODY)
    (static / "css/site.css").chmod(0o666)
    ground.prepare(layout, "shop")
    assert sorted(str(path.relative_to(static)) for path in static.rglob("*")) == ["css", "css/site.css"]
    assert (os.stat(static / "css/site.css").st_uid, stat.S_IMODE(os.stat(static / "css/site.css").st_mode)) == (ME, 0o644)


def test_a_link_in_the_place_of_static_files_is_refused(layout):
    plant(layout.static, "link")
    with pytest.raises(Unsafe, match="static is a link where a folder belongs"):
        ground.prepare(layout, "shop")
