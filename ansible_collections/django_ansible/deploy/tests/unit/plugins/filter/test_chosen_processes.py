from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.django_ansible.deploy.plugins.filter.processes import broken_processes, processes

FLEET = ["web1", "web2", "work1", "work2"]
GROUPS = {"all": FLEET, "web": ["web1", "web2"], "workers": ["work1", "work2"]}


def names(entries, host, groups=GROUPS, kind="process"):
    return [entry["name"] for entry in processes(entries, host, FLEET, groups, kind)]


def test_without_hosts_it_is_for_the_group_workers():
    assert [host for host in FLEET if names({"w": {"command": "a"}}, host)] == ["work1", "work2"]


def test_without_that_group_it_is_for_all():
    assert [host for host in FLEET if names({"w": {"command": "a"}}, host, {"all": FLEET})] == FLEET


@pytest.mark.parametrize(("named", "expected"), [("web", ["web1", "web2"]), ("work2", ["work2"]), (["work2", "web1"], ["web1", "work2"])])
def test_hosts_are_groups_and_names(named, expected):
    assert [host for host in FLEET if names({"w": {"command": "a", "hosts": named}}, host)] == expected


def test_once_and_timers_are_on_the_first_host():
    assert [host for host in FLEET if names({"b": {"command": "a", "once": True}}, host)] == ["work1"]
    assert [host for host in FLEET if names({"t": {"command": "a", "schedule": "daily"}}, host, kind="timer")] == ["work1"]


def test_values_of_variables_travel_as_one_text():
    (entry,) = processes({"w": {"command": "a", "env": {"N": 1}}}, "work1", FLEET, GROUPS)
    assert json.loads(entry["environment"]) == {"N": "1"}
    assert (entry["count"], entry["stop_signal"], entry["patience"]) == (1, "SIGTERM", 60)


@pytest.mark.parametrize(
    ("name", "entry", "key", "rule"),
    [
        ("Worker", {"command": "a"}, "", "its name needs"),
        ("w", "celery worker", "", "use a mapping"),
        ("w", {}, ".command", "name a command"),
        ("w", {"command": "a 'b"}, ".command", "quotes"),
        ("w", {"command": "a | b"}, ".command", "without a shell"),
        ("w", {"command": "a > /tmp/b"}, ".command", "without a shell"),
        ("w", {"command": "a", "cuont": 2}, ".cuont", "there is no such key"),
        ("w", {"command": "a", "count": 0}, ".count", "from 1 on"),
        ("w", {"command": "a", "count": 2, "once": True}, ".count", "one for the whole fleet"),
        ("w", {"command": "a", "once": "yes"}, ".once", "true or false"),
        ("w", {"command": "a", "patience": "1h"}, ".patience", "from 0 on"),
        ("w", {"command": "a", "stop_signal": "TERM"}, ".stop_signal", "name a signal"),
        ("w", {"command": "a", "hosts": "wrokers"}, ".hosts", "no host of the application"),
        ("w", {"command": "a", "env": ["TOKEN=secret"]}, ".env", "use a mapping"),
    ],
)
def test_a_mistake_is_named(name, entry, key, rule):
    (found,) = broken_processes({name: entry}, "web1", FLEET, GROUPS)
    assert found["name"] == "django_app_processes.%s%s" % (name, key)
    assert rule in found["rule"]
    assert "secret" not in str(found["value"])


def test_a_timer_needs_a_schedule():
    (found,) = broken_processes({"t": {"command": "a"}}, "web1", FLEET, GROUPS, "timer")
    assert found["name"] == "django_app_timers.t.schedule"


def test_what_is_broken_is_not_chosen():
    with pytest.raises(AnsibleFilterError, match="not ready to run"):
        processes({"w": {}}, "web1", FLEET, GROUPS)
