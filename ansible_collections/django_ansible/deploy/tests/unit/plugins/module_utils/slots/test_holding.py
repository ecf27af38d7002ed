import os
import socket

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.giving_up import RunEnded
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock, Locked
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import holding as module
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import room
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

OLD, NEW = "20260102T030405Z-0123456", "20260202T030405Z-89abcde"


@pytest.fixture
def layout(tmp_path, monkeypatch):
    monkeypatch.setattr(room.undo, "FOLDER", str(tmp_path / "lib"))
    monkeypatch.setattr(module, "slot_environment", lambda layout, slot: slot)
    monkeypatch.setattr(module, "application_sandbox", lambda told: None)
    made = Layout("shop", str(tmp_path), str(tmp_path / "run" / "gunicorn.sock"))
    made.run = str(tmp_path / "run")
    os.makedirs(made.run)
    os.makedirs(made.slots)
    os.symlink("../releases/" + OLD, made.slot_link("blue"))
    os.symlink("slots/blue", made.current)
    os.symlink(room.socket_of(made), made.socket_link)
    room._write(room.record_path(made), {"run": "1", "unit": "room.service", "migrations": ["shop.0002_x"], "dump": "d", "release": NEW, "app_path": "."})
    return made


@pytest.fixture
def asked(monkeypatch):
    made = []

    class Driven:
        def __init__(self, release_dir, *rest):
            made.append((os.path.basename(release_dir), rest[2]))

        def drive(self, step, **options):
            made.append((step, options))
            if "broken" in made:
                raise CommandFailed("cannot be reversed")

    monkeypatch.setattr(module, "Application", Driven)
    monkeypatch.setattr(room.systemd, "is_active", lambda unit: unit == "shop@blue.service")
    monkeypatch.setattr(room.systemd, "quietly", lambda *words: made.append(words))
    return made


def test_held_requests_leave_the_live_slot_known(layout):
    assert layout.live_slot() == "blue" and layout.live_release() == OLD


def test_what_was_migrated_is_taken_back_before_requests_go_on(layout, asked):
    assert module.abandon(layout, "1") == (["shop.0002_x"], "")
    assert asked == [(NEW, "blue"), ("reverse", {"migrations": ["shop.0002_x"]}), ("stop", "--no-block", "room.service")]
    assert os.readlink(layout.socket_link) == layout.slot_socket("blue") and not os.path.exists(room.record_path(layout))
    assert module.abandon(layout, "1") == ([], "")


def test_requests_go_on_also_when_it_cannot_be_taken_back_and_that_is_said(layout, asked):
    asked.append("broken")
    taken, said = module.abandon(layout, "1")
    assert taken == [] and "could not be taken back" in said and os.readlink(layout.socket_link) == layout.slot_socket("blue")


def test_a_step_that_fails_takes_back_before_it_gives_the_lock_to_who_waits(layout, asked, tmp_path):
    lock = DeployLock("shop", "1", "", str(tmp_path / "locks"))
    lock.take()
    with pytest.raises(CommandFailed, match="no space left") as failed, lock.step(), module.given_up(layout, "1"):
        asked.append(("held", lock.is_held()))
        raise CommandFailed("no space left")
    assert not lock.is_held()
    assert [entry[0] for entry in asked] == ["held", NEW, "reverse", "stop"]
    assert module.abandoned(failed.value, layout, "1") == (["shop.0002_x"], "")
    assert len(asked) == 4


def test_a_step_that_never_began_takes_back_as_well(layout, asked):
    assert module.abandoned(Locked("the deploy lock of shop is not this run's any more"), layout, "1") == (["shop.0002_x"], "")


def test_a_run_that_ended_before_a_migration_began_asks_no_database_that_does_not_answer(layout, asked):
    held = room.known(layout, "1")
    os.unlink(room.record_path(layout))
    with pytest.raises(RunEnded) as ended, module.given_up(layout, "1"):
        room._write(room.record_path(layout), held)
        raise RunEnded
    assert module.abandoned(ended.value, layout, "1") == ([], "")
    assert asked == [("stop", "--no-block", "room.service")]
    assert os.readlink(layout.socket_link) == layout.slot_socket("blue") and not os.path.exists(room.record_path(layout))


def test_what_an_earlier_try_of_the_step_has_applied_is_left_to_the_host_that_hears_of_no_run(layout, asked):
    """It has the lock then. A connection that breaks has Ansible ask again."""
    with pytest.raises(RunEnded) as ended, module.given_up(layout, "1"):
        raise RunEnded
    assert module.abandoned(ended.value, layout, "1") == ([], "")
    assert asked == [] and os.path.exists(room.record_path(layout))


def test_another_run_ends_nothing(layout, asked):
    assert module.abandon(layout, "2") == ([], "") and os.readlink(layout.socket_link) == room.socket_of(layout) and asked == []


def test_what_stays_is_not_taken_back(layout, asked):
    os.unlink(layout.socket_link)
    os.symlink(layout.slot_socket("green"), layout.socket_link)
    room.empty(layout, "1")
    assert asked == [("stop", "--no-block", "room.service")] and os.readlink(layout.socket_link) == layout.slot_socket("green")


def test_connections_to_a_socket_are_counted(tmp_path):
    path = str(tmp_path / "s")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    assert room.connections(path) == 0
    asker = socket.socket(socket.AF_UNIX)
    asker.connect(path)
    assert room.connections(path) == 1
    asker.close()
    listener.accept()[0].close()
    assert room.connections(path) == 0
