"""A host with containers goes back, and says so, also where its engine does not answer right after."""
from __future__ import annotations

from types import SimpleNamespace

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import returning
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError


def test_a_host_that_is_back_says_so_whatever_its_engine_says(monkeypatch):
    record, calls = {"run": "7-1-a", "settings": {}}, []
    store = SimpleNamespace(recall=lambda: record, plan=dict, live=lambda: None, read_release=lambda release: {})
    monkeypatch.setattr(returning, "Store", lambda project: store)
    monkeypatch.setattr(returning, "Compose", lambda: None)
    monkeypatch.setattr(returning, "undo_activation", lambda *given: calls.append(given[4]))

    def fails(compose, store):
        raise ComposeError("the engine does not answer")

    monkeypatch.setattr(returning, "served", fails)
    assert returning.go_back({"project": "shop"}, "7-1-a") == {}
    assert calls == ["rolled-back-by-itself"]
    assert returning.go_back({"project": "shop"}, "8-1-a") is None
