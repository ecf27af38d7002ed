"""A cancel of a deploy of containers."""
from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import store
from ansible_collections.django_ansible.deploy.plugins.modules import compose_return

RUN = "7-1-a"


class Ended(Exception):
    """The module has answered."""


@pytest.fixture
def host(tmp_path, monkeypatch):
    """Has the project shop, whose lock the run has. *heard*: what a step that works there heard of the cancel, and None before."""
    monkeypatch.setattr(store, "state_folder", lambda: str(tmp_path / "state"))
    monkeypatch.setattr(store, "lock_folder", lambda: str(tmp_path / "locks"))
    (tmp_path / "state" / "compose" / "shop").mkdir(parents=True)
    state = SimpleNamespace(heard=[], lock=store.lock_of("shop", RUN))
    state.lock.take()
    begun = threading.Event()

    def work():
        with state.lock.step():
            begun.set()
            end = time.monotonic() + 5
            while not state.lock.is_asked_to_stop() and time.monotonic() < end:
                time.sleep(0.01)
            state.heard.append(state.lock.is_asked_to_stop())

    def ends(**answer):
        state.answer = answer
        raise Ended

    class Module:
        def __init__(self, **_):
            self.params, self.check_mode = {"project": "", "run_id": RUN, "actor": "mona"}, False
            self.fail_json = self.exit_json = ends

    monkeypatch.setattr(compose_return, "AnsibleModule", Module)
    monkeypatch.setattr(compose_return, "Compose", lambda: SimpleNamespace(engine=None))
    monkeypatch.setattr(compose_return.runs, "stop", lambda *_: None)
    monkeypatch.setattr(compose_return.returning, "go_back", lambda *_: {"images": {}})
    step = threading.Thread(target=work)
    step.start()
    begun.wait()

    def cancel():
        with pytest.raises(Ended):
            compose_return.main()
        step.join()

    state.cancel = cancel
    return state


def test_whatever_still_works_there_hears_of_it_as_of_a_run_that_is_gone(host):
    host.cancel()
    assert host.heard == [True]
    assert host.answer == {"changed": True, "deploy": {"rolled_back": True, "images": {}}}
    assert not host.lock.is_held()


def test_the_next_run_hears_nothing_of_it(host):
    host.cancel()
    following = store.lock_of("shop", "8-1-b")
    following.take()
    assert not following.is_asked_to_stop()
    following.ask_to_stop()
    assert following.is_asked_to_stop()
