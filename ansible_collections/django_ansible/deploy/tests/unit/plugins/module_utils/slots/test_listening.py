"""A look that finds nothing to do hears nothing of its run, unless it takes long."""
from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.listening import Listening


@pytest.fixture
def host():
    state = SimpleNamespace(begun=0, waited=[], listens=threading.Event())

    def begin():
        state.begun += 1
        state.listens.set()
        return SimpleNamespace(wait=lambda is_last: state.waited.append(is_last) or "trouble")

    state.listening = lambda patience: Listening(begin, patience)
    return state


def test_one_with_something_to_do_hears_at_once(host):
    listening = host.listening(0)
    assert host.begun == 1
    assert listening.wait(True) == "trouble"
    assert (host.begun, host.waited) == (1, [True])


def test_one_that_is_quick_and_has_nothing_to_do_never_hears(host):
    host.listening(0.05).is_over()
    time.sleep(0.2)
    assert host.begun == 0


def test_one_that_turns_out_to_have_something_to_do_hears_then(host):
    listening = host.listening(60)
    assert host.begun == 0
    listening.wait(False)
    assert (host.begun, host.waited) == (1, [False])


def test_one_that_waits_for_long_hears_meanwhile(host):
    listening = host.listening(0.01)
    assert host.listens.wait(10)
    listening.wait(False)
    assert host.begun == 1


def test_one_that_is_over_while_it_begins_waits_for_that_and_begins_nothing_after(host):
    goes_on, begun = threading.Event(), []

    def begin():
        host.listens.set()
        assert goes_on.wait(10)
        begun.append(True)

    listening = Listening(begin, 0.01)
    assert host.listens.wait(10)
    threading.Timer(0.1, goes_on.set).start()
    # Whoever gives the lock back now leaves no half of what listens behind.
    listening.is_over()
    assert begun == [True]
    late = host.listening(60)
    late.is_over()
    late.begin()  # As the timer does that had rung just before.
    assert host.begun == 0
