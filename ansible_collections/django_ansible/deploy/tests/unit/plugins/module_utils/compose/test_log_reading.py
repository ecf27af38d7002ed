"""What containers have printed, by time."""
from __future__ import annotations

import types

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import log_reading
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError

WEB = "2026-01-02T03:04:05.500000000Z listening\n2026-01-02T03:04:07Z GET /\n  a traceback\n"
WORKER = "2026-01-02T03:04:06.250Z ready\n"


class Engine:
    def containers(self, project):
        return [{"Id": name, "Names": ["/shop-%s-1" % name], "Labels": {"com.docker.compose.service": name}} for name in ("web", "worker")]

    def logs(self, identifier, lines, since, timestamps):
        assert timestamps
        return {"web": WEB, "worker": WORKER}[identifier]


@pytest.fixture
def live(tmp_path):
    return types.SimpleNamespace(project="shop", compose=types.SimpleNamespace(engine=Engine()), store=types.SimpleNamespace(journal=str(tmp_path / "deploys.jsonl")))


def test_all_services_by_time_with_their_names(live):
    found = log_reading.read(live, "", "", 9, "")
    assert [when for when, _ in found] == [1767323045.5, 1767323046.25, 1767323047.0, 1767323047.0]
    assert [text for _, text in found] == ["shop-web-1: listening", "shop-worker-1: ready", "shop-web-1: GET /", "shop-web-1:   a traceback"]


def test_one_service_cut_to_the_newest_that_match(live):
    assert [text for _, text in log_reading.read(live, "web", "", 1, "L|GET")] == ["GET /"]


def test_a_service_that_is_none_is_refused(live):
    with pytest.raises(ComposeError, match="there is no nginx here: use deploys, web, worker, or nothing"):
        log_reading.read(live, "nginx", "", 9, "")
    assert log_reading.read(live, "deploys", "", 9, "") == []
