"""What YAML files of Ansible and this collection mean is kept for the next run, and means the same; nothing else is kept."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

COLLECTION = Path(__file__).parents[4]
ROOT = COLLECTION.parents[2]
PLAYBOOK = """
- hosts: all
  gather_facts: false
  vars: {mine: of the user}
  tasks:
    - name: Say
      ansible.builtin.debug: {msg: "{{ mine | upper }} {{ lookup('ansible.builtin.env', 'HOME') }}"}
    - name: Check, which finds that the variables are missing
      ignore_errors: true
      django_ansible.deploy.check_arguments: {file: "%s/roles/redis_server/meta/argument_specs.yml", broken: []}
"""
# Notes what is parsed, by which loader and from where, as the runner's program does before Ansible starts.
PROGRAM = """
import importlib.util, os, sys, ansible, yaml
parse = yaml.load
def noted(stream, Loader):
    name = getattr(stream, "name", None)
    from ansible.module_utils._internal._datatag import AnsibleTagHelper
    places = [str(tag.path) for tag in AnsibleTagHelper.tags(stream) if hasattr(tag, "path")]
    with open(sys.argv[2], "a") as file:
        print(Loader.__qualname__, os.fsdecode(name) if name else "".join(places), file=file)
    return parse(stream, Loader)
yaml.load = noted
spec = importlib.util.spec_from_file_location("kept_yaml", os.path.join(sys.argv[1], "plugins", "plugin_utils", "kept_yaml.py"))
kept_yaml = importlib.util.module_from_spec(spec)
spec.loader.exec_module(kept_yaml)
kept_yaml.lend(sys.argv[3], os.path.dirname(ansible.__file__), sys.argv[1])
"""
RUN = PROGRAM + """
from ansible.cli.playbook import main
main(["ansible-playbook", sys.argv[4], "--inventory", "a,", "--connection", "local"])
"""
# A file of each kind, with the places and marks of all that is in it.
MEANS = PROGRAM + """
import ansible.cli
from ansible.module_utils._internal._datatag import AnsibleTagHelper
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.connection import ssh
from ansible.parsing.yaml.loader import AnsibleLoader
from ansible._internal._datatag._tags import Origin, TrustedAsTemplate

def shown(value):
    tags = sorted(map(repr, AnsibleTagHelper.tags(value)))
    if isinstance(value, dict):
        return type(value).__name__, tags, [(shown(key), shown(one)) for key, one in value.items()]
    if isinstance(value, list):
        return type(value).__name__, tags, [shown(one) for one in value]
    return type(value).__name__, tags, repr(value)

documentation = TrustedAsTemplate().tag(Origin(path=ssh.__file__).tag(ssh.DOCUMENTATION))
print(shown(yaml.load(documentation, Loader=AnsibleLoader)))
print(shown(DataLoader().load_from_file(sys.argv[4], trusted_as_template=True)))
"""


def run(tmp_path, program, argument):
    noted = tmp_path / "noted"
    noted.write_text("")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "ANSIBLE_COLLECTIONS_PATH": str(ROOT), "ANSIBLE_NOCOLOR": "true"}
    argv = [sys.executable, "-c", program, str(COLLECTION), str(noted), str(tmp_path / "kept"), str(argument)]
    done = subprocess.run(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, done.stdout
    return noted.read_text().splitlines(), done.stdout


@pytest.fixture
def playbook(tmp_path):
    path = tmp_path / "playbook.yml"
    path.write_text(PLAYBOOK % COLLECTION)
    return path


def test_the_second_run_parses_what_users_wrote_alone(tmp_path, playbook):
    first, said = run(tmp_path, RUN, playbook)
    # Ansible still reads them in a way that is seen here: where this fails, a later Ansible reads them in another one, and nothing is kept.
    assert [line for line in first if line.endswith("ansible/plugins/connection/ssh.py")]
    assert first.count("CSafeLoader ") == 2, "Ansible's config/base.yml and the role's specification, which come as what is in them"
    assert first.count("CBaseLoader ") == 2, "the two meta/runtime.yml"
    assert len(first) > 30
    second, again = run(tmp_path, RUN, playbook)
    assert [line for line in second if not line.endswith("playbook.yml")] == ["CBaseLoader "], "the collection's own meta/runtime.yml is short"
    assert said == again
    assert "OF THE USER" in said


def test_nothing_of_a_user_is_kept(tmp_path, playbook):
    run(tmp_path, RUN, playbook)
    kept = [file.read_bytes() for file in (tmp_path / "kept").iterdir()]
    assert len(kept) > 30
    assert not [content for content in kept if b"of the user" in content]


def test_what_is_kept_means_the_same(tmp_path):
    defaults = COLLECTION / "roles/django_app/vars/main/derived.yml"
    parsed, first = run(tmp_path, MEANS, defaults)
    found, second = run(tmp_path, MEANS, defaults)
    assert parsed
    assert not found
    assert first == second
    assert "TrustedAsTemplate" in first
    assert "derived.yml" in first


def test_what_is_damaged_is_parsed_again(tmp_path):
    defaults = COLLECTION / "roles/django_app/vars/main/derived.yml"
    parsed, first = run(tmp_path, MEANS, defaults)
    for file in (tmp_path / "kept").iterdir():
        file.write_bytes(file.read_bytes()[:-1])
    again, second = run(tmp_path, MEANS, defaults)
    assert len(again) == len(parsed)
    assert first == second
    assert not run(tmp_path, MEANS, defaults)[0]


def test_copies_of_places_are_spared_and_lists_are_copied(tmp_path):
    program = PROGRAM + """
import ansible.cli, copy
from ansible.parsing.dataloader import DataLoader
data = DataLoader().load_from_file(sys.argv[4])
copied = copy.deepcopy(data)
assert copied == data and copied is not data
assert all(copied[name] is not data[name] for name in data if isinstance(data[name], (dict, list)))
text = next(value for value in data.values() if isinstance(value, str))
assert copy.deepcopy(text) is text
print(len(data))
"""
    assert int(run(tmp_path, program, COLLECTION / "roles/django_app/vars/main/derived.yml")[1]) > 10
