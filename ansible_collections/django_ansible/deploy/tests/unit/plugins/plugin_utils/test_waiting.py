"""Whose deploy lock is waited for is said before it is waited for."""
from __future__ import annotations

import types

from ansible_collections.django_ansible.deploy.plugins.plugin_utils import waiting


class Module:
    def __init__(self, *answers):
        self._task = types.SimpleNamespace(args={"port": 1})
        self.answers, self.happened = list(answers), []

    def _execute_module(self, module_name=None, module_args=None, task_vars=None):
        self.happened.append(module_name or module_args)
        return self.answers.pop(0)


class Action(waiting.Waiting, Module):
    pass


def test_a_lock_that_is_free_is_asked_for_once():
    action = Action({"changed": False})
    assert action._execute_module() == {"changed": False}
    assert action.happened == [{"port": 1, "wait_is_told": False}]


def test_one_that_is_not_is_named_and_then_waited_for(monkeypatch):
    action = Action({"waits": "for mona"}, {"changed": True})
    monkeypatch.setattr(waiting, "show", lambda result, task_vars: action.happened.extend(result["told"]))
    assert action._execute_module(module_args={"heart": "x"}) == {"changed": True}
    assert action.happened == [{"heart": "x", "wait_is_told": False}, "for mona", {"heart": "x", "wait_is_told": True}]


def test_what_ansible_runs_for_itself_stays_as_it_is():
    action = Action({})
    action._execute_module("ansible.legacy.stat", module_args={"path": "/"})
    assert action.happened == ["ansible.legacy.stat"]
