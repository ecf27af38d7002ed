"""The end of a deploy in the step that switches."""
from __future__ import annotations

from types import SimpleNamespace
from unittest import mock

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import activating as containers
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.bake import FailsVisitors
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.rule import FoundBad, is_found_bad
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import activating, finishing

NEW, OLD = "20260102T030405Z-0123456", "20260101T030405Z-0123456"
PARAMS = {"app_name": "mysite", "run_id": "run-1", "release": NEW, "finish": {"keep_releases": 5}, "service": {"url": "https://www.example.org/"}}
RECORD = {"run": "run-1", "release": NEW, "result": "succeeded", "previous": OLD, "revision": "0" * 40}


@pytest.fixture
def before(monkeypatch):
    """What an attempt whose connection broke has left, and how it is asked for again."""
    state = SimpleNamespace(params=dict(PARAMS), record=dict(RECORD), live=NEW, undo=None, later=None)
    monkeypatch.setattr(activating.undo, "recall", lambda app: state.undo)
    layout = SimpleNamespace(app_name="mysite", last_record=lambda: state.record, live_release=lambda: state.live, live_slot=lambda: "green", read_release=lambda release: {"later": state.later})
    monkeypatch.setattr(activating, "layout_of", lambda params: layout)
    state.told = lambda: activating.ended_before(state.params)
    return state


def test_a_deploy_that_was_ended_before_the_connection_broke_has_happened(before):
    told = before.told()
    assert (told["changed"], told["finished"], told["slot"]) == (True, True, "green")
    assert told["deploy"] == {"release": NEW, "previous_release": OLD, "revision": "0" * 40, "url": "https://www.example.org/", "warnings": []}


@pytest.mark.parametrize("run, warned", [("run-1", True), ("run-0", False)])
def test_migrations_that_it_was_to_end_with_and_has_not_applied_are_warned_of(before, run, warned):
    before.later = {"run": run, "migrations": ["shop.0003_drop", "shop.0004_drop"]}
    assert before.told()["deploy"]["warnings"] == (
        ["shop.0003_drop, shop.0004_drop: the deploy was ended without, in a try whose connection broke, and the next one has to apply that"] if warned else []
    )


@pytest.mark.parametrize(
    "name, value",
    [
        ("params", {**PARAMS, "finish": None}), ("params", {**PARAMS, "run_id": "run-2"}), ("record", {**RECORD, "result": "failed"}),
        ("record", {**RECORD, "result": "rolled-back-by-itself"}), ("record", {**RECORD, "release": OLD}), ("record", {}), ("live", OLD), ("undo", {"run": "run-1"}),
    ],
)
def test_anything_else_has_not(before, name, value):
    setattr(before, name, value)
    assert before.told() is None


def test_what_cannot_be_ended_is_told_and_the_lock_given_back(monkeypatch):
    calls = []
    lock = SimpleNamespace(release=lambda: calls.append("release"))
    late = {"told": ["applied"], "deploy": {"migrations": ["shop.0002_x"]}}
    monkeypatch.setattr(finishing, "end", lambda params, check_mode, lock: calls.append(params["keep_releases"]) or late)
    result = {"told": ["watched"], "deploy": {"release": "r"}}
    assert finishing.end_after(result, PARAMS, lock) is None
    assert calls == [5] and result == {"told": ["watched", "applied"], "deploy": {"release": "r", "migrations": ["shop.0002_x"]}}

    def fails(params, check_mode, lock):
        raise CommandFailed("no space left")

    monkeypatch.setattr(finishing, "end", fails)
    assert finishing.end_after(result, PARAMS, lock) == "no space left"
    assert calls == [5, "release"]


def chained(cause):
    """As a step fails that has gone back: in words that tell of both."""
    try:
        raise CommandFailed("release r was not activated: %s" % cause) from cause
    except CommandFailed as error:
        return error


@pytest.mark.parametrize("cause, is_bad", [(FoundBad("5 of 9 requests failed"), True), (FailsVisitors("web failed"), True), (CommandFailed("nginx does not start"), False)])
def test_a_release_that_fails_its_visitors_is_told_from_a_host_that_fails(monkeypatch, cause, is_bad):
    """Whichever step it was that activated it, in both modes."""
    assert is_found_bad(chained(cause)) == is_found_bad(cause) == is_bad
    monkeypatch.setattr(activating.holding, "abandon", lambda layout, run: ([], ""))
    monkeypatch.setattr(activating, "layout_of", lambda params: mock.MagicMock(**{"live_release.return_value": None}))
    assert activating.failure({**PARAMS, "actor": ""}, chained(cause))["found_bad"] is is_bad
    monkeypatch.setattr(containers, "Store", lambda project: SimpleNamespace(recall=lambda: None))
    assert containers.failure({"project": "shop", "run_id": "run-1"}, chained(cause))["found_bad"] is is_bad
