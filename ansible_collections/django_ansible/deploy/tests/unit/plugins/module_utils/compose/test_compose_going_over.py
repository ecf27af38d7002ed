"""The step that pulled the images goes on to activate the release and to end the deploy, where all hosts of the run do."""
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import going_over
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import Locked

NEW, COMMIT = "20260102T030405Z-0123456", "0" * 40
PARAMS = {"project": "shop", "run_id": "run-1", "release": NEW, "revision": COMMIT, "batches": [["one"], ["two"]], "finish": {"keep_releases": 5, "dumps": {}}}
ALONE = {**PARAMS, "batches": [["one"]]}
SUCCEEDED = {"run": "run-1", "release": NEW, "result": "succeeded", "images": {"web": "shop@sha256:1"}, "revision": COMMIT}


@pytest.fixture
def host(monkeypatch):
    """All others are ready, and go over as well."""
    state = SimpleNamespace(did=[], undo=None, turn=True, through=True, keeper="/socket", trouble=None, phases=[], ended=False, last={}, live=None, gone=False, later=None)

    class Step:
        def __enter__(self):
            if state.ended:
                raise Locked("the deploy lock of shop is not this run's any more")
            state.did.append("step")

        def __exit__(self, *error):
            state.did.append("step over")

    def activate(params, check_mode):
        assert (params["kept"], check_mode) == (False, False)
        state.did.append("activate")
        if state.trouble == "unhealthy":
            raise CommandFailed("it is not healthy")
        return {"changed": True, "told": [], "deploy": {"images": {}}}

    def end(params, store, lock):
        assert params["keep_releases"] == 5
        state.did.append("end")
        if state.trouble:
            raise CommandFailed(state.trouble)
        return {"removed": ["old"], "migrations": ["shop.0003_drop"], "told": ["shop.0003_drop applied in 0.1 s"]}

    def said(name, answer):
        return lambda keeper, *what: state.did.append((name, *what[:2])) or getattr(state, answer)

    store = SimpleNamespace(recall=lambda: state.undo, last_record=lambda: state.last, live=lambda: state.live, read_release=lambda release: {"later": state.later})
    monkeypatch.setattr(going_over, "Store", lambda project: store)
    monkeypatch.setattr(going_over.activating, "activate", activate)
    monkeypatch.setattr(going_over.finishing, "end", end)
    monkeypatch.setattr(going_over.agreement, "take_turn", said("turn", "turn"))
    monkeypatch.setattr(going_over.agreement, "is_through", said("moved", "through"))
    state.lock = SimpleNamespace(
        step=Step, keeper=lambda: state.keeper, is_held=lambda: True, is_asked_to_stop=lambda: state.gone, release=lambda: state.did.append("released"), holder=lambda: None,
    )
    state.go = lambda params=PARAMS: going_over.go_over(params, state.lock, state.phases.append)
    return state


def test_it_waits_for_its_turn_and_for_all_others_with_the_lock_open(host):
    done = host.go()
    assert (done["finished"], done["told"], done["deploy"]) == (True, ["shop.0003_drop applied in 0.1 s"], {"images": {}, "migrations": ["shop.0003_drop"]})
    what = NEW, COMMIT
    assert host.did == ["step", "step over", ("turn", *what), "step", "activate", "step over", ("moved", *what), "step", "end", "step over"]
    assert host.phases == ["Activate", "Finish"]


def test_a_deploy_of_no_known_commit_is_agreed_on_as_well(host):
    host.go({**PARAMS, "revision": ""})
    assert ("turn", NEW, "-") in host.did


def test_a_host_that_is_alone_asks_nobody(host):
    host.keeper = None
    assert host.go(ALONE)["finished"] is True
    assert host.did == ["step", "step over", "step", "activate", "end", "step over"]


def test_a_host_that_is_alone_leaves_the_end_to_its_run_where_that_was_cancelled_or_is_gone(host):
    """The watch was ended early then, and nobody has found the release good."""
    host.gone = True
    assert host.go(ALONE)["finished"] is False
    assert host.did == ["step", "step over", "step", "activate", "step over"] and host.phases == ["Activate"]


@pytest.mark.parametrize("state", [{"keeper": None}, {"turn": False}])
def test_nothing_is_done_here_without_a_heartbeat_or_where_others_are_not_ready(host, state):
    vars(host).update(state)
    assert host.go() is None
    assert "activate" not in host.did and host.phases == []


def test_where_a_later_one_fails_this_one_can_still_go_back(host):
    host.through = False
    assert host.go()["finished"] is False
    assert "end" not in host.did


def test_what_is_not_healthy_is_nobody_elses_turn(host):
    host.trouble = "unhealthy"
    with pytest.raises(CommandFailed):
        host.go()
    assert not any(did[0] == "moved" for did in host.did)


def test_what_cannot_be_ended_is_told_with_what_was_done(host):
    host.trouble = "no space left"
    with pytest.raises(going_over.Unfinished, match="The new release runs, but the deploy was not finished: no space left") as caught:
        host.go()
    assert caught.value.done["deploy"] == {"images": {}} and "released" in host.did


def test_asked_again_after_the_connection_broke_it_has_had_its_turn(host):
    host.undo = {"run": "run-1", "release": NEW}
    assert host.go()["finished"] is True
    assert not any(did[0] == "turn" for did in host.did)


@pytest.mark.parametrize(("last", "live", "done"), [(SUCCEEDED, NEW, True), ({**SUCCEEDED, "run": "run-0"}, NEW, False), (SUCCEEDED, "20260101T030405Z-0123456", False)])
def test_an_earlier_try_that_ended_the_deploy_here_meanwhile_did_it(host, last, live, done):
    host.ended, host.last, host.live = True, last, live
    with pytest.raises(Locked) as caught:
        host.go()
    found = going_over.of_earlier_try(PARAMS, host.lock, caught.value)
    assert found == ({"changed": True, "finished": True, "changes": {}, "told": [], "deploy": {"images": SUCCEEDED["images"], "revision": COMMIT}} if done else None)


def test_migrations_that_the_earlier_try_has_not_applied_are_warned_of(host):
    host.last, host.live, host.later = SUCCEEDED, NEW, {"run": "run-1", "migrations": ["shop.0003_drop"]}
    assert going_over.ended_before(PARAMS)["deploy"]["warnings"] == [
        "shop.0003_drop: the deploy was ended without, in a try whose connection broke, and the next one has to apply that"
    ]
