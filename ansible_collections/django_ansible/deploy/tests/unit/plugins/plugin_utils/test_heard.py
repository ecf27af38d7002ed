"""A host that hears nothing of a run at first hears from its runner whether it goes on."""
from __future__ import annotations

import types

import pytest
from ansible_collections.django_ansible.deploy.plugins.plugin_utils import heart


class Module:
    def __init__(self, *answers, check_mode=False):
        self._task = types.SimpleNamespace(args={"run_id": "7-1-a"}, check_mode=check_mode)
        self.answers, self.given = list(answers), []

    def _execute_module(self, module_args=None, task_vars=None):
        self.given.append(module_args)
        return self.answers.pop(0)


class Action(heart.Heard, Module):
    pass


@pytest.fixture(autouse=True)
def started(monkeypatch):
    made = []
    monkeypatch.setattr(heart, "start", lambda action, task_vars, may_fail: made.append(may_fail) or "secret%d" % len(made))
    return made


def test_a_host_that_hears_the_run_is_run_once(started):
    action = Action({"changed": False})
    assert action._execute_module() == {"changed": False}
    assert action.given == [{"run_id": "7-1-a", "heart": "secret1"}]


def test_one_that_does_not_is_run_again_over_the_same_channel(started):
    action = Action({"changed": False, "unheard": True}, {"changed": False, "releases": []})
    assert action._execute_module() == {"changed": False, "releases": []}
    assert action.given[1] == {"run_id": "7-1-a", "heart": "secret1", "unheard": True}
    assert started == [0]


def test_a_worker_of_a_run_that_was_killed_says_nothing_for_it(monkeypatch):
    parents = iter([4711, 1])
    monkeypatch.setattr(heart.os, "getppid", lambda: next(parents))
    action = Action({"changed": False, "unheard": True})
    assert action._execute_module() == {"changed": False, "unheard": True}
    assert len(action.given) == 1


def test_a_check_has_no_heartbeat(started):
    action = Action({"changed": False}, check_mode=True)
    action._execute_module()
    assert action.given == [{"run_id": "7-1-a"}]
    assert started == []
