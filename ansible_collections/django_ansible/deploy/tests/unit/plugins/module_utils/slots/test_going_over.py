"""The step that prepared a release goes on to activate it and to end the deploy, where all hosts of the run do."""
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import Locked
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import going_over

NEW, COMMIT = "20260102T030405Z-0123456", "0" * 40
PARAMS = {"app_name": "mysite", "run_id": "run-1", "release": NEW, "revision": COMMIT, "batches": [["app1"], ["app2"]], "finish": {}}
ALONE = {**PARAMS, "batches": [["app1"]]}


@pytest.fixture
def host(monkeypatch):
    """Has the release coming up in its free slot; all others are ready, and go over as well."""
    state = SimpleNamespace(did=[], begun={"release": NEW}, undo=None, turn=True, through=True, keeper="/socket", trouble=None, phases=[], ended=False, before=None, gone=False)

    class Step:
        def __enter__(self):
            if state.ended:
                raise Locked("the deploy lock of mysite is not this run's any more")
            state.did.append("step")

        def __exit__(self, *error):
            state.did.append("step over")

    def activate(params, check_mode):
        state.did.append("activate")
        if state.trouble == "unhealthy":
            raise CommandFailed("it is not healthy")
        return {"changed": True, "told": [], "deploy": {"release": NEW}}

    monkeypatch.setattr(going_over, "layout_of", lambda params: None)
    monkeypatch.setattr(going_over.undo, "recall", lambda app: state.undo)
    monkeypatch.setattr(going_over.early_start, "recall", lambda layout, run: state.begun)
    monkeypatch.setattr(going_over.activating, "activate", activate)
    monkeypatch.setattr(going_over.activating, "ended_before", lambda params: state.before)
    monkeypatch.setattr(going_over.finishing, "end_after", lambda result, params, lock: state.did.append("end") or state.trouble)
    monkeypatch.setattr(going_over.agreement, "ask", lambda *said: state.did.append(said) or False)
    monkeypatch.setattr(going_over.agreement, "take_turn", lambda *said: state.did.append("turn") or state.turn)
    monkeypatch.setattr(going_over.agreement, "is_through", lambda *said: state.did.append("moved") or state.through)
    lock = SimpleNamespace(step=Step, keeper=lambda: state.keeper, is_held=lambda: True, is_asked_to_stop=lambda: state.gone)
    state.go = lambda params=PARAMS: going_over.go_over(params, lock, state.phases.append)
    return state


def test_it_waits_for_its_turn_and_for_all_others_with_the_lock_open(host):
    assert host.go()["finished"] is True
    assert host.did == ["step", "step over", "turn", "step", "activate", "step over", "moved", "step", "end", "step over"]
    assert host.phases == ["Activate", "Finish"]


def test_a_host_that_is_alone_asks_nobody(host):
    host.keeper = None
    assert host.go(ALONE)["finished"] is True
    assert host.did == ["step", "step over", "step", "activate", "end", "step over"]
    assert host.phases == ["Activate", "Finish"]


def test_a_host_that_is_alone_leaves_the_end_to_its_run_and_rolls_back_where_that_is_gone(host):
    host.gone = True
    assert host.go(ALONE) == {"changed": True, "told": [], "deploy": {"release": NEW}, "finished": False}
    assert host.did == ["step", "step over", "step", "activate", "step over"]


@pytest.mark.parametrize("begun", [None, {"release": "20260101T030405Z-0123456"}])
def test_one_that_is_not_ready_does_nothing_and_says_so(host, begun):
    host.begun = begun
    assert host.go() is None
    assert host.did == ["step", "step over", ("/socket", None, None)]
    host.did.clear()
    assert host.go(ALONE) is None
    assert host.did == ["step", "step over"]


def test_without_a_heartbeat_nothing_is_done_here(host):
    host.keeper = None
    assert host.go() is None
    assert host.did == ["step", "step over", (None, None, None)]


def test_nothing_is_done_where_others_are_not_ready_or_failed(host):
    host.turn = False
    assert host.go() is None
    assert host.did == ["step", "step over", "turn"]
    assert host.phases == [], "it is still in the phase that prepares"


def test_where_a_later_one_fails_this_one_can_still_go_back(host):
    host.through = False
    assert host.go()["finished"] is False
    assert "end" not in host.did


def test_what_does_not_answer_is_nobody_elses_turn(host):
    host.trouble = "unhealthy"
    with pytest.raises(CommandFailed):
        host.go()
    assert "moved" not in host.did
    assert host.phases == ["Activate"]


def test_what_cannot_be_ended_is_told_with_what_was_done(host):
    host.trouble = "no space left"
    with pytest.raises(going_over.Unfinished, match="no space left") as caught:
        host.go()
    assert caught.value.done["deploy"] == {"release": NEW}


def test_asked_again_after_the_connection_broke_it_has_had_its_turn(host):
    host.begun, host.undo = None, {"run": "run-1", "release": NEW}
    assert host.go()["finished"] is True
    assert host.did[0] == "step" and "turn" not in host.did
    host.undo = {"run": "run-0", "release": NEW}
    assert host.go() is None


def test_asked_again_after_an_earlier_try_has_ended_the_deploy_it_tells_nobody_that_it_does_nothing(host):
    """That one has forgotten the way back, and nothing is coming up any more."""
    host.begun, host.undo, host.ended = None, None, True
    with pytest.raises(Locked):
        host.go()
    assert host.did == []


@pytest.mark.parametrize("heard", ["turn", "through"])
def test_an_earlier_try_ends_the_deploy_here_while_this_one_waits(host, heard):
    host.before = {"changed": True, "finished": True}
    setattr(host, heard, False)
    assert host.go() == host.before
