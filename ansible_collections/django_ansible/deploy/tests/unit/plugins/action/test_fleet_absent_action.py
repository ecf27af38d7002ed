"""What runs on no host, as status says it."""
from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.action.fleet_absent import runs, sentence_of


@pytest.mark.parametrize(
    ("units", "found"),
    [
        (["shop@blue.service", "shop-beat-green@1.service"], True), (["shop-beat.timer"], True), (["shop-beat-worker-blue@1.service"], False),
        (["shop@blue.service", "shop-worker-blue@1.service"], False), (["other-beat-blue@1.service"], False), ([], False),
    ],
)
def test_a_unit_of_another_host_is_found(units, found):
    assert runs("shop", "beat", units) is found


def test_it_is_named_with_both_hosts():
    said = sentence_of({"name": "beat", "host": "app1", "stands_in": "app2"})
    assert said.startswith("beat runs on no host that answers, since app1 does not: a deploy moves it to app2")
