from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.filter.rules import broken_rules


def test_only_broken_rules_are_named():
    rules = [
        {"name": "app_name", "value": "my-site", "pattern": r"\A[a-z][a-z0-9_-]*\Z"},
        {"name": "db_port", "value": 5432, "pattern": r"\A[0-9]+\Z"},
        {"name": "app_user", "value": "me\nUser=root", "pattern": r"\A[a-z]+\Z"},
        {"name": "server_name", "value": "", "pattern": r"\A.+\Z"},
    ]
    assert [rule["name"] for rule in broken_rules(rules)] == ["app_user", "server_name"]
