"""What keeps two generations of a service from running at once."""
from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.rollout import obstacles


@pytest.mark.parametrize(
    ("service", "words"),
    [
        ({}, None),
        ({"ports": [{"target": 8000}]}, None),
        ({"ports": [{"target": 8000, "published": "8001-8002"}]}, None),
        ({"networks": {"default": None}}, None),
        ({"ports": [{"target": 8000, "published": "80"}]}, "publish a range such as 80-81:8000"),
        ({"ports": [{"target": 8000, "published": "8001-8002"}], "deploy": {"replicas": 2}}, "4 containers at once"),
        ({"container_name": "shop"}, "container_name: shop"),
        ({"network_mode": "host"}, "network_mode: host"),
        ({"networks": {"back": {"ipv4_address": "10.0.0.2"}}}, "fixed address in the network back"),
    ],
)
def test_obstacles(service, words):
    found = obstacles({"services": {"web": service}}, ["web"])
    assert found == [] if words is None else len(found) == 1 and words in found[0]


def test_an_unknown_service_is_one():
    assert obstacles({"services": {}}, ["web"]) == ["compose_app_rollout names web, which the compose file does not have"]
