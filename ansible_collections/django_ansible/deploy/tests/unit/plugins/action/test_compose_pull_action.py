"""Where hosts go over to a release once they have its images, they are told in which order, and none waits for one that does not."""
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.action import compose_pull

GOES = {"release": "r", "revision": "", "batches": [["one"], ["two"]]}


@pytest.fixture
def run(monkeypatch):
    told: list = []
    monkeypatch.setattr(compose_pull.heart, "take_turns", lambda *what: told.append(what))
    monkeypatch.setattr(compose_pull.heart, "differ", lambda: told.append("differs"))

    def run(arguments, answer):
        monkeypatch.setattr(compose_pull.Answered, "run", lambda self, tmp, task_vars: told.append("module") or answer)
        action = object.__new__(compose_pull.ActionModule)
        action._task = SimpleNamespace(args=arguments)
        assert action.run() == answer
        return told

    return run


def test_the_order_of_hosts_is_said_before_the_module_runs(run):
    assert run(GOES, {"activated": {"release": "r"}}) == [([["one"], ["two"]], "r", "-"), "module"]


@pytest.mark.parametrize("answer", [{"failed": True}, {"pulled": []}])
def test_nobody_waits_for_a_host_that_did_not_go_over(run, answer):
    assert run(GOES, answer)[-1] == "differs"


def test_a_pull_alone_says_nothing(run):
    assert run({"batches": []}, {"pulled": []}) == ["module"]
