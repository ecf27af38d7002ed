from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.django_ansible.deploy.plugins.filter.rollback import revision_of, rollback_target


def host(live, *releases):
    """A host's answer; a release is named by its number, "-" after it marks it bad, "?" never activated."""
    entries = [
        {"release": name.rstrip("-?"), "revision": name.rstrip("-?") * 7, "bad": True if name.endswith("-") else None, "activated": None if name.endswith("?") else "2026"}
        for name in releases
    ]
    return {"live": {"release": live}, "releases": entries}


@pytest.mark.parametrize(
    ("hosts", "asked", "expected"),
    [
        ([host("3", "1", "2", "3")], "", "2"),
        ([host("3", "1", "2-", "3")], "", "1"),
        ([host("3", "1", "2?", "3")], "", "1"),
        ([host("3", "1", "2", "3"), host("3", "1", "3")], "", "1"),
        ([host("2", "1", "2"), host("3", "1", "2", "3")], "", "1"),
        ([host("3", "1", "2", "3")], "1", "1"),
        ([host("3", "1", "2", "3")], "2222", "2"),
        ([host("3", "3", "a")], "AAAA", "a"),
        ([host("1", "1", "2", "3")], "3", "3"),
        # One of three that claims to serve something else moves nobody.
        ([host("4", "1", "2", "3", "4"), host("4", "1", "2", "3", "4"), host("2", "1", "2", "3", "4")], "", "3"),
    ],
)
def test_fleet_goes_back_to_one_release(hosts, asked, expected):
    assert rollback_target(hosts, asked) == expected


def test_a_release_that_one_host_has_as_another_commit_is_none_of_the_fleet():
    other = host("3", "1", "2", "3")
    other["releases"][1]["revision"] = "0" * 7
    assert rollback_target([host("3", "1", "2", "3"), other]) == "1"
    with pytest.raises(AnsibleFilterError, match="2 is no release that every host still has; there are: 1, 3"):
        rollback_target([host("3", "1", "2", "3"), other], "2")


@pytest.mark.parametrize("asked", ["", "2"])
def test_a_release_whose_python_a_host_has_no_more_is_refused_and_not_passed_over(asked):
    other = host("3", "1", "2", "3")
    other["releases"][1]["starts"] = False
    with pytest.raises(AnsibleFilterError, match="2 cannot start any more, since the Python that it was made with is not on every host: deploy its commit"):
        rollback_target([host("3", "1", "2", "3"), other], asked)
    assert rollback_target([host("3", "1", "2", "3"), other], "1") == "1"


def test_the_commit_of_the_chosen_release_is_known():
    assert revision_of([host("3", "1", "2", "3")], "2") == "2222222"


@pytest.mark.parametrize(
    ("hosts", "asked", "words"),
    [
        ([host(None)], "", "no release is live on these hosts yet"),
        ([host("1", "1")], "", r"no older release to roll back to; there are: 1 \(live\)$"),
        ([host("1", "1", "2")], "", r"there are: 1 \(live\), 2; to go to a newer one, give its name as revision$"),
        ([host("2", "1", "2")], "9", r"9 is no release that every host still has; there are: 1, 2 \(live\)"),
        ([host("2", "1-", "2")], "1", "1 is no release"),
        ([host("2", "1", "2"), host("2", "2")], "", "no older release"),
    ],
)
def test_what_cannot_be_gone_back_to_is_listed(hosts, asked, words):
    with pytest.raises(AnsibleFilterError, match=words):
        rollback_target(hosts, asked)
