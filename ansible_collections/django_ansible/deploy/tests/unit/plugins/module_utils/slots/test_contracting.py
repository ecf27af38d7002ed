"""Migrations that the release before would not survive are applied when it is live nowhere, and only by the deploy that left them for its end."""
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import finishing


class Layout:
    def __init__(self, later):
        self.record = {"later": later}

    def live_release(self):
        return "r2"

    def live_slot(self):
        return "blue"

    def read_release(self, release):
        return self.record

    def mark_release(self, release, **facts):
        self.record.update(facts)


@pytest.fixture
def contract(monkeypatch):
    def run(later, fails=False, **params):
        done = []

        class Application:
            def drive(self, step, heard, only, lock_timeout):
                if fails:
                    raise CommandFailed("no")
                done.extend(only)
                return {step: {"migrations": only}}

        layout = Layout(later)
        monkeypatch.setattr(finishing, "layout_of", lambda given: layout)
        monkeypatch.setattr(finishing, "application_of", lambda *given: Application())
        monkeypatch.setattr(finishing, "room", SimpleNamespace(wait_for_last_requests=lambda *given: None))
        return finishing.contract({"run_id": "1", "everywhere": True, **params}, False), done, layout.record["later"]

    return run


LATER = {"run": "1", "migrations": ["shop.0003_drop"], "patience": {"lock_timeout": 5}}


def test_they_are_applied_once_the_release_is_live_everywhere(contract):
    result, done, left = contract(LATER)
    assert (result["migrations"], done, left) == (["shop.0003_drop"], ["shop.0003_drop"], None)


def test_they_wait_while_a_host_may_serve_the_release_before(contract):
    result, done, left = contract(LATER, everywhere=False)
    assert (result["migrations"], done, left) == ([], [], LATER)
    assert result["told"][0].startswith("shop.0003_drop: not applied yet")


def test_those_of_another_run_are_the_next_deploys(contract):
    assert contract({**LATER, "run": "0"})[1] == []
    assert contract(None)[1] == []


def test_a_failure_names_what_the_next_deploy_has_to_apply(contract):
    with pytest.raises(CommandFailed, match="the next deploy has to apply shop.0003_drop: no"):
        contract(LATER, fails=True)
