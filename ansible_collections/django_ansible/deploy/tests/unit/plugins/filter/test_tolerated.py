from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.django_ansible.deploy.plugins.filter.tolerated import tolerated


@pytest.mark.parametrize(("limit", "total", "expected"), [(0, 3, 0), (1, 3, 1), ("2", 50, 2), ("10%", 25, 2), ("10%", 5, 0), (9, 3, 2), ("100%", 4, 3), (1, 1, 0)])
def test_a_number_or_a_percentage_of_the_fleet_and_never_all_of_it(limit, total, expected):
    assert tolerated(["app%d" % number for number in range(total)], limit) == expected


@pytest.mark.parametrize("limit", [-1, "some", True, None, 1.5, "%", [1], "10 %%"])
def test_anything_else_is_refused_by_the_name_of_the_variable(limit):
    with pytest.raises(AnsibleFilterError, match="compose_app_max_failures"):
        tolerated(["a", "b"], limit, "compose_app_max_failures")
