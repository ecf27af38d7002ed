"""What a look at a host leaves to later steps."""
from __future__ import annotations

import json

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import early_start, first_look
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

RELEASE = "20260102T030405Z-0123456"


@pytest.mark.parametrize(("begun_by", "left"), [("run-1", False), ("run-0", True), (None, True)])
def test_what_this_run_has_come_up_is_nothing_that_is_left_to_finish(tmp_path, monkeypatch, begun_by, left):
    """A lone host's rollback took a step more for it."""
    layout = Layout("mysite", str(tmp_path / "app"), str(tmp_path / "socket"))
    monkeypatch.setattr(first_look, "is_enabled", lambda unit: False)
    monkeypatch.setattr(first_look, "is_active", lambda unit: unit == "mysite@green.service")
    monkeypatch.setattr(early_start.undo, "FOLDER", str(tmp_path))
    if begun_by:
        saved = early_start.Restorable().dump()
        (tmp_path / "mysite.early").write_text(json.dumps({"run": begun_by, "slot": "green", "release": RELEASE, "saved": saved}))
    assert first_look.to_finish("blue", [], layout, {"keep_releases": 5, "standby": False, "run_id": "run-1"}) is left
