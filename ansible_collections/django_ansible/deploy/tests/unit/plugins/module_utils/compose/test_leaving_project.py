"""What load balancers hear before a project leaves a host of a fleet."""
from __future__ import annotations

import os
from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import leaving, store

FILE = "maintenance/shop/draining"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose proxy mounts the folder, and how long was waited with the file there."""
    monkeypatch.setattr(store, "state_folder", lambda: str(tmp_path))
    os.makedirs(tmp_path / "maintenance/shop")
    waited = []
    monkeypatch.setattr(leaving.time, "sleep", lambda seconds: waited.append((seconds, (tmp_path / FILE).exists())))
    kept = SimpleNamespace(files=lambda release: None)
    live = SimpleNamespace(compose=SimpleNamespace(engine=None), store=kept, project="shop", release="", is_seen=lambda folder: folder == str(tmp_path / "maintenance/shop"))
    return leaving.Leaving(live), waited


def test_the_file_is_there_for_so_many_seconds_and_stays_until_the_project_is_gone(project, tmp_path):
    found, waited = project
    found._drain(15)
    assert (waited, found.told) == ([(15, True)], [])
    assert (tmp_path / FILE).exists()


def test_nobody_waits_where_no_other_host_goes_on(project, tmp_path):
    found, waited = project
    found._drain(0)
    assert (waited, (tmp_path / FILE).exists()) == ([], False)


def test_it_says_that_nobody_could_hear_where_no_container_looks(project, tmp_path):
    found, waited = project
    found.live.is_seen = lambda folder: False
    found._drain(15)
    assert (waited, (tmp_path / FILE).exists()) == ([], False)
    assert found.told == ["no load balancer could hear of it before: no container mounts %s" % (tmp_path / "maintenance/shop")]


def test_a_host_whose_removal_was_broken_off_stays_with_its_load_balancer(project, tmp_path, monkeypatch):
    found, _ = project
    monkeypatch.setattr(leaving.time, "sleep", lambda seconds: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        found._drain(15)
    assert not (tmp_path / FILE).exists()
