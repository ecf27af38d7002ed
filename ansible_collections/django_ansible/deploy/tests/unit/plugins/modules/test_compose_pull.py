"""Which images a host pulls."""
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import store
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import EngineError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.sources import Managed
from ansible_collections.django_ansible.deploy.plugins.modules import compose_pull

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
PARAMS = {"project": "shop", "run_id": "7-1-a", "digests": {}, "build": False, "timeout": 900}


class Engine:
    """Its registry has one image of r.x/web, and no other."""

    def __init__(self, here):
        self.here, self.pulled = here, []

    def image(self, reference):
        return self.here.get(reference)

    def info(self):
        return {}

    def pull(self, reference, auth, platform, timeout):
        if not reference.startswith("r.x/web"):
            raise EngineError(404, "not found")
        self.pulled.append(reference)
        self.here.update(dict.fromkeys((reference, f"r.x/web@{B}"), {"Id": "new", "RepoDigests": [f"r.x/web@{B}"]}))

    def tag(self, identifier, reference):
        self.here[reference] = {"Id": identifier}


@pytest.fixture
def host(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "state_folder", lambda: str(tmp_path / "state"))

    def pull(reference, digest, policy="missing", here=None, wanted=None):
        """As a host goes on that has planned to run *digest*, and with all others *wanted*. Its engine afterwards, and by reference what was noted."""
        kept, engine = store.Store("shop"), Engine({reference: here} if here else {})
        service = {"image": reference, "build": False, "platform": "", "pull_policy": policy, "replicas": 1}
        kept.write_plan("{}", Managed(), run="7-1-a", summary={"services": {"web": service}}, chosen={reference: digest}, pulled=[])
        params = {**PARAMS, "digests": {} if wanted is None else {reference: wanted}}
        compose_pull.Pull(params, SimpleNamespace(engine=engine, config_dir=str(tmp_path)), []).run()
        return engine, kept.plan()["images"]["web"]

    return pull


def test_an_image_that_no_registry_has_is_taken_as_it_is_where_the_compose_file_wants_that(host):
    engine, noted = host("shop:local", "", here={"Id": "old", "RepoDigests": []})
    assert (engine.pulled, noted) == ([], "old")


def test_so_is_one_that_came_from_a_registry_under_another_name(host):
    engine, _ = host("shop:local", A, here={"Id": "old", "RepoDigests": [f"r.x/web@{A}"]})
    assert engine.pulled == []


def test_one_that_is_not_there_is_pulled_also_then(host):
    engine, noted = host("r.x/web:v1", B)
    assert (engine.pulled, noted) == ([f"r.x/web@{B}"], f"r.x/web@{B}")


def test_all_hosts_run_the_same(host):
    engine, noted = host("r.x/web:v1", "", here={"Id": "old", "RepoDigests": []}, wanted=B)
    assert (engine.pulled, noted) == ([f"r.x/web@{B}"], f"r.x/web@{B}")


def test_what_no_registry_told_is_pulled_to_know_it(host):
    engine, noted = host("r.x/web:v1", "", policy="", here={"Id": "old", "RepoDigests": []})
    assert (engine.pulled, noted) == (["r.x/web:v1"], f"r.x/web@{B}")


class Ended(Exception):
    """The module has answered."""


@pytest.fixture
def asked_again(tmp_path, monkeypatch):
    """How the module answers whose lock is gone, as a boot or an earlier try of this step has ended what it was part of."""
    monkeypatch.setattr(store, "state_folder", lambda: str(tmp_path / "state"))
    monkeypatch.setattr(store, "lock_folder", lambda: str(tmp_path / "locks"))
    params = {**PARAMS, "release": NEW, "revision": "", "batches": [["one"], ["two"]], "actor": "", "registries": "[]", "env": "{}"}
    answers = []

    def ends(**answer):
        answers.append(answer)
        raise Ended

    monkeypatch.setattr(compose_pull, "AnsibleModule", lambda **_: SimpleNamespace(params=params, check_mode=False, fail_json=ends, exit_json=ends))
    kept = store.Store("shop")
    kept.save(OLD, "{}", Managed(), images={"web": f"r.x/web@{A}"})
    kept.set_live(OLD)

    def run():
        with pytest.raises(Ended):
            compose_pull.main()
        return answers[0]

    return SimpleNamespace(run=run, store=kept)


NEW, OLD = "20260102T030405Z-0123456", "20260101T030405Z-0123456"


def test_a_host_that_was_booted_before_its_turn_says_that_it_kept_its_release(asked_again):
    answer = asked_again.run()
    assert "not this run's any more (the host was restarted" in answer["msg"]
    assert answer["deploy"] == {"kept": True}


def test_one_that_was_booted_after_it_does_not_yet(asked_again):
    asked_again.store.remember(files=[], run="7-1-a", release=NEW, previous=OLD, tags={}, before=[], actor="", previous_images={}, done=None, settings={})
    assert asked_again.run()["deploy"] == {}


def test_one_that_has_rolled_back_in_a_try_that_nobody_heard_says_so(asked_again):
    asked_again.store.record(release=NEW, previous=OLD, result="rolled-back", run="7-1-a", actor="")
    answer = asked_again.run()
    assert answer["msg"] == f"Release {NEW} was not activated in a try whose connection broke, and this host rolled back: deploy again to see why"
    assert (answer["changed"], answer["deploy"]["kept"], answer["deploy"]["images"]) == (True, True, {"web": f"r.x/web@{A}"})
