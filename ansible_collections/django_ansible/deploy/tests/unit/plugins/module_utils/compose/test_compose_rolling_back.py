"""A look at a host that goes on to roll its project back, and what ends such a run."""
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import returning, rolling_back, store
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.sources import Managed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

OLDEST, OLD, NEW = ("2026010%dT030405Z-0123456" % day for day in (1, 2, 3))
PARAMS = {"run_id": "7-1-a", "actor": "mona", "name": "", "files": ["/srv/shop/compose.yml"], "asked": "", "migrates": False, "lock_wait": 0, "wait_is_told": True, "heart": "", "unheard": False, "notify": ""}


@pytest.fixture
def host(tmp_path, monkeypatch):
    """Has run three releases; NEW is live."""
    monkeypatch.setattr(store, "state_folder", lambda: str(tmp_path / "state"))
    monkeypatch.setattr(store, "lock_folder", lambda: str(tmp_path / "locks"))
    kept = store.Store("shop")
    for release in (OLDEST, OLD, NEW):
        kept.save(release, "{}", Managed(), file="/srv/shop/compose.yml", summary={"services": {"web": {}}}, identifiers={"web": "sha256:" + release}, activated="2026-01-03T03:04:05Z", revision="")
    kept.set_live(NEW)
    state = SimpleNamespace(store=kept, agreed=True, asked=[], activated=[], gone=set(), lives="/socket")
    monkeypatch.setattr(rolling_back.agreement, "ask", lambda path, release, commit: state.asked.append((release, commit)) or (state.agreed and release is not None))
    monkeypatch.setattr(rolling_back.activating, "activate", lambda params, check_mode: state.activated.append(params) or {"changed": True, "deploy": {}})
    state.compose = SimpleNamespace(engine=SimpleNamespace(image=lambda identifier: None if identifier in state.gone else {"Id": identifier}))
    state.rollback = lambda **more: rolling_back.Rollback({**PARAMS, **more}, state.compose, False)
    return state


def switched(rollback):
    return rollback.switch(rollback.look())


def test_all_agree_and_it_goes_over_to_what_it_has_kept(host):
    rollback = host.rollback()
    assert switched(rollback) == {"changed": True, "deploy": {}, "activated": {"release": OLD, "revision": "", "later": False}}
    assert host.asked == [(OLD, "")]
    [params] = host.activated
    assert {key: params[key] for key in ("project", "release", "kept", "hurries")} == {"project": "shop", "release": OLD, "kept": True, "hurries": True}
    assert rollback.lock.is_held()


def test_others_would_do_something_else_and_nothing_is_switched(host):
    host.agreed = False
    rollback = host.rollback()
    assert (switched(rollback), host.activated) == ({}, [])
    assert rollback.lock.is_held()


def test_an_image_that_is_gone_is_no_release_to_go_back_to(host):
    host.gone = {"sha256:" + OLD}
    switched(host.rollback())
    assert host.asked == [(OLDEST, "")]


def test_with_nothing_older_the_others_hear_so(host):
    host.store.set_live(OLDEST)
    assert switched(host.rollback()) == {}
    assert host.asked == [(None, None)]


def test_migrations_that_may_be_in_the_way_leave_it_to_the_run(host):
    assert switched(host.rollback(migrates=True)) == {}
    for release in (OLD, NEW):
        host.store.mark_release(release, migrations="abc")
    assert switched(host.rollback(migrates=True))["activated"]["release"] == OLD


def test_the_one_that_is_asked_for_is_gone_back_to(host):
    assert switched(host.rollback(asked=OLDEST))["activated"]["release"] == OLDEST


def test_asked_again_after_its_connection_broke_it_goes_back_no_further(host):
    host.store.remember(run="7-1-a", release=OLD, previous=NEW)
    host.store.set_live(OLD)
    rollback = host.rollback()
    found = rollback.look()
    assert rollback.switch(found)["activated"]["release"] == OLD
    assert found["live"] == {"release": NEW}


@pytest.mark.parametrize("result", ["rolled-back", "rolled-back-by-itself"])
def test_asked_again_after_it_has_failed_it_goes_back_no_further(host, result):
    host.store.mark_release(OLD, bad=True)
    host.store.record(release=OLD, previous=NEW, result=result, run="7-1-a", actor="mona")
    rollback = host.rollback()
    with pytest.raises(CommandFailed, match=f"release {OLD} was not activated"):
        rollback.look()
    assert rollback.lock.holder() is None
    assert switched(host.rollback(run_id="8-1-a"))["activated"]["release"] == OLDEST


def test_one_that_is_not_fit_gives_the_lock_back(host, monkeypatch):
    def activate(params, check_mode):
        raise ComposeError("Service web is unhealthy")

    monkeypatch.setattr(rolling_back.activating, "activate", activate)
    rollback = host.rollback()
    with pytest.raises(ComposeError):
        switched(rollback)
    assert rollback.lock.holder() is None


def test_a_migration_that_waits_is_said(host):
    host.store.mark_release(OLD, later={"shop": ["0002_x"]})
    assert switched(host.rollback())["activated"]["later"] is True


def test_a_host_without_the_project_says_so(host):
    with pytest.raises(ComposeError, match="nothing to roll back to"):
        host.rollback(files=["/srv/other/compose.yml"])


def test_a_run_ends_on_a_host_once_it_is_confirmed_there(host):
    host.store.remember(run="7-1-a", release=OLD, previous=NEW)
    assert returning.finish({"project": "shop"}, "7-1-a") is False
    assert returning.finish({"project": "shop"}, "8-1-a") is False
    returning.confirm({"project": "shop"}, "7-1-a")
    assert returning.finish({"project": "shop"}, "8-1-a") is False
    assert host.store.recall()["confirmed"]
    assert returning.finish({"project": "shop"}, "7-1-a") is True
    assert host.store.recall() is None
