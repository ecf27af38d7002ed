"""In a rollback, the release that comes up is what a host waits for longest: it is begun before the host is looked at, and stops where the look fails."""
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import Locked
from ansible_collections.django_ansible.deploy.plugins.modules import app_host

PARAMS = {"start_early": True, "switch": True, "last_step": False, "lock_wait": 0, "wait_is_told": False, "run_id": "run-1", "ask_database": False, "unheard": False, "revision": ""}


class Ended(Exception):
    """The module has answered."""


@pytest.fixture
def host(monkeypatch):
    state = SimpleNamespace(did=[], params=dict(PARAMS), check_mode=False, trouble={})

    def did(name, answer=None):
        def note(*_, **__):
            state.did.append(name)
            if name in state.trouble:
                raise state.trouble[name]
            return answer

        return note

    def ends(**answer):
        state.answer = answer
        raise Ended

    class Module:
        def __init__(self, **_):
            self.params, self.check_mode = state.params, state.check_mode
            self.fail_json = self.exit_json = ends
            self.warn = lambda *_: None

    lock = SimpleNamespace(take=lambda *_: None, notice="", release=did("release"), refusals=list)
    found = {"current": False, "to_finish": False, "renews_certificate": False, "unapplied": None, "deploy": {}}
    for name, value in (
        ("AnsibleModule", Module), ("layout_of", lambda _: SimpleNamespace(went_alone=lambda: "")), ("lock_of", lambda *_: lock),
        ("begin", did("begin", "a release")), ("listen", did("listen", SimpleNamespace(wait=did("heard")))), ("look", did("look", found)),
        ("put_right", did("put right")), ("stop", did("stop")), ("switch", did("switch", {})),
    ):
        monkeypatch.setattr(app_host, name, value)
    monkeypatch.setattr(app_host.admission, "refuse", lambda *_: 0)
    monkeypatch.setattr(app_host.front, "try_out", did("try out"))
    monkeypatch.setattr(app_host.kept_code, "answer", lambda *_: None)

    def run():
        with pytest.raises(Ended):
            app_host.main()
        return state.did

    state.run = run
    return state


def test_the_release_is_begun_before_all_else(host):
    assert host.run() == ["begin", "listen", "look", "put right", "heard", "switch"]


@pytest.mark.parametrize("step", ["begin", "listen", "look", "put right"])
def test_it_stops_where_the_look_fails(host, step):
    host.trouble[step] = CommandFailed("no space left")
    assert host.run()[-2:] == ["stop", "release"]
    assert host.answer == {"msg": "the host cannot be looked at: no space left" if step == "look" else "no space left"}


def test_a_lock_that_was_taken_away_is_said_in_a_sentence(host):
    host.trouble["begin"] = Locked("the deploy lock of mysite is not this run's any more")
    assert host.run() == ["begin", "stop", "release"]
    assert host.answer == {"msg": "the deploy lock of mysite is not this run's any more"}


def test_the_lock_is_given_back_also_where_it_cannot_be_stopped(host):
    host.trouble = {"look": CommandFailed("no space left"), "stop": OSError("none at all")}
    with pytest.raises(OSError):
        app_host.main()
    assert host.did[-2:] == ["stop", "release"]


@pytest.mark.parametrize("setting", ["check", "a deploy"])
def test_nothing_starts_in_a_check_or_a_deploy(host, setting):
    if setting == "check":
        host.check_mode = True
    else:
        host.params.update(start_early=False, switch=False)
    host.trouble["look"] = CommandFailed("no space left")
    assert not {"begin", "put right", "stop"} & set(host.run())
