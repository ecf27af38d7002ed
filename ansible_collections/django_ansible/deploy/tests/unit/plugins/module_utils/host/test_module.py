from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest
from ansible.module_utils import basic
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule

MODULES = sorted((Path(__file__).parents[5] / "plugins/modules").glob("*.py"))


def test_a_module_begins_with_a_umask_of_its_own(monkeypatch):
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": {}}).encode())
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO("{}"))
    before = os.umask(0o077)
    try:
        AnsibleModule(argument_spec={})
        assert os.umask(0) == 0o022
    finally:
        os.umask(before)


def test_a_module_finds_what_only_root_runs_also_where_su_left_the_path_of_a_user(monkeypatch):
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": {}}).encode())
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    monkeypatch.setenv("PATH", "/usr/local/bin:/usr/bin:/sbin:/bin")
    AnsibleModule(argument_spec={})
    assert os.environ["PATH"] == "/usr/local/bin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/sbin"


def test_what_it_warns_of_is_reported_of_the_deploy(monkeypatch, capsys):
    """Ansible shows nothing of a task that changed nothing, and warnings of it neither."""
    monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": {}}).encode())
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
    module = AnsibleModule(argument_spec={})
    for sentence in ("app1 rolled back", "no requests came"):
        module.warn(sentence)
    with pytest.raises(SystemExit):
        module.exit_json(changed=False, deploy={"app": "shop", "warnings": ["no requests came"]})
    told = json.loads(capsys.readouterr().out)
    assert told["deploy"] == {"app": "shop", "warnings": ["no requests came", "app1 rolled back"]}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_every_module_is_made_of_it(module):
    text = module.read_text()
    assert "plugins.module_utils.host.module import AnsibleModule\n" in text
    assert "ansible.module_utils.basic" not in text


def test_there_are_modules():
    assert len(MODULES) > 10
