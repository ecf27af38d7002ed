"""The events callback under the real ansible-playbook."""
from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.callback import events

ROOT = Path(__file__).parents[7]
PLAYBOOK = """
- name: First  play
  hosts: all
  connection: local
  gather_facts: false
  tasks:
    - name: Succeed
      ansible.builtin.command: {argv: ["true"]}
      changed_when: false
    - name: Change
      ansible.builtin.command: {argv: ["true"]}
    - name: Hide
      ansible.builtin.command: {argv: [echo, hidden-value]}
      no_log: true
    - name: Hide a failure
      ansible.builtin.command: {argv: [cat, /hidden-value]}
      no_log: true
      ignore_errors: true
    - name: Skip
      ansible.builtin.command: {argv: ["true"]}
      when: false
    - name: Loop
      ansible.builtin.fail: {msg: "item {{ item }}"}
      loop: [one, two]
      ignore_errors: true
    - name: Fail
      ansible.builtin.command: {argv: [sh, -c, "echo shown; echo cause >&2; exit 7"]}
      when: inventory_hostname == 'b'
    - name: Write
      ansible.builtin.copy:
        dest: "{{ target }}/plain"
        content: "[site]\\nuser = web\\ndb_password = hidden-value\\nurl = postgres://web:hidden-value@db/\\n"
        mode: "0644"
      when: inventory_hostname == 'a'
    - name: Write a private file
      ansible.builtin.copy:
        dest: "{{ target }}/private"
        content: hidden-value
        mode: "0640"
      when: inventory_hostname == 'a'
    - name: Write several
      ansible.builtin.copy:
        dest: "{{ target }}/{{ item }}"
        content: "{{ item }} item"
        mode: "0644"
      loop: [x, y]
      when: inventory_hostname == 'a'
    - name: Write under no_log
      ansible.builtin.copy:
        dest: "{{ target }}/unseen"
        content: hidden-value
        mode: "0644"
      no_log: true
      when: inventory_hostname == 'a'
- name: Second play
  hosts: all
  connection: local
  gather_facts: false
  tasks: []
- name: Play of phases
  hosts: a
  connection: local
  gather_facts: false
  tasks:
    - name: One
      ansible.builtin.import_tasks: tasks.yml
      vars: {deploy_phase: Phase one}
    - name: Two
      vars: {deploy_phase: Phase two}
      block:
        - name: In a block
          ansible.builtin.include_tasks: tasks.yml
"""
TASKS = """
- name: Of a phase
  ansible.builtin.command: {argv: ["true"]}
"""


@pytest.fixture(scope="module", params=["default", "minimal"])
def run(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("events")
    (folder / "play.yml").write_text(PLAYBOOK)
    (folder / "tasks.yml").write_text(TASKS)
    (folder / "ansible.cfg").write_text("[defaults]\n")
    environment = {
        **os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT), "ANSIBLE_CALLBACKS_ENABLED": "django_ansible.deploy.events",
        "ANSIBLE_STDOUT_CALLBACK": request.param, "DJANGO_ANSIBLE_EVENTS_PATH": str(folder / "events.jsonl"),
        "DJANGO_ANSIBLE_EVENTS_PLAY_MARKER": "mark-3f9", "ANSIBLE_CONFIG": str(folder / "ansible.cfg"), "ANSIBLE_LOCALHOST_WARNING": "false", "LC_ALL": "C.UTF-8",
    }
    command = [sys.executable, "-m", "ansible", "playbook", "-i", "a,b,", "-e", "ansible_python_interpreter=" + sys.executable, "-e", "target=%s" % folder, "--diff", "play.yml"]
    done = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    return {"done": done, "events": events, "file": folder / "events.jsonl"}


def results(run, name, host="b"):
    return [event for event in run["events"] if event["event"] == "result" and event["name"] == name and event["host"] == host]


@pytest.mark.parametrize(
    ("name", "status"), [("Succeed", "ok"), ("Change", "changed"), ("Skip", "skipped"), ("Loop", "failed"), ("Fail", "failed"), ("Hide", "changed")]
)
def test_each_result_is_told_once(run, name, status):
    (found,) = results(run, name)
    assert found["status"] == status
    assert found["duration"] >= 0
    assert found["path"].rsplit(":", 1)[0].endswith("play.yml")


