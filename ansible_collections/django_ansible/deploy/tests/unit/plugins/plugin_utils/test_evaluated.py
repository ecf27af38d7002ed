"""A variable is evaluated once for the arguments of a task, and means what it meant."""
from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[7]
PLAYBOOK = """
- hosts: all
  gather_facts: false
  vars:
    base: "{{ inventory_hostname | upper }}"
    twice: "{{ base }}{{ base }}"
    listed: "{{ [base, twice] }}"
    word: outer
    says: "{{ word }}"
    missing: "{{ there_is_no.such }}"
  tasks:
    - name: Many arguments
      ansible.builtin.set_fact:
        one: "{{ twice }} {{ base }}"
        two: "{{ listed }} {{ twice }}"
        three: "{{ base }}"
    - name: In a loop
      ansible.builtin.debug: {msg: "{{ item }} {{ says }} {{ two }}"}
      vars: {word: "inner {{ item }}"}
      loop: [1, 2]
    - name: After a loop
      ansible.builtin.debug: {msg: "{{ says }} {{ hostvars['a'].one }}"}
    - name: Locals
      ansible.builtin.debug: {msg: "{% for base in ['x', 'y'] %}{{ base }}{{ twice }}{% endfor %}"}
    - name: Whether it is there
      ansible.builtin.debug: {msg: "{{ missing is defined }} {{ missing | default('none') }} {{ missing is undefined }}"}
    - name: An error stays one
      ansible.builtin.debug: {msg: "{{ missing }}"}
      ignore_errors: true
    - name: Until it has been tried
      ansible.builtin.command: {argv: [echo, "{{ says }}"]}
      register: tried
      until: tried.attempts == 2
      retries: 2
      delay: 0
"""
# Counts in each process how often variables are wrapped, and tells what tasks returned.
PROGRAM = """
import os, pathlib, sys
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader([sys.argv[2]])
from ansible._internal._templating import _lazy_containers
count = os.open(sys.argv[5], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
make = _lazy_containers._AnsibleLazyTemplateDict.__init__
def made(self, contents, /, **kwargs):
    make(self, contents, **kwargs)
    if dict.__contains__(self, "twice"):
        os.write(count, b"w")
_lazy_containers._AnsibleLazyTemplateDict.__init__ = made
if sys.argv[1] == "evaluated":
    from ansible_collections.django_ansible.deploy.plugins.plugin_utils import evaluated
    evaluated.lend(pathlib.Path(sys.argv[3]))
from ansible.cli.playbook import PlaybookCLI
PlaybookCLI(["ansible-playbook", "-i", "a,b", "-c", "local", "-v", sys.argv[4]]).run()
"""


def played(tmp_path, mode, ours):
    """What the tasks said, and how often all variables were wrapped."""
    playbook = tmp_path / "play" / "play.yml"
    playbook.parent.mkdir(exist_ok=True)
    playbook.write_text(PLAYBOOK)
    counted = tmp_path / ("counted-" + mode)
    environment = {
        **os.environ, "ANSIBLE_LOCAL_TEMP": str(tmp_path / "local"), "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default", "ANSIBLE_NOCOLOR": "true",
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json", "ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_FORKS": "1", "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
    }
    argv = [sys.executable, "-c", PROGRAM, mode, str(ROOT), str(ours), str(playbook), str(counted)]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout.replace(str(tmp_path), "")
    return re.sub(r'"(start|end|delta)": "[^"]*"', "", said).splitlines(), counted.stat().st_size


@pytest.fixture(scope="module")
def as_ever(tmp_path_factory):
    return played(tmp_path_factory.mktemp("ever"), "ever", "/nowhere")


def test_everything_means_what_it_meant(tmp_path, as_ever):
    said, wrapped = played(tmp_path, "evaluated", tmp_path / "play")
    assert said == as_ever[0]
    assert wrapped < as_ever[1] * 0.6


def test_tasks_of_others_are_left_alone(tmp_path, as_ever):
    assert played(tmp_path, "evaluated", tmp_path / "elsewhere")[1] == as_ever[1]
