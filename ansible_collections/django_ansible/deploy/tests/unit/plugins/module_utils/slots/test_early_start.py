"""A release that comes up in the free slot before it is the host's turn."""
from __future__ import annotations

import os
import time
from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import giving_up, older_release
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import activation, early_start, pointing, returning, slot_start
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

OLDEST, OLD, NEW = ("2026010%dT030405Z-0123456" % day for day in (1, 2, 3))
PARAMS = {"run_id": "run-1", "credentials": []}


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host on which blue is live with OLD, and green had OLDEST."""
    layout = Layout("mysite", str(tmp_path / "app"), str(tmp_path / "run" / "gunicorn.sock"))
    layout.etc, layout.run = str(tmp_path / "etc"), str(tmp_path / "run")
    for folder in (layout.slots, layout.run, layout.etc):
        os.makedirs(folder)
    for slot, release in (("blue", OLD), ("green", OLDEST)):
        os.symlink(os.path.join("..", "releases", release), layout.slot_link(slot))
    os.symlink(layout.slot_socket("blue"), layout.socket_link)
    units = tmp_path / "units"
    units.mkdir()
    for name in ("mysite@.socket", "mysite@.service"):
        (units / name).write_text("")
    state = SimpleNamespace(layout=layout, units=units, active=set(), kept={}, calls=[])
    for module, name, value in (
        (early_start.process_units, "UNITS", str(units)),
        (early_start.undo, "FOLDER", str(tmp_path / "undo")),
        (pointing, "files", lambda *_: []),
        (early_start.systemd, "show_each", lambda units, *_: {unit: {"ActiveState": "active" if unit in state.active else "inactive", **state.kept} for unit in units}),
        (early_start.systemd, "is_active", lambda unit: unit in state.active),
        (early_start.systemd, "systemctl", lambda *words, timeout=0: state.calls.append(words)),
        (early_start.systemd, "quietly", lambda *words: state.calls.append(words)),
    ):
        monkeypatch.setattr(module, name, value)
    return state


GREEN = ("mysite@green.socket", "mysite@green.service")
STARTED = [("start", "--no-block", *GREEN)]


def test_it_starts_in_the_free_slot_and_waits_for_nothing(host):
    early_start.begin(PARAMS, host.layout, NEW)
    assert host.calls == STARTED
    assert [host.layout.slot_release(slot) for slot in ("blue", "green")] == [OLD, NEW]
    assert host.layout.live_slot() == "blue"
    found = early_start.recall(host.layout, "run-1")
    assert (found["slot"], found["release"]) == ("green", NEW)
    assert early_start.recall(host.layout, "run-2") is None


def test_a_run_that_ends_without_it_has_it_stopped_and_the_slot_as_it_was(host, monkeypatch):
    early_start.begin(PARAMS, host.layout, NEW)
    monkeypatch.setattr(returning, "layout_of", lambda params: host.layout)
    monkeypatch.setattr(returning.holding, "abandon", lambda layout, run: ([], ""))
    assert returning.go_back(PARAMS, "run-1") is None
    assert host.calls == [*STARTED, ("stop", "--no-block", *reversed(GREEN))]
    assert host.layout.slot_release("green") == OLDEST
    assert early_start.recall(host.layout) is None
    assert returning.go_back(PARAMS, "run-1") is None
    assert len(host.calls) == 2


@pytest.mark.parametrize("kept", [{"ActiveState": "failed"}, {"NRestarts": "2"}])
def test_an_earlier_failure_counts_as_none_of_this_start(host, kept):
    host.kept = kept
    early_start.begin(PARAMS, host.layout, NEW)
    assert host.calls[-2:] == [("reset-failed", *GREEN), *STARTED]


def test_another_run_ends_nothing_of_it(host):
    early_start.begin(PARAMS, host.layout, NEW)
    host.calls.clear()
    early_start.recall(host.layout, "run-2")
    assert (host.calls, host.layout.slot_release("green")) == ([], NEW)


def test_what_has_become_live_is_not_stopped(host):
    early_start.begin(PARAMS, host.layout, NEW)
    os.unlink(host.layout.socket_link)
    os.symlink(host.layout.slot_socket("green"), host.layout.socket_link)
    early_start.end(host.layout, "run-1")
    assert (host.calls, host.layout.slot_release("green")) == (STARTED, NEW)


def test_what_stands_by_goes_on_and_what_else_runs_there_stops(host):
    host.active = set(GREEN)
    early_start.begin(PARAMS, host.layout, OLDEST)
    assert (host.calls, early_start.recall(host.layout)) == ([], None)
    early_start.begin(PARAMS, host.layout, NEW)
    assert host.calls == [("stop", *reversed(GREEN)), *STARTED]


BLUE = ("mysite@blue.socket", "mysite@blue.service")


@pytest.fixture
def bare(host, tmp_path, monkeypatch):
    """A host on which nothing of the application serves, with the units that it gets."""
    os.unlink(host.layout.socket_link)
    for slot in ("blue", "green"):
        os.unlink(host.layout.slot_link(slot))
    (host.units / "mysite@.socket").unlink()
    (host.units / "mysite@.service").write_text("of somebody else")
    monkeypatch.setattr(early_start.replacing, "ensure_directory", lambda path: os.makedirs(path, exist_ok=True))
    monkeypatch.setattr(ManagedFile, "write", lambda self: open(self.path, "wb").write(self.content))
    host.first = [ManagedFile(str(host.units / name), "unit") for name in ("mysite@.socket", "mysite@.service")]
    return host


def test_the_first_release_of_a_host_brings_its_units_and_takes_them_along(bare):
    early_start.begin(PARAMS, bare.layout, NEW, bare.first)
    assert bare.calls == [("daemon-reload",), ("start", "--no-block", *BLUE)]
    assert {path.name: path.read_text() for path in bare.units.iterdir()} == {"mysite@.socket": "unit", "mysite@.service": "unit"}
    assert (bare.layout.slot_release("blue"), bare.layout.live_slot()) == (NEW, None)
    bare.calls.clear()
    early_start.end(bare.layout, "run-1")
    assert bare.calls == [("stop", "--no-block", *reversed(BLUE)), ("daemon-reload",)]
    assert {path.name: path.read_text() for path in bare.units.iterdir()} == {"mysite@.service": "of somebody else"}
    assert bare.layout.slot_release("blue") is None


def test_units_of_a_host_that_serves_are_not_written_beside_its_live_release(host):
    early_start.begin(PARAMS, host.layout, NEW, [ManagedFile(str(host.units / "mysite@.service"), "unit")])
    assert (host.calls, (host.units / "mysite@.service").read_text()) == ([], "")


@pytest.mark.parametrize("lacks", ["a live release", "units"])
def test_a_host_without_what_it_takes_starts_in_its_turn(host, lacks):
    if lacks == "units":
        (host.units / "mysite@.socket").unlink()
    else:
        os.unlink(host.layout.socket_link)
    early_start.begin(PARAMS, host.layout, NEW)
    assert (host.calls, host.layout.slot_release("green")) == ([], OLDEST)


def test_what_a_run_left_that_nobody_ended_is_not_put_back(host):
    early_start.begin(PARAMS, host.layout, OLD)
    early_start.begin({**PARAMS, "run_id": "run-2"}, host.layout, NEW)
    assert early_start.recall(host.layout, "run-1") is None
    early_start.end(host.layout, "run-2")
    assert host.layout.slot_release("green") == OLD


@pytest.mark.parametrize(
    "slot, release, run, taken", [("green", NEW, "run-1", True), ("green", OLDEST, "run-1", False), ("blue", NEW, "run-1", False), ("green", NEW, "run-2", False)]
)
def test_the_activation_goes_on_from_there_only_when_it_is_the_same(host, slot, release, run, taken):
    early_start.begin(PARAMS, host.layout, NEW)
    wanted = SimpleNamespace(layout=host.layout, slot=slot, release=release, params={"run_id": run})
    assert bool(activation.Activation.take_over(SimpleNamespace(wanted=wanted, layout=host.layout))) is taken


def test_what_a_run_left_that_nobody_ended_is_forgotten_with_its_copies(host, monkeypatch):
    early_start.begin(PARAMS, host.layout, NEW)
    forgotten = []
    monkeypatch.setattr(early_start.Restorable, "forget", lambda self: forgotten.append(self))
    step = object.__new__(activation.Activation)
    wanted = SimpleNamespace(live="blue", processes=SimpleNamespace(check=lambda: None), params={"run_id": "run-2"}, one_at_a_time=False)
    step.wanted, step.layout, step.is_starting = wanted, host.layout, True
    step.start = SimpleNamespace(is_begun=False, slot="green", start=lambda: 1 / 0)
    monkeypatch.setattr(activation.Activation, "give_up", lambda self, cause, starting: cause)
    with pytest.raises(activation.CommandFailed, match="division"):
        step.run([])
    assert len(forgotten) == 1
    assert early_start.recall(host.layout) is None


@pytest.mark.parametrize(
    "is_set_up, has_given_up, calls",
    [
        (True, False, [("start", *GREEN)]),
        (True, True, [("reset-failed", *GREEN), ("start", *GREEN)]),
        (False, False, [("reset-failed", *GREEN), ("start", *GREEN)]),
    ],
)
def test_one_that_came_to_nothing_starts_anew(host, monkeypatch, is_set_up, has_given_up, calls):
    wanted = SimpleNamespace(
        layout=host.layout, slot="green", web=True, release=NEW, params={**PARAMS, "health_timeout": 1}, different=[], differs_in=lambda *_: False,
        is_set_up=lambda: is_set_up, stands_by=lambda: pytest.fail("it was only begun"),
    )
    monkeypatch.setattr(slot_start.systemd, "has_given_up", lambda unit: has_given_up)
    monkeypatch.setattr(slot_start, "lock_of", lambda params, check_mode: DeployLock("mysite", "", "mona"))
    start = slot_start.SlotStart(wanted, early_start.Restorable(), is_begun=True, meanwhile=lambda: host.calls.append("meanwhile"))
    monkeypatch.setattr(start, "wait", lambda: host.calls.append("wait"))
    start.start()
    assert host.calls == [*calls, "meanwhile", "wait"]


@pytest.mark.parametrize("restarts, calls", [("0", []), ("2", [("reset-failed", "mysite@green.service")])])
def test_one_that_stands_by_starts_nothing_and_what_systemd_counted_before_says_nothing_of_now(host, monkeypatch, restarts, calls):
    wanted = SimpleNamespace(layout=host.layout, slot="green", web=True, stands_by=lambda: {"ActiveState": "active", "NRestarts": restarts})
    start = slot_start.SlotStart(wanted, early_start.Restorable(), meanwhile=lambda: host.calls.append("meanwhile"))
    monkeypatch.setattr(start, "wait", lambda: host.calls.append("wait"))
    start.start()
    assert host.calls == [*calls, "meanwhile", "wait"]


def test_one_that_does_not_come_up_is_not_waited_for_when_its_run_has_ended(host, monkeypatch, tmp_path):
    monkeypatch.setattr(giving_up, "LOOK", 0.01)
    lock = DeployLock("mysite", "7-1-a", "mona", str(tmp_path))
    lock.ask_to_stop()
    monkeypatch.setattr(slot_start, "lock_of", lambda params, check_mode: lock)
    monkeypatch.setattr(slot_start.systemd, "has_given_up", lambda unit: False)
    wanted = SimpleNamespace(
        layout=host.layout, slot="green", params={"health_timeout": 60, "health_path": "/"}, probe=SimpleNamespace(over_socket=lambda path, left: time.sleep(left)),
    )
    begun = time.monotonic()
    with pytest.raises(slot_start.CommandFailed, match="did not hear of its run"):
        slot_start.SlotStart(wanted, early_start.Restorable()).wait()
    assert time.monotonic() - begun < 30


def found(live, *releases):
    """A host's answer; a release is named by its number, and its migrations follow it."""
    entries = [{"release": name, "revision": name * 7, "bad": None, "activated": "2026", "migrations": migrations} for name, migrations in releases]
    return {"live": {"release": live}, "releases": entries}


@pytest.mark.parametrize(
    "releases, asked, expected",
    [
        ([("1", "a"), ("2", "a"), ("3", "a")], "", "2"),
        ([("1", "a"), ("2", "a"), ("3", "a")], "1111", "1"),
        ([("1", "a"), ("2", "a"), ("3", "a")], "3", None),
        ([("1", "a"), ("2", "b"), ("3", "b")], "1", None),
        ([("1", "a"), ("2", None), ("3", "b")], "", None),
        ([("3", "a")], "", None),
        ([("1", "a"), ("3", "a")], "2", None),
    ],
)
def test_a_host_expects_to_go_back_where_the_database_stays(releases, asked, expected):
    assert older_release.expected(found("3", *releases), asked) == expected
