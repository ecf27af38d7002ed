"""What is new to the live release comes first, since people read the first few warnings."""
from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import prepared, warned
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

LIVE = "20260102T030405Z-0123456"


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (None, ["a", "b", "c"]),
        ([], ["new: a", "new: b", "new: c"]),
        (["a", "c", "gone"], ["new: b", "a", "c"]),
        (["c", "b", "a"], ["a", "b", "c"]),
    ],
)
def test_new_ones_come_first(known, expected):
    assert warned.new_first(["a", "b", "c"], known) == expected


@pytest.mark.parametrize(("live", "record", "expected"), [(None, {"warnings": ["x"]}, None), (LIVE, {"warnings": ["x"]}, ["x"]), (LIVE, {}, None), (LIVE, {"warnings": 3}, None)])
def test_the_live_release_is_what_they_are_new_to(tmp_path, monkeypatch, live, record, expected):
    layout = Layout("shop", str(tmp_path / "app"), str(tmp_path / "run/shop.sock"))
    monkeypatch.setattr(Layout, "live_release", lambda self: live)
    monkeypatch.setattr(prepared, "read", lambda _layout, release: record if release == LIVE else {})
    assert warned.of_live(layout) == expected
