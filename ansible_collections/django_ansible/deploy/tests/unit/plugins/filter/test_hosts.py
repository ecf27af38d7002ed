from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.filter.hosts import address_of, application_hosts


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ({}, ["a", "b", "c", "d"]),
        ({"web": ["b", "a"]}, ["a", "b"]),
        ({"web": ["a"], "workers": ["c"], "database": ["d"]}, ["a", "c"]),
        ({"database": ["d"]}, ["a", "b", "c"]),
        ({"database": ["d"], "redis": ["c"]}, ["a", "b"]),
        ({"database": ["a", "b", "c", "d"]}, ["a", "b", "c", "d"]),
        ({"web": ["a"], "database": ["a"]}, ["a"]),
        ({"workers": ["b"]}, ["a", "b", "c", "d"]),
        ({"workers": ["b"], "database": ["b"]}, ["a", "b", "c", "d"]),
    ],
)
def test_groups_say_which_hosts_are_the_application_s(groups, expected):
    assert application_hosts({"all": ["a", "b", "c", "d"], **groups}) == expected


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "a"),
        ({"ansible_host": "203.0.113.7"}, "203.0.113.7"),
        ({"ansible_host": "203.0.113.7", "django_app_address": "10.0.0.7"}, "10.0.0.7"),
        ({"ansible_host": "2001:db8::7"}, "[2001:db8::7]"),
    ],
)
def test_a_host_is_reached_at_its_address(variables, expected):
    assert address_of({"inventory_hostname": "a", **variables}) == expected
