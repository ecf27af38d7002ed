"""A step that goes on to the next phases says how long it was in each."""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import phases


def test_a_step_of_one_phase_says_nothing():
    assert phases.Phases().told() == {}


def test_the_phases_follow_each_other_up_to_now(monkeypatch):
    now = iter([10.0, 11.5, 11.75])
    monkeypatch.setattr(phases.time, "monotonic", lambda: next(now))
    mine = phases.Phases()
    mine.begin(phases.ACTIVATE)
    mine.begin(phases.FINISH)
    assert list(mine.told()["phases"].items()) == [("Activate", 1500), ("Finish", 250)]
