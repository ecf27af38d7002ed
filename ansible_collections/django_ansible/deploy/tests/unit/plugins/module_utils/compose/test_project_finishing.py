"""Migrations that the release before would not survive are applied by the end of the deploy, and what goes wrong there keeps nothing else from being done."""
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import finishing
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import Store
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

RELEASE = "20260102T030405Z-0123456"
LATER = {"run": "1", "migrations": ["shop.0003_drop"], "patience": {"lock_timeout": 5}}


class Application:
    def __init__(self, *given):
        self.service = given[0]

    def drive(self, step, heard, only, lock_timeout):
        if "fails" in only:
            raise CommandFailed("no")
        return {step: {"migrations": only, "times": ["done as %s within %d s" % (self.service, lock_timeout)]}}


@pytest.fixture
def ended(monkeypatch, tmp_path):
    """Ends a deploy; tells what that answers and what is left of the record, and what else was done."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    store, done = Store("shop"), []
    monkeypatch.setattr(finishing, "Compose", lambda: SimpleNamespace(engine=None))
    monkeypatch.setattr(finishing, "OneOff", lambda compose, config, facts, service, timeout: service)
    monkeypatch.setattr(finishing, "ContainerApplication", Application)
    monkeypatch.setattr(finishing, "prune", lambda *given: done.append("pruned") or ["old"])

    def end(later, **params):
        store.save(RELEASE, "{}", SimpleNamespace(dump=lambda: "{}"), later=later)
        store.set_live(RELEASE)
        given = {"run_id": "1", "everywhere": True, "service": "web", "python": "python", "folder": "", "settings": "", "keep_releases": 5, "dumps": {}, **params}
        return finishing.end(given, store, SimpleNamespace(keeper=lambda: None, release=lambda: done.append("released")))

    return end, store, done


def test_they_are_applied_once_the_release_runs_everywhere(ended):
    end, store, done = ended
    assert end(LATER) == {"removed": ["old"], "migrations": ["shop.0003_drop"], "told": ["done as web within 5 s"]}
    assert (store.read_release(RELEASE).get("later"), done) == (None, ["pruned", "released"])


@pytest.mark.parametrize(("later", "params"), [(LATER, {"everywhere": False}), ({**LATER, "run": "0"}, {}), (None, {})])
def test_else_they_are_the_next_deploys(ended, later, params):
    end, store, done = ended
    assert end(later, **params)["migrations"] == []
    assert (store.read_release(RELEASE).get("later"), done) == (later, ["pruned", "released"])


def test_a_failure_names_them_once_the_rest_is_done(ended):
    end, store, done = ended
    with pytest.raises(CommandFailed, match="the next deploy has to apply fails: no"):
        end({**LATER, "migrations": ["fails"]})
    assert (store.read_release(RELEASE)["later"]["migrations"], done) == (["fails"], ["pruned", "released"])
