"""Whatever ends the step that switches a host, in whatever moment, the way back is there, and nobody goes on from where it was."""
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import activation as compose_activation
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import activating, activation, process_moves

RECORD = {"run": "7-1-a", "release": "20260102T000000Z-1111111", "done": None}


@pytest.fixture
def asked(monkeypatch):
    state = SimpleNamespace(record=dict(RECORD), calls=[])
    monkeypatch.setattr(activating.undo, "recall", lambda app: state.record)
    monkeypatch.setattr(activating.returning, "go_back", lambda params, run, result: state.calls.append((run, result)))
    return state


def test_a_run_that_asks_again_for_a_step_that_was_killed_goes_back(asked):
    with pytest.raises(CommandFailed, match="release 20260102T000000Z-1111111 was not activated: the step that did so was ended in the middle"):
        activating.go_back_from_middle({"app_name": "shop", "run_id": "7-1-a"})
    assert asked.calls == [("7-1-a", "rolled-back")]


@pytest.mark.parametrize("record", [None, {**RECORD, "run": "6-1-a"}, {**RECORD, "done": ["slot"]}, {**RECORD, "done": []}])
def test_a_step_of_another_run_and_one_that_came_to_its_end_are_left_alone(asked, record):
    asked.record = record
    activating.go_back_from_middle({"app_name": "shop", "run_id": "7-1-a"})
    assert asked.calls == []


def test_the_way_back_is_written_down_before_traffic_moves(monkeypatch, tmp_path):
    seen = []
    link = tmp_path / "gunicorn.sock"
    link.symlink_to("blue.sock")
    monkeypatch.setattr(activation.undo, "remember", lambda app, restorable, **facts: seen.append((link.readlink().name, [entry[0] for entry in restorable.dump()], facts["done"])))
    monkeypatch.setattr(activation.replacing, "write", lambda restorable, file: None)
    one = object.__new__(activation.Activation)
    one.layout = SimpleNamespace(app_name="shop", socket_link=str(link), slot_socket=lambda slot: slot + ".sock")
    one.wanted = SimpleNamespace(
        different=[("plain", SimpleNamespace(path=str(tmp_path / "pages"))), ("nginx", SimpleNamespace(path=str(tmp_path / "site")))], web=True, release="new", live="blue", previous_release="old",
        touches_nginx=False, params={"run_id": "7-1-a"}, processes=SimpleNamespace(moves={}), tmpfiles=lambda slot: SimpleNamespace(path=str(tmp_path / "tmpfiles")),
        links=lambda slot: {str(tmp_path / "current"): "slots/" + slot},
    )
    one.start, one.restorable, one.is_starting, one.replaced, one.activated = SimpleNamespace(slot="green"), activation.Restorable(), True, [], None
    one.restorable.noted = one.remember
    one.switch()
    assert link.readlink().name == "green.sock"
    assert seen == [("blue.sock", [str(tmp_path / name) for name in ("pages", "tmpfiles", "gunicorn.sock", "current")], None)], "once, with all of it"


def test_what_is_done_with_processes_is_written_down_before_it_is_done(monkeypatch):
    did, moves = [], {"started": [], "stopped": [], "restarted": []}

    def noted():
        did.append({name: list(units) for name, units in moves.items() if units})

    monkeypatch.setattr(process_moves.systemd, "systemctl", lambda verb, *units, **options: did.append(verb))
    monkeypatch.setattr(process_moves.systemd, "quietly", lambda verb, *units, **options: did.append(verb))
    process_moves.stop(["a"], moves, noted)
    process_moves.start(["b"], moves, noted)
    process_moves.restart(["c"], moves, noted)
    for order in (["disable", "stop"], ["enable", "reset-failed", "start"], ["reset-failed", "restart"]):
        assert isinstance(did.pop(0), dict)
        assert [did.pop(0) for _ in order] == order


@pytest.mark.parametrize("record, goes_back", [({"run": "7-1-a", "done": None}, True), ({"run": "7-1-a"}, True), ({"run": "6-1-a", "done": None}, False), (None, False)])
def test_the_same_with_containers(record, goes_back):
    one = object.__new__(compose_activation.Activation)
    one.store = SimpleNamespace(recall=lambda: record)
    one.went_back = lambda cause: CommandFailed("went back: %s" % cause)
    one.launch = lambda: (_ for _ in ()).throw(CommandFailed("went on"))
    with pytest.raises(CommandFailed, match="went back: the step that did so was ended in the middle" if goes_back else "went on"):
        one.run("mona", "7-1-a")
