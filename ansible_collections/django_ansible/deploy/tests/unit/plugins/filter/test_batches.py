from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.django_ansible.deploy.plugins.filter.batches import batches

HOSTS = ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([1, "100%"], [["a"], ["b", "c", "d", "e"]]),
        (2, [["a", "b"], ["c", "d"], ["e"]]),
        ("40%", [["a", "b"], ["c", "d"], ["e"]]),
        ("1%", [["a"], ["b"], ["c"], ["d"], ["e"]]),
        ("100%", [HOSTS]),
        ([1, 2], [["a"], ["b", "c"], ["d", "e"]]),
        (99, [HOSTS]),
    ],
)
def test_hosts_are_split_in_order(sizes, expected):
    assert batches(HOSTS, sizes) == expected


def test_no_hosts_need_no_batch():
    assert batches([], [1]) == []


@pytest.mark.parametrize("sizes", [0, "0%", "-1", "half", [], [1, "x"], 1.5])
def test_size_that_is_none_is_refused_with_the_variable(sizes):
    with pytest.raises(AnsibleFilterError, match="django_app_batch"):
        batches(HOSTS, sizes)


def test_no_role_gives_it_hosts_whose_order_is_lost():
    given = [
        (path.name, text) for path in Path(__file__).parents[4].glob("roles/*/**/*.yml")
        for text in re.findall(r"(?:^|\{\{|[(\[]) ?([^\n({\[]*(?:\([^()]*\)[^\n({\[]*)*)\| django_ansible\.deploy\.batches\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert len(given) >= 5
    # They make a set of the hosts, which is in another order in each run.
    assert [(name, text) for name, text in given if re.search(r"\b(difference|intersect|union|symmetric_difference)\b", text)] == []
