from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.django_ansible.deploy.plugins.filter.processes import broken_processes, once_hosts, processes, stand_ins

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


BEAT = {"b": {"command": "a", "once": True}, "w": {"command": "a"}}


def test_what_runs_once_is_on_the_next_host_as_long_as_its_own_is_dead():
    found = {host: processes(BEAT, host, FLEET, GROUPS, dead=["work1"]) for host in FLEET}
    assert {host: [entry["name"] for entry in entries] for host, entries in found.items()} == {"web1": [], "web2": [], "work1": ["w"], "work2": ["b", "w"]}
    assert found["work2"][0]["instead_of"] == "work1"
    assert "instead_of" not in found["work2"][1]
    assert names({"t": {"command": "a", "schedule": "daily"}}, "work2", kind="timer") == []
    (timer,) = processes({"t": {"command": "a", "schedule": "daily"}}, "work2", FLEET, GROUPS, "timer", dead=["work1"])
    assert timer["instead_of"] == "work1"


def test_another_dead_host_moves_nothing():
    assert stand_ins(BEAT, FLEET, GROUPS, ["web1", "work2"]) == []
    assert once_hosts(BEAT, FLEET, GROUPS, dead=["web1", "work2"]) == {"b": "work1"}


def test_what_has_no_other_host_stays_where_it_is():
    assert stand_ins(BEAT, FLEET, GROUPS, ["work1", "work2"]) == []
    assert [host for host in FLEET if any(entry["name"] == "b" for entry in processes(BEAT, host, FLEET, GROUPS, dead=["work1", "work2"]))] == []


def test_stand_ins_are_named_with_both_hosts():
    assert stand_ins(BEAT, FLEET, GROUPS, ["work1"]) == [{"name": "b", "host": "work1", "stands_in": "work2"}]
    # Also where nobody has checked them, as in status.
    assert stand_ins({**BEAT, "x": "text"}, FLEET, GROUPS, ["work1"]) == [{"name": "b", "host": "work1", "stands_in": "work2"}]


def test_what_another_host_runs_as_well_is_marked():
    entries = {entry["name"]: entry for entry in processes(BEAT, "work1", FLEET, GROUPS, elsewhere=["b", "w"])}
    assert (entries["b"]["elsewhere"], entries["w"]["elsewhere"]) == (True, False)


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
