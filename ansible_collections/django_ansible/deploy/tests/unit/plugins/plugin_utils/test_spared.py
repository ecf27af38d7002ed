"""Tasks that are skipped or set variables take no process, and what is known of them is the same as with one."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[7]
PLAYBOOK = """
- hosts: all
  gather_facts: false
  vars:
    nothing: []
  tasks:
    - name: Never
      ansible.builtin.debug: {msg: never}
      when: [true, inventory_hostname == 'c']
      register: never
    - name: On one host
      ansible.builtin.debug: {msg: one}
      when: inventory_hostname == 'a'
      register: one
    - name: For nobody
      ansible.builtin.debug: {msg: "{{ item }}"}
      loop: "{{ nothing }}"
      register: nobody
    - name: For some
      ansible.builtin.debug: {msg: "{{ item }}"}
      loop: [1, 2]
      when: item == 1
    - name: A file that is not there
      ansible.builtin.include_tasks: nowhere.yml
      when: one is skipped and not one is skipped
    - name: A file that is there
      ansible.builtin.include_tasks: "{{ item }}.yml"
      loop: [more, more]
      when: inventory_hostname == 'a' or item == 'none'
      vars: {word: "of {{ inventory_hostname }}"}
    - name: Of the whole fleet
      ansible.builtin.set_fact: {seen: true}
      when: never is not skipped
      run_once: true
    - name: Variables
      ansible.builtin.set_fact: {named: "{{ item }} of {{ inventory_hostname }}", again: "{{ named | default('first') }}"}
      loop: [one, two]
      when: item == 'two' or inventory_hostname == 'a'
      register: set
    - name: Of one for all
      ansible.builtin.set_fact: {leader: "{{ inventory_hostname }}"}
      run_once: true
    - name: Variables that cannot be
      block:
        - name: Not on a
          ansible.builtin.set_fact: {wrong: "{{ none.there if inventory_hostname == 'a' else 'right' }}"}
      rescue:
        - name: Rescued
          ansible.builtin.debug: {msg: "{{ inventory_hostname }} {{ ansible_failed_task.name }} {{ ansible_failed_result.msg is defined }}"}
    - name: What is set
      ansible.builtin.debug: {msg: "{{ [named, again, leader, wrong | default('none'), set is changed, set.results | map(attribute='item')] }}"}
    - name: What is registered
      ansible.builtin.debug: {msg: "{{ [never, one, nobody] | map('select', 'in', ['skipped', 'changed', 'skip_reason', 'false_condition', 'results']) | map('sort') }}"}
    - name: An error stays one
      ansible.builtin.debug: {msg: never}
      when: there_is_no.such
      ignore_errors: true
    - name: Caught
      block:
        - name: Fails
          ansible.builtin.fail: {msg: "on a"}
          when: inventory_hostname == 'a'
      rescue:
        - name: Rescued
          ansible.builtin.debug: {msg: "{{ ansible_failed_result.msg }}"}
      always:
        - name: Always, and never
          ansible.builtin.debug: {msg: never}
          when: false
"""
# Counts the processes of tasks.
PROGRAM = """
import pathlib, sys
from ansible.executor.process import worker
begin, count = worker.multiprocessing_context.Process.start, []
worker.multiprocessing_context.Process.start = lambda self: (count.append(self), begin(self))
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader([sys.argv[2]])
if sys.argv[1] == "spared":
    from ansible_collections.django_ansible.deploy.plugins.plugin_utils import spared
    spared.lend(pathlib.Path(sys.argv[3]))
from ansible.cli.playbook import main
try:
    main(["ansible-playbook", sys.argv[4], "--inventory", "a,b,", "--connection", "local"])
finally:
    print("processes: %d" % len(count))
"""


def run(tmp_path, how, ours):
    (tmp_path / "playbook.yml").write_text(PLAYBOOK)
    (tmp_path / "more.yml").write_text("- name: More\n  ansible.builtin.debug: {msg: '{{ word }}'}\n")
    events = tmp_path / ("events-%s" % how)
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "ANSIBLE_CALLBACKS_ENABLED": "django_ansible.deploy.events",
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT), "DJANGO_ANSIBLE_EVENTS_PATH": str(events), "ANSIBLE_NOCOLOR": "true",
    }
    argv = [sys.executable, "-c", PROGRAM, how, str(ROOT), str(ours), str(tmp_path / "playbook.yml")]
    done = subprocess.run(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    found = [json.loads(line) for line in events.read_text().splitlines()]
    shown = [line for line in done.stdout.splitlines() if line.startswith(("TASK", "skipping", "ok", "fatal", "    ", "a ", "b "))]
    left_out = ("time", "start", "duration", "id", "task")
    told = sorted(json.dumps({key: value for key, value in event.items() if key not in left_out}, sort_keys=True) for event in found)
    assert done.returncode == 0, done.stdout
    return int(done.stdout.rpartition("processes: ")[2]), told, sorted(shown)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("spared")


@pytest.fixture(scope="module")
def runs(folder):
    return {how: run(folder, how, folder) for how in ("usual", "spared")}


def test_skipped_tasks_take_no_process(runs):
    # On both hosts or on one, in the order of the playbook.
    assert runs["usual"][0] - runs["spared"][0] == 2 + 1 + 2 + 2 + 2 + 1 + 1 + 2 + (2 + 1 + 2)
    assert runs["spared"][0] > 0


def test_what_is_known_of_them_is_the_same(runs):
    assert runs["spared"][1] == runs["usual"][1]
    assert len(runs["usual"][1]) > 20


def test_what_is_shown_of_them_is_the_same(runs):
    assert runs["spared"][2] == runs["usual"][2]
    assert len(runs["usual"][2]) > 10


def test_tasks_of_others_are_none_of_its_business(runs, folder):
    assert run(folder, "spared", folder / "elsewhere")[0] == runs["usual"][0]
