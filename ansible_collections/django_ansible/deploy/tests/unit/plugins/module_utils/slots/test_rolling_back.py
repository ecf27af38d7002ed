"""A look at a host that goes on to roll it back, and what activating a release does where that has happened."""
from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import activating, rolling_back

OLDEST, OLD, NEW = ("2026010%dT030405Z-0123456" % day for day in (1, 2, 3))
COMMIT = {OLDEST: "1" * 40, OLD: "2" * 40, NEW: "3" * 40}
PARAMS = {"app_name": "shop", "run_id": "run-1", "asked": "", "release": OLD, "service": {"url": "https://www.example.org/"}}


@pytest.fixture
def host(monkeypatch):
    """Has served three releases; NEW is live."""
    state = SimpleNamespace(undo=None, agreed=True, asked=[], did=[], phases=[])
    monkeypatch.setattr(rolling_back.undo, "recall", lambda app: state.undo)
    monkeypatch.setattr(rolling_back.early_start, "begin", lambda params, layout, release: state.did.append("early " + release))
    monkeypatch.setattr(rolling_back.agreement, "ask", lambda path, release, commit: state.asked.append((path, release, commit)) or (state.agreed and release is not None))
    monkeypatch.setattr(rolling_back.activating, "activate", lambda params, check_mode, served: state.did.append((params["release"], params["revision"], *served())) or {"changed": True})

    class Step:
        def __enter__(self):
            state.did.append("step")

        def __exit__(self, *_):
            pass

    state.lock = SimpleNamespace(step=Step, keeper=lambda: "/socket")
    state.layout = SimpleNamespace(app_name="mysite", read_release=lambda release: {"revision": COMMIT[release]}, refuse_again=lambda run: None)

    def found(live):
        """What app_host answers; its records and links say the same from now on."""
        releases = [{"release": name, "revision": COMMIT[name], "activated": "x", "bad": None, "migrations": "m"} for name in COMMIT]
        has = {"releases": releases, "live": {"slot": "blue", "release": live, "revision": COMMIT[live]}}
        monkeypatch.setattr(rolling_back.first_look, "has", lambda layout, params: has)
        return {**has, "current": True, "lock_kept": True, "deploy": {"app": "mysite"}}

    state.found = found
    return state


def test_all_agree_and_it_goes_over_with_the_lock_held(host):
    found = host.found(NEW)
    release = rolling_back.begin(host.layout, PARAMS, host.lock)
    assert release == OLD
    assert rolling_back.switch(release, found, PARAMS, host.lock, host.phases.append, lambda: {"a.css"}) == {"changed": True}
    assert host.asked == [("/socket", OLD, COMMIT[OLD])]
    assert host.did == ["step", "early " + OLD, "step", (OLD, COMMIT[OLD], "a.css")]
    assert host.phases == ["Activate"]


def test_static_files_are_read_beside_the_wait_and_what_is_wrong_with_them_is_told_to_who_asks(host, monkeypatch):
    asked, goes_on = threading.Event(), threading.Event()

    def served_already(facts, layout):
        asked.set()
        assert goes_on.wait(30)
        if facts == {"of": NEW}:
            raise CommandFailed("a link leads out of it")
        return frozenset({"a.css"})

    monkeypatch.setattr(rolling_back.prepared, "read", lambda layout, release: {"of": release})
    monkeypatch.setattr(rolling_back.static, "served_already", served_already)
    served, wrong = (rolling_back.look_ahead(release, host.layout) for release in (OLD, NEW))
    assert asked.wait(30)  # Nobody has waited for it yet.
    goes_on.set()
    assert served() == {"a.css"}
    with pytest.raises(CommandFailed, match="leads out"):
        wrong()
    assert rolling_back.look_ahead(None, host.layout)() == frozenset()


def test_others_would_do_something_else_and_nothing_is_switched(host):
    host.agreed = False
    found = host.found(NEW)
    assert rolling_back.switch(rolling_back.begin(host.layout, PARAMS, host.lock), found, PARAMS, host.lock, host.phases.append, lambda: {"a.css"}) is None
    assert host.did == ["step", "early " + OLD]


def test_with_nothing_older_the_others_hear_so(host):
    found = host.found(OLDEST)
    release = rolling_back.begin(host.layout, PARAMS, host.lock)
    assert release is None
    assert rolling_back.switch(release, found, PARAMS, host.lock, host.phases.append, lambda: {"a.css"}) is None
    assert host.asked == [("/socket", None, None)]
    assert host.did == []


def test_asked_again_after_the_connection_broke_it_goes_back_no_further(host):
    host.undo = {"run": "run-1", "release": OLD, "previous_slot": "green", "previous_release": NEW}
    found = host.found(OLD)
    assert rolling_back.begin(host.layout, PARAMS, host.lock) == OLD
    rolling_back.put_right(found, host.layout, PARAMS)
    assert found["live"] == {"slot": "green", "release": NEW, "revision": COMMIT[NEW]}
    assert (found["current"], found["lock_kept"]) == (False, False)
    assert found["deploy"] == {"app": "mysite", "previous_release": NEW, "previous_revision": COMMIT[NEW]}
    assert host.did == []


def test_asked_again_after_it_has_failed_it_goes_back_no_further(host):
    def refuse_again(run):
        raise CommandFailed(f"failed in {run}")

    host.layout.refuse_again = refuse_again
    host.found(NEW)
    with pytest.raises(CommandFailed, match="failed in run-1"):
        rolling_back.begin(host.layout, PARAMS, host.lock)
    assert host.did == []


@pytest.mark.parametrize("left", [{"run": "run-0"}, {"run": "run-1", "confirmed": True}])
def test_what_another_run_left_or_was_confirmed_is_no_first_attempt(host, left):
    host.undo = {"release": OLD, "previous_slot": "green", "previous_release": NEW, **left}
    found = host.found(OLD)
    assert rolling_back.begin(host.layout, PARAMS, host.lock) == OLDEST
    rolling_back.put_right(found, host.layout, PARAMS)
    assert (found["live"]["release"], found["current"], found["deploy"]) == (OLD, True, {"app": "mysite"})


def test_what_this_host_expected_to_roll_back_to_stops_where_nothing_is_to_be_done(monkeypatch):
    ended = []
    layout = SimpleNamespace(app_name="mysite", read_release=lambda release: {})
    wanted = SimpleNamespace(layout=layout, pending=list, different=[], release=OLD, previous_release=OLD, told=[], warnings=[])
    monkeypatch.setattr(activating, "layout_of", lambda params: layout)
    monkeypatch.setattr(activating, "Wanted", lambda params: wanted)
    monkeypatch.setattr(activating, "Activation", lambda wanted, served: SimpleNamespace(slot="green", told=[], warnings=[]))
    monkeypatch.setattr(activating.undo, "recall", lambda app: None)
    monkeypatch.setattr(activating.early_start, "end", lambda layout, run: ended.append(run))
    for check_mode in (True, False):
        assert activating.activate({**PARAMS, "revision": ""}, check_mode)["changed"] is False
    assert ended == ["run-1"]
