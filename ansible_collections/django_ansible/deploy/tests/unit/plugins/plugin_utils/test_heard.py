"""A host that hears nothing of a run at first hears from its runner whether it goes on."""
from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
import types

import pytest
from ansible_collections.django_ansible.deploy.plugins.action import fleet_confirm
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
    monkeypatch.setattr(heart, "start", lambda action, task_vars, may_fail, app: made.append(may_fail) or "secret%d" % len(made))
    return made


def test_a_host_that_hears_the_run_is_run_once(started):
    action = Action({"changed": False})
    assert action._execute_module() == {"changed": False}
    assert action.given == [{"run_id": "7-1-a", "heart": "secret1"}]


def test_what_stands_for_an_application_is_the_same_on_all_its_hosts(monkeypatch):
    apps = []
    monkeypatch.setattr(heart, "start", lambda action, task_vars, may_fail, app: apps.append(app) or "secret")
    for name, moment in [("shop", "20260101T000000Z"), ("shop-eu", "20260101T000000Z"), ("blog", "20260101T000009Z"), ("", "20260101T000009Z")]:
        action = Action({"changed": False})
        action._task.args["app_name"] = name
        action._execute_module(task_vars={"__django_app_moment": moment})
    assert apps == ["20260101T000000Z", "20260101T000000Z", "20260101T000009Z", ""]


def test_containers_of_another_project_are_another_application(monkeypatch):
    """What the role set that came before stays a variable of each host."""
    apps = []
    monkeypatch.setattr(heart, "start", lambda action, task_vars, may_fail, app: apps.append(app) or "secret")
    for begun in ("20260101T000000Z", "20260101T000009Z"):
        Action({"changed": False})._execute_module(task_vars={"__django_app_moment": "20260101T000000Z", "__compose_app_moment": begun})
    assert apps == ["20260101T000000Z", "20260101T000009Z"]


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


@pytest.mark.parametrize("answers, differs", [([{"changed": False}], []), ([{"failed": True, "msg": "no"}], ["differs"]), ([], ["differs"])])
def test_a_host_that_fails_or_is_not_reached_keeps_no_other_waiting_for_what_it_would_do(monkeypatch, answers, differs):
    said = []
    monkeypatch.setattr(heart, "differ", lambda: said.append("differs"))
    with contextlib.suppress(IndexError):  # In the place of a host that does not answer.
        Action(*answers)._execute_module()
    assert said == differs


def send(folder):
    process = heart.begin(str(folder), os.getpid())
    # It has said that it runs; looking for its lock would be in its way.
    until(lambda: (folder / "wake").exists())
    return process


def until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def sender(tmp_path, monkeypatch):
    """The process beside Ansible, of which hosts have heard."""
    monkeypatch.setattr(heart.C, "DEFAULT_LOCAL_TMP", str(tmp_path))
    with open(heart.place("hosts"), "w", encoding="utf-8"):
        pass
    process = send(tmp_path / "heart")
    yield process
    process.kill()
    process.wait()


def confirmed():
    action = fleet_confirm.ActionModule.__new__(fleet_confirm.ActionModule)
    action._task = types.SimpleNamespace(args={"lost": []}, async_val=0, check_mode=False, diff=False, no_log=False)
    action._connection = types.SimpleNamespace(_shell=types.SimpleNamespace(tmpdir=None), become=None)
    return action.run(task_vars={"ansible_play_hosts": ["app2", "app1"]})


def test_a_fleet_is_confirmed(sender):
    answer = confirmed()
    assert (answer["confirmed"], answer["silent"]) == (True, [])


def test_nothing_is_confirmed_once_the_process_that_would_was_killed(sender):
    sender.kill()
    sender.wait()
    answer = confirmed()
    assert (answer["confirmed"], answer["silent"]) == (False, ["app1", "app2"])
    assert "the process that sends the heartbeat was killed" in answer["why"]


def test_nothing_is_confirmed_by_one_that_knows_some_of_the_hosts(sender, tmp_path):
    sender.kill()
    sender.wait()
    os.unlink(tmp_path / "heart" / "wake")
    second = send(tmp_path / "heart")
    order = {"name": "app2", "app": "", "may_fail": 0, "hosts": 2, "argv": [sys.executable, "-c", "import time; time.sleep(60)"], "greeting": "/the/socket", "control_path": ""}
    heart.put("secret.host", json.dumps(order))
    until(lambda: not (tmp_path / "heart" / "secret.host").exists())
    answer = confirmed()
    second.kill()
    second.wait()
    assert (answer["confirmed"], answer["silent"]) == (False, ["app2"])


def test_nothing_is_confirmed_by_one_that_hangs_and_goes_on_later(sender, tmp_path, monkeypatch):
    sender.send_signal(signal.SIGSTOP)
    assert heart.confirm([], 0.2) is None
    sender.send_signal(signal.SIGCONT)
    heart.heart_process.wake(str(tmp_path / "heart"))
    time.sleep(0.5)
    assert not os.path.exists(heart.place("confirmed"))


def test_where_no_host_has_a_heartbeat_nobody_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(heart.C, "DEFAULT_LOCAL_TMP", str(tmp_path))
    assert confirmed()["confirmed"]


def test_hosts_that_come_to_it_at_the_same_moment_start_one_process(tmp_path, monkeypatch):
    monkeypatch.setattr(heart.C, "DEFAULT_LOCAL_TMP", str(tmp_path))
    held, woken = [], []
    monkeypatch.setattr(heart.subprocess, "Popen", lambda argv, pass_fds, **options: held.append(os.dup(*pass_fds)) or argv)
    monkeypatch.setattr(heart.heart_process, "wake", woken.append)
    heart.put("a.login", "[]")
    heart.put("b.login", "[]")
    assert (len(held), len(woken)) == (1, 1)
    os.close(held.pop())
    heart.put("c.login", "[]")
    assert (len(held), len(woken)) == (1, 1)
    os.close(held.pop())