def test_failure_carries_its_cause(run):
    (found,) = results(run, "Fail")
    assert (found["rc"], found["stdout"], found["stderr"], found["ignored"]) == (7, "shown", "cause", False)


@pytest.mark.parametrize(
    ("action", "changed", "ignored", "told"),
    [
        ("django_ansible.deploy.app_migrate", True, False, True), ("django_ansible.deploy.app_migrate", True, True, None),
        ("django_ansible.deploy.app_migrate", False, False, None), ("ansible.builtin.command", True, False, None),
    ],
)
def test_a_failure_of_the_collections_modules_carries_what_changed_before_it(monkeypatch, action, changed, ignored, told):
    written = []
    callback = events.CallbackModule()
    monkeypatch.setattr(callback, "_write", lambda _, **fields: written.append(fields))
    task = SimpleNamespace(_uuid="1", no_log=False, action=action, resolved_action=action, collections=None, get_name=lambda: "T", get_path=lambda: "f:1", name="T")
    callback._result(SimpleNamespace(host=SimpleNamespace(get_name=lambda: "a"), task=task, result={"failed": True, "msg": "no", "changed": changed}), "failed", ignored)
    assert written[0].get("changed") is told


def test_failed_items_of_a_loop_are_joined(run):
    (found,) = results(run, "Loop")
    assert found["msg"] == "item one\nitem two"
    assert found["ignored"] is True


def test_no_log_carries_no_value(run):
    for name in ("Hide", "Hide a failure"):
        (found,) = results(run, name)
        assert found["no_log"] is True
        assert not {"msg", "stdout", "stderr", "deploy"} & set(found)
    assert "hidden-value" not in run["file"].read_text()


def test_diff_shows_what_changed_and_no_secret(run):
    (found,) = results(run, "Write", "a")
    assert "+user = web" in found["diff"]
    assert "+db_password = ***" in found["diff"]
    assert "+url = postgres://***@db/" in found["diff"]
    assert "not shown" in results(run, "Write a private file", "a")[0]["diff"]
    assert "+x item" in results(run, "Write several", "a")[0]["diff"]
    assert "+y item" in results(run, "Write several", "a")[0]["diff"]
    assert "diff" not in results(run, "Write under no_log", "a")[0]


def test_recap_closes_the_file(run):
    last = run["events"][-1]
    assert last["event"] == "stats"
    assert last["hosts"]["b"]["failures"] == 1
    assert last["hosts"]["a"]["failures"] == 0
    # "Change", "Hide", four files, two in phases, and the command that failed and was ignored: it may have changed something before it failed.
    assert last["hosts"]["a"]["changed"] == 9


def test_marker_stands_at_each_play(run):
    marked = [line for line in run["done"].stdout.splitlines() if line.startswith("mark-3f9 ")]
    assert marked == ["mark-3f9 %s" % name for name in ("First play", "Second play", "Phase one", "Phase two")]


def test_phases_count_as_plays(run):
    order = [event["name"] for event in run["events"] if event["event"] in ("play", "task")]
    assert order[order.index("Phase one") :] == ["Phase one", "Of a phase", "Phase two", "In a block", "Of a phase"]


def test_plays_and_tasks_are_told(run):
    assert [(event["name"], event["hosts"]) for event in run["events"] if event["event"] == "play"] == [
        ("First  play", 2), ("Second play", 2), ("Phase one", 1), ("Phase two", 1)
    ]
    assert "Change" in [event["name"] for event in run["events"] if event["event"] == "task"]


def test_file_is_private(run):
    assert stat.S_IMODE(run["file"].stat().st_mode) == 0o600


def test_a_long_message_keeps_what_failed_and_the_end():
    lines = ("x" * 99 + "\n") * 1000
    kept = events._message("shop-worker does not stay up\n" + lines + "the cause")
    assert kept.startswith("shop-worker does not stay up\n…\n") and kept.endswith("the cause") and len(kept) <= events.TAIL
    # A line that would have to be cut could hold a piece of a secret, which nobody would find.
    assert events._message("y" * 20000 + "\n" + lines).startswith("…\n…\nx")
    assert events._message("short\nand whole") == "short\nand whole"
