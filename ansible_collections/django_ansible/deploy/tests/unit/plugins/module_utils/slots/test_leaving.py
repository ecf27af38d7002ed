"""An application that leaves: in which order, what goes, what is kept, and what belongs to somebody else stays."""
from __future__ import annotations

import os
import tempfile
from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.build import builder
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import runs
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import leaving, process_units
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host with an application, and what was asked of it, in order."""
    asked = []
    units = tmp_path / "units"
    for folder in ("units", "app/shared/media", "app/releases", "app/backups", "etc", "run", "cache/mysite", "var"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("mysite@.service", "mysite@.socket", "other.service"):
        (units / name).write_text("User=other\n")
    (tmp_path / "app/shared/media/cat.png").write_text("cat")
    (tmp_path / "app/deploys.jsonl").write_text("{}\n")
    layout = Layout("mysite", str(tmp_path / "app"), str(tmp_path / "run/gunicorn.sock"))
    layout.etc, layout.run = str(tmp_path / "etc"), str(tmp_path / "run")
    monkeypatch.setattr(process_units, "UNITS", str(units))
    monkeypatch.setattr(process_units, "WANTED", str(units / "wants"))
    monkeypatch.setattr(builder, "CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(runs, "FOLDER", str(tmp_path / "runs"))
    (tmp_path / "code/0123").mkdir(parents=True)
    monkeypatch.setattr(leaving.shipped, "FOLDER", str(tmp_path / "code"))
    monkeypatch.setattr(leaving, "BACKUPS", str(tmp_path / "var"))
    monkeypatch.setattr(leaving, "ensure_directory", lambda path, mode: os.makedirs(path))
    monkeypatch.setattr(leaving, "run", lambda argv: asked.append(" ".join(argv)))
    monkeypatch.setattr(leaving.systemd, "systemctl", lambda *words, **_: asked.append(" ".join(words)))
    monkeypatch.setattr(leaving.systemd, "quietly", lambda *words: None)
    monkeypatch.setattr(leaving.systemd, "is_enabled", lambda unit: False)
    monkeypatch.setattr(builder, "exists", lambda user: user == "mysite")
    account = SimpleNamespace(pw_dir=layout.app_dir, pw_shell="/usr/sbin/nologin")
    monkeypatch.setattr(leaving.pwd, "getpwnam", lambda user: account)
    return SimpleNamespace(folder=tmp_path, asked=asked, units=units, leaving=leaving.Leaving(layout, "mysite", "mysite", str(tmp_path / "site"), []))


def test_what_people_would_miss_is_kept_and_all_else_goes(host):
    host.leaving.leave(True)
    kept = next((host.folder / "var").iterdir())
    assert sorted(os.listdir(kept)) == ["backups", "deploys.jsonl", "shared"]
    assert (kept / "shared/media/cat.png").read_text() == "cat"
    assert not any((host.folder / name).exists() for name in ("app", "etc", "run", "cache", "code"))
    assert os.listdir(host.units) == ["other.service"]
    assert host.leaving.told[0].endswith("are kept in %s, and nginx's logs where they are" % kept)


def test_data_is_kept_beside_the_application_where_backups_are_on_another_file_system(host, monkeypatch):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
        assert os.stat(elsewhere).st_dev != os.stat(host.folder).st_dev
        monkeypatch.setattr(leaving, "BACKUPS", elsewhere)
        host.leaving.leave(True)
        assert os.listdir(elsewhere) == []
    (kept,) = host.folder.glob("mysite-*")
    assert (kept / "shared/media/cat.png").read_text() == "cat"


@pytest.mark.parametrize("keep_data", [True, False])
@pytest.mark.parametrize("mounted", ["", "/shared/media"])
def test_a_volume_in_it_is_refused_before_anything_is_touched(host, monkeypatch, keep_data, mounted):
    before = sorted(host.folder.rglob("*"))
    monkeypatch.setattr(leaving, "mount_points", lambda: ["/", "/proc", str(host.folder / "app-of-others"), str(host.folder / "app") + mounted])
    with pytest.raises(CommandFailed, match="app%s is mounted: unmount it" % mounted):
        host.leaving.leave(keep_data)
    assert sorted(host.folder.rglob("*")) == before
    assert host.asked == []


def test_mount_points_are_those_of_the_host():
    assert {"/", "/proc"} <= set(leaving.mount_points())


def test_without_data_nothing_is_kept(host):
    host.leaving.leave(False)
    assert os.listdir(host.folder / "var") == []
    assert not (host.folder / "app").exists()


def test_sockets_stop_before_services_and_users_go_last(host):
    host.leaving.leave(False)
    stops = [words for words in host.asked if words.startswith("stop ")]
    assert stops[0] == "stop mysite@*.socket"
    assert host.asked[-1] == "userdel mysite"


def test_a_user_that_something_else_runs_as_stays(host):
    (host.units / "other.service").write_text("[Service]\nUser=mysite\n")
    host.leaving.leave(False)
    assert not any(words.startswith("userdel") for words in host.asked)
    assert "the user mysite stays, since it is not this application's alone" in host.leaving.told


def test_what_the_applications_of_a_host_share_goes_with_the_last_one(host):
    assert str(host.folder / "cache") in host.leaving.folders()
    (host.folder / "cache/another").mkdir()
    shared = leaving.Leaving(host.leaving.layout, "mysite", "mysite", "/none", [])
    assert str(host.folder / "cache") not in shared.folders()
    shared.leave(False)
    assert (host.folder / "cache/another").is_dir()


LOOKS = 'map $uri $mysite_asked {\n    default "";\n%s}\nif (-f %s) {\n'


@pytest.mark.parametrize(("path", "slept"), [('    "~^/health/$" $mysite_visitor;\n', [15]), ("", [])])
def test_load_balancers_go_elsewhere_before_nginx_leaves(host, monkeypatch, path, slept):
    layout, happened = host.leaving.layout, []
    layout.draining = str(host.folder / "etc/draining")
    (host.folder / "site").write_text(LOOKS % (path, layout.draining))
    monkeypatch.setattr(leaving, "ManagedFile", lambda path, text: SimpleNamespace(write=lambda: open(path, "w").close()))
    monkeypatch.setattr(leaving, "time", SimpleNamespace(sleep=lambda seconds: happened.append((seconds, os.path.exists(layout.draining)))))
    monkeypatch.setattr(host.leaving, "_leave_nginx", lambda: happened.append(("nginx", os.path.exists(layout.draining))))
    host.leaving.leave(False, drain=15)
    assert happened == [*((seconds, True) for seconds in slept), ("nginx", bool(slept))]
    assert any("no load balancer could hear of it before" in line for line in host.leaving.told) is not bool(slept)
    assert not os.path.exists(layout.draining)


def test_a_removal_that_fails_while_nginx_leaves_takes_requests_again(host, monkeypatch):
    def fail():
        raise CommandFailed("nginx")

    layout = host.leaving.layout
    layout.draining = str(host.folder / "etc/draining")
    (host.folder / "site").write_text(LOOKS % ('    "~^/health/$" $mysite_visitor;\n', layout.draining))
    monkeypatch.setattr(leaving, "ManagedFile", lambda path, text: SimpleNamespace(write=lambda: open(path, "w").close()))
    monkeypatch.setattr(leaving.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(host.leaving, "_leave_nginx", fail)
    with pytest.raises(CommandFailed):
        host.leaving.leave(False, drain=15)
    assert not os.path.exists(layout.draining)
    assert (host.folder / "app").is_dir()


def test_nothing_is_there_afterwards(host):
    host.leaving.leave(False)
    assert [path for path in host.leaving.is_there() if path != "mysite"] == []
