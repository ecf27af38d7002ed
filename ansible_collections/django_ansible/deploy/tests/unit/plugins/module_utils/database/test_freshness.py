"""How old the newest dump is, and the newest one that was tried."""
from __future__ import annotations

import json

from ansible_collections.django_ansible.deploy.plugins.module_utils.database import freshness
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.catalogue import DAY

TRIED = 1767323045.0  # 2026-01-02T03:04:05Z


def dumped(folder, identifier, **facts):
    (folder / (identifier + ".dump")).write_bytes(b"x")
    (folder / (identifier + ".json")).write_text(json.dumps({"id": identifier, "taken": "2026-01-02T03:00:00Z", **facts}))


def test_without_dumps_there_is_nothing_fresh(tmp_path):
    assert freshness.facts(str(tmp_path)) == {"last_dump": None, "dump_bytes": 0, "last_rehearsal": None, "restores_in": None}
    assert freshness.unproven(str(tmp_path), 0, TRIED) is None
    assert "none was ever tried" in freshness.unproven(str(tmp_path), 7, TRIED)


def test_the_last_rehearsal_counts_for_so_many_days(tmp_path):
    dumped(tmp_path, "20260102T030000Z-a1b2", rehearsed="2026-01-02T03:04:05Z", restores_in=1.2)
    dumped(tmp_path, "20260103T030000Z-a1b2", size=400)
    facts = {"last_dump": "2026-01-03T03:00:00Z", "dump_bytes": 400, "last_rehearsal": "2026-01-02T03:04:05Z", "restores_in": 2}
    assert freshness.facts(str(tmp_path)) == facts
    assert freshness.unproven(str(tmp_path), 7, TRIED + 6 * DAY) is None
    assert "tried was so on 2026-01-02T03:04:05Z. Run operation: rehearse" in freshness.unproven(str(tmp_path), 7, TRIED + 8 * DAY)


def test_a_time_that_is_none_is_no_time(tmp_path):
    dumped(tmp_path, "99999999T999999Z-a1b2")
    dumped(tmp_path, "20260102T030000Z-a1b2", rehearsed="9999-99-99T99:99:99Z", restores_in=1.2)
    assert "none was ever tried" in freshness.unproven(str(tmp_path), 7, TRIED)
    assert freshness.facts(str(tmp_path))["last_dump"] == "2026-01-02T03:00:00Z"
