"""Templates that are rendered together have the texts that Ansible's own lookup gives them, for a fraction of its work."""
from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

COLLECTION = Path(__file__).parents[4]
# As a task of the role has them on one host of two. In a process of its own, since Ansible's loader of collections cannot be taken back.
PROGRAM = """
import json, sys
from pathlib import Path
import jinja2, yaml
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader([sys.argv[1]])
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

def trusted(value):
    if isinstance(value, str):
        return trust_as_template(value)
    if isinstance(value, dict):
        return {name: trusted(item) for name, item in value.items()}
    return [trusted(item) for item in value] if isinstance(value, list) else value

role = Path(sys.argv[1], "ansible_collections/django_ansible/deploy/roles/django_app")
variables = {
    "app_name": "mysite", "server_name": "www.example.com", "tls": "acme", "django_settings_module": "mysite.settings",
    "django_app_trusted_proxies": ["10.0.0.0/8"], "django_app_credentials": ["SECRET_KEY"], "vault_secret_key": "secret",
    "django_app_processes": {"worker": {"command": "celery worker"}}, "django_app_detected": {}, "__django_app_run": "1-1-test",
    "inventory_hostname": "web1", "groups": {"all": ["web1", "web2"], "ungrouped": ["web1", "web2"]},
    "ansible_play_hosts": ["web1", "web2"], "ansible_play_hosts_all": ["web1", "web2"],
    "hostvars": {"web1": {"ansible_host": "192.0.2.1"}, "web2": {"ansible_host": "192.0.2.2"}}, "ansible_search_path": [str(role)],
}
for file in (role / "defaults/main.yml", *sorted((role / "vars/main").glob("*.yml"))):
    variables = {**trusted(yaml.safe_load(file.read_text())), **variables}
templar = Templar(DataLoader(), variables=variables)
compiled, compile_ = [], jinja2.Environment.compile
jinja2.Environment.compile = lambda *args, **kwargs: compiled.append(1) or compile_(*args, **kwargs)
answers = []
for expression in json.load(sys.stdin):
    compiled.clear()
    try:
        answers.append([templar.template(trust_as_template("{{ %s }}" % expression)), len(compiled)])
    except Exception as error:
        answers.append([str(error), 0])
print(json.dumps(answers))
"""
TEMPLATES = [
    *("manage.j2", "init.py.j2", "gunicorn.socket.j2", "gunicorn.service.j2", "gunicorn.conf.py.j2", "nginx.conf.j2", "sandbox.j2"),
    *("process.service.j2", "timer.service.j2", "timer.timer.j2"),
]


def evaluate(*expressions):
    argv = [sys.executable, "-c", PROGRAM, str(COLLECTION.parents[2])]
    return json.loads(subprocess.run(argv, input=json.dumps(expressions), capture_output=True, text=True, check=True).stdout)


def rendered(entries, once="[]"):
    return "lookup('django_ansible.deploy.rendered', %r, once=%s)" % (entries, once)


def test_the_role_has_the_texts_of_ansibles_own_lookup():
    together = rendered([{"template": name} for name in TEMPLATES], "__django_app_once")
    (found, count), *own = evaluate(together, *("lookup('ansible.builtin.template', %r)" % name for name in TEMPLATES))
    assert [entry["content"] for entry in found] == [text for text, _ in own]
    assert "www.example.com" in found[5]["content"]
    assert count < sum(count for _, count in own) * 0.6


def test_an_entry_keeps_what_else_it_has_and_has_variables_of_its_own(tmp_path):
    (tmp_path / "one.j2").write_text("{{ word }} for {{ app_name }}\n")
    entry = {"path": "/etc/one", "template": str(tmp_path / "one.j2"), "template_vars": {"word": "good"}}
    ((found, _),) = evaluate(rendered([entry]))
    assert found == [{"path": "/etc/one", "content": "good for mysite\n"}]


def test_backslashes_and_what_a_value_has_of_a_template_stay(tmp_path):
    (tmp_path / "one.j2").write_text("a\\nb {{ '\\d' }} {{ word }}")
    word = "'{' ~ '{ 1 }}'"
    ((found, _),) = evaluate("lookup('django_ansible.deploy.rendered', [{'template': '%s', 'template_vars': {'word': %s}}])" % (tmp_path / "one.j2", word))
    assert found[0]["content"] == "a\\nb \\d {" + "{ 1 }}"


def test_a_file_that_is_not_there_is_named():
    ((said, _),) = evaluate(rendered([{"template": "none.j2"}]))
    assert "none.j2 could not be found" in said


@pytest.mark.parametrize(("what", "most"), [("__django_app_service", 156), ("__django_app_application", 39), ("__django_app_layout", 15)])
def test_what_a_task_is_given_takes_few_templates(what, most):
    """Each costs the machine that runs Ansible about a millisecond, for each host and each task that is given it."""
    ((value, count),) = evaluate(what)
    assert 0 < count <= most, value
