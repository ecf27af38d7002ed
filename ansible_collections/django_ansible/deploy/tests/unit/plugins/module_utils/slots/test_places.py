from __future__ import annotations

import os

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Unsafe
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import places
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.places import check_writable, not_shared, static_place, unwritable

ME = os.getuid()
APP = "/opt/shop"
RELEASE, SHARED = APP + "/releases/r1", APP + "/shared"


@pytest.mark.parametrize("path", [RELEASE + "/staticfiles", RELEASE + "/web/static/", APP + "/collected/r1-key", SHARED + "/static"])
def test_places_of_static_files(path):
    assert static_place(path, RELEASE, SHARED, ME) is None


@pytest.mark.parametrize("path", ["/etc/systemd/system/shop@.service.d", APP + "/static", APP + "/releases/r2/static", RELEASE + "-evil/static", "/missing/static"])
def test_nowhere_else(path):
    told = static_place(path, RELEASE, SHARED, 54321)
    assert told.startswith("STATIC_ROOT is %s, which is neither in the release nor in /opt/shop/shared" % path)
    assert told.endswith("take it from the variable STATIC_ROOT of the environment")


@pytest.mark.parametrize("path", [SHARED, RELEASE, RELEASE + "/.", APP, "/"])
def test_no_folder_that_holds_more_than_static_files(path):
    assert "with all that is in it would be served" in static_place(path, RELEASE, SHARED, ME)


@pytest.mark.parametrize("path", ["staticfiles", RELEASE + "/../../../etc", ""])
def test_a_path_that_does_not_say_where(path):
    assert "which is no absolute path" in static_place(path, RELEASE, SHARED, ME)


def test_a_folder_of_the_applications_user(tmp_path):
    assert static_place(str(tmp_path), RELEASE, SHARED, ME) is None
    assert "belongs to uid %d" % ME in static_place(str(tmp_path), RELEASE, SHARED, ME + 1)


def test_no_link_to_one(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    os.chmod(tmp_path, 0o777)
    assert "link is a link where a folder belongs" in static_place(str(tmp_path / "link"), RELEASE, SHARED, ME)


def test_writable_paths_are_folders_of_the_applications_user(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "PRIVATE", ("/dev",))  # This test's folder is below /tmp.
    check_writable([str(tmp_path)], ME)
    with pytest.raises(Unsafe, match="belongs to uid %d" % ME):
        check_writable([str(tmp_path)], ME + 1)
    with pytest.raises(Unsafe, match="missing is not there"):
        check_writable([str(tmp_path / "missing")], ME)


@pytest.mark.parametrize("path", ["data", "/srv/a b", "/srv/%h", "/srv/../etc", "/", "/srv/a\n[Service]"])
def test_writable_paths_are_plain(path):
    with pytest.raises(Unsafe, match="use absolute paths"):
        check_writable([path], ME)


@pytest.mark.parametrize("path", ["/tmp/uploads", "/var/tmp/x", "/run/user/1000"])
def test_what_the_sandbox_has_for_itself_is_no_writable_path(path):
    with pytest.raises(Unsafe, match="a folder of its own in its sandbox"):
        check_writable([path], ME)


def told(media=None, sqlite=(), writable=()):
    return unwritable({"media_root": media, "sqlite": list(sqlite)}, RELEASE, RELEASE + "/web", SHARED, ["web/uploads", "web/data/db.sqlite3"], list(writable))


@pytest.mark.parametrize("media", [None, "", SHARED + "/media", RELEASE + "/web/uploads", "uploads", "/srv/media/shop"])
def test_uploads_where_they_may_be(media):
    assert told(media, writable=["/srv/media"]) == []


@pytest.mark.parametrize("media", ["/srv/mediation", "/home/shop/media", RELEASE + "/web/other"])
def test_uploads_that_would_fail(media):
    warning = told(media, writable=["/srv/media"])
    assert len(warning) == 1 and warning[0].startswith("MEDIA_ROOT is %s, where the service may not write, so uploads would fail" % media)


@pytest.mark.parametrize("name", [SHARED + "/db.sqlite3", "data/db.sqlite3", "/srv/data/db.sqlite3"])
def test_sqlite_where_it_may_be(name):
    assert told(sqlite=[name], writable=["/srv/data"]) == []


def test_sqlite_that_could_not_be_written():
    assert told(sqlite=["/srv/other/db.sqlite3"])[0].startswith("DATABASES has SQLite in /srv/other/db.sqlite3, where the service may not write")


def test_warnings_have_one_line():
    assert "\n" not in told("/srv/a\n::error::b")[0]


def test_sqlite_beside_other_hosts_is_named_with_what_to_do():
    (warning,) = not_shared({"sqlite": ["data/db.sqlite3"]}, RELEASE + "/web")
    assert warning.startswith("DATABASES has SQLite in %s/web/data/db.sqlite3, a file that each host has for itself" % RELEASE)
    assert "use a database server that all hosts reach" in warning
    assert not_shared({"sqlite": []}, RELEASE) == not_shared({}, RELEASE) == []
