"""The check of a role's variables says what Ansible's own says."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[7]
SPECIFICATIONS = """
argument_specs:
  main:
    options:
      colour: {type: str, choices: [red, blue], required: true}
      count: {type: int, default: 1}
      dye_names: {type: list, elements: str}
      dye_codes: {type: dict}
      dye_file: {type: list, elements: path}
      parts:
        type: list
        elements: dict
        options:
          size: {type: int, required: true}
  other:
    options:
      missing: {required: true}
"""
PLAYBOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - name: Ours
      django_ansible.deploy.check_arguments: {file: "{{ playbook_dir }}/argument_specs.yml"}
      register: ours
      ignore_errors: true
    - name: Ansible's
      ansible.builtin.validate_argument_spec:
        argument_spec: "{{ (lookup('ansible.builtin.file', playbook_dir ~ '/argument_specs.yml') | from_yaml).argument_specs.main.options }}"
      register: theirs
      ignore_errors: true
    - name: Look at rules
      django_ansible.deploy.check_arguments:
        file: "{{ playbook_dir }}/argument_specs.yml"
        prefix: dye_
        alone: [dye_file]
        idle: "{{ ['dye_codes is set without dye_names'] if dye_codes | default({}) and dye_names is undefined else [] }}"
        broken: "{{ [{'name': 'colour', 'value': colour ~ ' ü', 'rule': 'use blue'}, {'name': 'count', 'value': 1, 'rule': 'use 2'}] if inventory_hostname != 'fine' else [] }}"
      register: rules
      ignore_errors: true
    - name: Say it
      ansible.builtin.debug:
        msg: "{{ {'ours': ours.argument_errors | default([]), 'theirs': theirs.argument_errors | default([]), 'rules': rules.msg, 'warnings': rules.deploy.warnings | default([])} }}"
"""
GIVEN = {
    "good": {"colour": "{{ 'red' }}", "parts": [{"size": 1}]},
    "bad": {"colour": "{{ 'green' }}", "count": "many", "parts": [{}]},
    "nothing": {},
    "fine": {"colour": "red", "dye_names": "", "dye_nmes": ["madder"], "dye_of_my_own": 1},
    "texts": {"colour": "red", "dye_names": "{{ 'madder, secret' }}", "dye_codes": "madder=1"},
    "alone": {"colour": "red", "dye_file": "{{ '/srv/dye.yml' }}"},
    "idle": {"colour": "red", "dye_codes": {"madder": 1}},
    "lists": {"colour": "red", "dye_names": "{{ ['madder'] }}", "dye_codes": {"madder": 1}},
}


def test_it_says_what_ansible_says(tmp_path):
    (tmp_path / "argument_specs.yml").write_text(SPECIFICATIONS)
    (tmp_path / "play.yml").write_text(PLAYBOOK)
    (tmp_path / "hosts.yml").write_text(json.dumps({"all": {"hosts": GIVEN}}))
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT), "ANSIBLE_CALLBACK_RESULT_FORMAT": "json", "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "ansible", "playbook", "-i", "hosts.yml", "play.yml"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)
    said = {}
    for part in done.stdout.partition("TASK [Say it]")[2].split("ok: [")[1:]:
        host, _, answer = part.partition("] => ")
        said[host] = json.JSONDecoder().raw_decode(answer)[0]["msg"]
    assert set(said) == set(GIVEN), done.stdout + done.stderr
    assert all(answer["ours"] == answer["theirs"] for answer in said.values())
    assert [len(said[host]["ours"]) for host in ("good", "nothing", "fine")] == [0, 1, 0]
    # Of rules nothing is said before all types are right.
    assert said["good"]["rules"] == 'colour is "red ü": use blue\ncount is 1: use 2'
    assert said["fine"]["rules"] == "The arg spec validation passed"
    assert said["nothing"]["rules"].startswith("Validation of arguments failed")
    assert len(said["bad"]["ours"]) == 3
    assert said["texts"]["rules"] == (
        'dye_names is a text where a list belongs: write each entry on a line of its own that begins with "- "\n'
        'dye_codes is a text where a mapping belongs: write each entry on a line of its own, "name: value"'
    )
    assert said["lists"]["rules"].startswith("colour is ")
    # Of a list that the role makes of it.
    assert said["alone"]["rules"].startswith("colour is ")
    assert said["fine"]["warnings"] == ["dye_nmes is no variable of this role, so it does nothing: is dye_names meant?"]
    assert said["idle"]["warnings"] == ["dye_codes is set without dye_names"]
    assert [said[host]["warnings"] for host in ("good", "texts", "lists")] == [[], [], []]
