"""A restart is said before it happens."""
from __future__ import annotations

import types

import pytest
from ansible.plugins.action import ActionBase
from ansible_collections.django_ansible.deploy.plugins.plugin_utils import announced


class Action(announced.Announced):
    def __init__(self, answers):
        self._task = types.SimpleNamespace(args={"port": 1})
        self.answers, self.happened = answers, []

    def _execute_module(self, module_args, task_vars):
        self.happened.append(module_args)
        return self.answers.pop(0)


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr(ActionBase, "run", lambda *arguments: {})

    def go(*answers):
        action = Action(list(answers))
        monkeypatch.setattr(announced, "show", lambda result, task_vars: action.happened.extend(result.get("told", [])) or result)
        return action.run(task_vars={"inventory_hostname": "db1"}), action.happened

    return go


def test_without_a_restart_there_is_nothing_to_say(run):
    result, happened = run({"changed": True})
    assert (result, happened) == ({"changed": True}, [{"port": 1, "restart": False}])


def test_a_restart_is_said_and_then_done(run):
    result, happened = run({"changed": False, "restart": "it restarts now"}, {"changed": True, "told": ["and so on"]})
    assert result["changed"]
    assert happened == [{"port": 1, "restart": False}, "it restarts now", {"port": 1, "restart": True}, "and so on"]
