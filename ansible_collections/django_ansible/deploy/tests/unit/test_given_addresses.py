"""What a run gives the application of the addresses of its servers: a rollback that has no passwords gives none of local ones."""
from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

COLLECTION = Path(__file__).parents[2]
# In a process of its own, since Ansible's loader of collections cannot be taken back.
PROGRAM = """
import json, sys
from pathlib import Path
import yaml
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
    "app_name": "mysite", "server_name": "www.example.com", "django_settings_module": "mysite.settings", "inventory_hostname": "web1",
    "groups": {"all": ["web1"]}, "hostvars": {"web1": {"ansible_host": "192.0.2.1"}},
}
for file in (role / "defaults/main.yml", *sorted((role / "vars/main").glob("*.yml"))):
    variables = {**trusted(yaml.safe_load(file.read_text())), **variables}
found = []
for more in json.loads(sys.argv[2]):
    environment = Templar(DataLoader(), variables={**variables, **more}).template(trust_as_template("{{ __django_app_environment }}"))
    found.append(json.loads(environment) if isinstance(environment, str) else environment)
print(json.dumps(found))
"""
LOCAL = {"django_app_database": "local", "django_app_redis": "local"}
PASSWORDS = {"vault_db_password": "db-word", "vault_redis_password": "redis-word"}
BACK = {"__django_app_rolls_back": True}
EXTERNAL = {"db_host": "db1", "db_name": "shop", "db_user": "shop"}
CASES = [
    {**LOCAL, **PASSWORDS}, {**LOCAL, **BACK}, {**LOCAL, **BACK, **PASSWORDS}, {**EXTERNAL, **BACK},
    {**LOCAL, **PASSWORDS, "postgresql_server_extensions": ["citext", "postgis"]}, {**EXTERNAL, "django_app_database_scheme": "postgis"},
]


@pytest.fixture(scope="module")
def environments():
    command = [sys.executable, "-c", PROGRAM, str(COLLECTION.parents[2]), json.dumps(CASES)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def test_passwords_that_are_given_are_in_the_addresses(environments):
    for environment in (environments[0], environments[2]):
        assert environment["DATABASE_URL"] == "postgres://mysite:db-word@localhost:5432/mysite"
        assert environment["REDIS_URL"].startswith("redis://mysite:redis-word@localhost:6379/")


def test_a_rollback_without_passwords_gives_no_address_of_a_local_server(environments):
    assert not {name for name in environments[1] if name.startswith(("DATABASE", "DB_", "REDIS"))}
    assert environments[1]["ALLOWED_HOSTS"] == "www.example.com"


def test_a_server_elsewhere_may_need_no_password(environments):
    assert environments[3]["DATABASE_URL"] == "postgres://shop@db1:5432/shop"


def test_libraries_choose_geodjangos_backend_by_the_scheme(environments):
    assert environments[4]["DATABASE_URL"] == "postgis://mysite:db-word@localhost:5432/mysite"
    assert environments[5]["DATABASE_URL"] == "postgis://shop@db1:5432/shop"
