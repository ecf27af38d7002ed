"""In a mixed fleet each other live release is tried with the migrations, once, on a host that has it."""
from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.filter.provers import proofs, provers

OLD, NEW, NEXT = "20260101T000000Z-aaaaaaa", "20260201T000000Z-bbbbbbb", "20260301T000000Z-ccccccc"


def looked(release, build="c0de"):
    return {"found": {"live": {"release": release}, "releases": [{"release": release, "build": build}] if release else []}}


def chosen(*hosts, release=NEXT, host="app1"):
    hostvars = {"app%d" % number: host for number, host in enumerate(hosts, 1)}
    return provers(list(hostvars), hostvars, "app1", release, "found", host)


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        ([looked(OLD), looked(OLD), looked(OLD)], []),
        ([looked(OLD), looked(NEW), looked(NEW), looked(OLD)], ["app2"]),
        ([looked(OLD), looked(NEW), looked("20260115T000000Z-ddddddd")], ["app2", "app3"]),
        # What the leader has is tried there, what is to go live knows its migrations, and a new host has nothing.
        ([looked(NEXT), looked(OLD), looked(NEXT)], ["app2"]),
        ([looked(OLD), looked(NEXT), looked(None)], []),
        ([looked(None), looked(OLD)], ["app2"]),
        # One commit, made in two ways.
        ([looked(OLD), looked(OLD, "beef")], ["app2"]),
        # Nobody could look at it.
        ([looked(OLD), {}], []),
        # A host that has what is to be deployed, whatever its release is called there.
        ([looked(OLD), {"found": {**looked(NEW)["found"], "settled": True}}], []),
        ([{"found": {**looked(NEW)["found"], "settled": True}}, looked(NEW)], ["app2"]),
    ],
)
def test_each_other_live_release_has_one_host_that_tries_it(hosts, expected):
    assert chosen(*hosts) == expected


def test_a_host_that_has_what_the_leader_has_looks_at_no_other():
    fleet = [looked(OLD), looked(OLD), looked(NEW)]
    assert chosen(*fleet, host="app2") == [] and chosen(*fleet, host="app3") == ["app3"]


def test_what_was_found_is_given_with_its_release_and_its_host():
    hostvars = {"app2": {**looked(OLD), "tried": {"proved": {"breaks": ["x"], "later": []}}}, "app3": {**looked(NEW), "tried": {"failed": True}}, "app4": looked(NEW)}
    assert proofs(list(hostvars), hostvars, "found", "tried") == [
        {"host": "app2", "release": OLD, "proved": {"breaks": ["x"], "later": []}},
        {"host": "app3", "release": NEW, "proved": None},
        {"host": "app4", "release": NEW, "proved": None},
    ]
