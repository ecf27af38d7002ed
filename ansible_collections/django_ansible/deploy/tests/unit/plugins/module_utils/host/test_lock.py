from __future__ import annotations

import fcntl
import json
import os
import signal
import stat
import time

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import living
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import lock as lock_module
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.freeze import Freeze
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock, Locked, Waits
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.living import note_beat


@pytest.fixture
def lock(tmp_path):
    return lambda run, actor="mona": DeployLock("shop", run, actor, str(tmp_path / "locks"))


def test_lock_is_taken_used_and_given_back(lock):
    mine = lock("1-1-a")
    mine.take()
    assert stat.S_IMODE(os.stat(mine.path).st_mode) == 0o600
    assert mine.holder()["actor"] == "mona"
    with mine.step():
        assert mine.release()
    assert mine.holder() is None
    lock("2-1-b").take()


def test_second_run_is_refused_and_told_whose_it_is(lock):
    lock("1-1-a").take()
    with pytest.raises(Locked, match="shop is being deployed here by run 1-1-a of mona, since 20"):
        lock("2-1-b").take()


def test_a_check_says_of_a_lock_that_it_does_not_take_that_a_deploy_is_refused(tmp_path):
    freeze = Freeze("shop", str(tmp_path / "frozen"))
    checking = DeployLock("shop", "", "mona", str(tmp_path / "locks"), freeze=freeze)
    assert checking.refusals() == []
    freeze.put("octocat", "no deploys until January")
    checking.take()
    (said,) = checking.refusals()
    assert said.startswith("shop is locked by octocat since ")
    assert said.endswith(": no deploys until January. A deploy is refused until the operation unlock")


def test_second_run_waits_as_long_as_it_may(lock, monkeypatch):
    monkeypatch.setattr(lock_module, "PAUSE", 0.01)
    lock("1-1-a").take()
    monkeypatch.setattr(lock_module.time, "sleep", lambda seconds: lock("1-1-a").release())
    lock("2-1-b").take(wait=5)
    assert lock("2-1-b").holder()["run"] == "2-1-b"


@pytest.mark.parametrize(("theirs", "ours", "taken"), [("7-1-a", "7-2-b", True), ("7-1-a", "7-1-b", False), ("7-1-a", "8-2-b", False), ("manual-a", "manual-b", False)])
def test_a_rerun_takes_over_from_its_earlier_attempt_alone(lock, theirs, ours, taken):
    lock(theirs).take()
    later = lock(ours)
    if not taken:
        with pytest.raises(Locked):
            later.take()
        return
    later.take()
    assert "took the deploy lock over from run " + theirs in later.notice


def change(lock, **facts):
    with open(lock.path, encoding="utf-8") as file:
        found = json.load(file)
    with open(lock.path, "w", encoding="utf-8") as file:
        json.dump({**found, **facts}, file)


def test_lease_that_is_over_is_taken_over_with_a_notice(lock):
    mine = lock("1-1-a")
    mine.take()
    change(mine, renewed=time.monotonic() - lock_module.LEASE - 1)
    assert mine.holder() is None
    later = lock("2-1-b")
    later.take()
    assert "1-1-a" in later.notice


def test_step_renews_the_lease(lock):
    mine = lock("1-1-a")
    mine.take()
    change(mine, renewed=time.monotonic() - 800, since=5)
    with mine.step():
        pass
    assert mine.holder()["renewed"] > time.monotonic() - 100
    assert mine.holder()["since"] == 5


def test_the_time_of_day_moves_no_lease(lock, monkeypatch):
    mine = lock("1-1-a")
    mine.take()
    monkeypatch.setattr(lock_module.time, "time", lambda: 0.0)
    assert mine.holder()["run"] == "1-1-a"
    monkeypatch.setattr(lock_module.time, "time", lambda: 1e12)
    with pytest.raises(Locked):
        lock("2-1-b").take()


def test_another_boot_ends_a_lock(lock):
    mine = lock("1-1-a")
    mine.take()
    change(mine, boot="another")
    assert mine.holder() is None
    lock("2-1-b").take()


def test_a_lock_that_is_heard_of_outlives_every_lease(lock, monkeypatch, tmp_path):
    # It was not heard of for long enough to be waited for.
    monkeypatch.setattr(lock_module, "LEFT", 0)
    mine = lock("7-1-a")
    mine.take()
    alive = tmp_path / "alive"
    alive.touch()
    mine.hear(str(alive))
    change(mine, renewed=time.monotonic() - 7200)
    assert mine.holder() is None, "nobody listens, and it was not renewed"
    with open(alive, encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert mine.holder()["run"] == "7-1-a"
        with pytest.raises(Locked):
            lock("8-1-b").take()
    assert mine.holder() is None, "whoever listened has died"


def test_a_lock_whose_listener_was_killed_is_kept_until_it_could_be_there_again(lock, monkeypatch, tmp_path):
    monkeypatch.setattr(lock_module, "LEFT", 0)
    mine = lock("7-1-a")
    mine.take()
    mine.hear(str(tmp_path / "alive"))
    alive = os.open(tmp_path / "alive", os.O_RDWR | os.O_CREAT, 0o600)
    note_beat(alive, True)
    change(mine, renewed=time.monotonic() - 7200)
    assert mine.holder()["run"] == "7-1-a"
    with pytest.raises(Locked):
        lock("8-1-b").take()
    note_beat(alive, False)
    os.close(alive)
    assert mine.holder() is None


def test_a_rerun_waits_until_what_its_earlier_attempt_left_has_gone_back(lock, monkeypatch, tmp_path):
    mine = lock("7-1-a")
    mine.take()
    mine.hear(str(tmp_path / "alive"))
    waited = []
    monkeypatch.setattr(lock_module.time, "sleep", lambda seconds: waited.append(seconds) or mine.release())
    lock("7-2-b").take()
    assert waited == [lock_module.PAUSE]


@pytest.fixture
def heard(lock, tmp_path):
    """A lock whose run is heard of: the function that notes a beat or the connection's end."""
    mine = lock("7-1-a")
    mine.take()
    alive = os.open(tmp_path / "alive", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(alive, fcntl.LOCK_EX)
    mine.hear(str(tmp_path / "alive"))
    note_beat(alive, True)
    yield lambda is_connected: note_beat(alive, is_connected)
    os.close(alive)


def test_a_run_that_is_heard_of_is_not_waited_for(lock, heard, monkeypatch):
    monkeypatch.setattr(lock_module.time, "sleep", lambda seconds: pytest.fail("it waited"))
    with pytest.raises(Locked, match="is being deployed here by run 7-1-a of mona"):
        lock("8-1-b").take(is_told=False)


def test_a_run_whose_connection_has_ended_is_waited_for_and_named(lock, heard, monkeypatch):
    heard(False)
    with pytest.raises(Waits, match="shop is being deployed here by run 7-1-a of mona, since .*, which does not answer any more: waiting until this host has ended it"):
        lock("8-1-b").take(is_told=False)
    waited = []
    monkeypatch.setattr(lock_module.time, "sleep", lambda seconds: waited.append(seconds) or lock("7-1-a").release())
    lock("8-1-b").take()
    assert waited == [lock_module.PAUSE]


def test_a_run_that_is_late_is_waited_for_and_one_that_is_heard_again_is_not(lock, heard, monkeypatch):
    now = time.monotonic() + lock_module.LATE + 1
    monkeypatch.setattr(lock_module.time, "monotonic", lambda: now)
    waited = []
    monkeypatch.setattr(lock_module.time, "sleep", lambda seconds: waited.append(seconds) or heard(True))
    with pytest.raises(Locked, match="is being deployed here by run 7-1-a"):
        lock("8-1-b").take()
    assert waited == [lock_module.PAUSE]


def test_a_dead_run_is_not_waited_for_forever(lock, heard, monkeypatch):
    heard(False)
    slept = []
    now = time.monotonic()
    monkeypatch.setattr(lock_module.time, "monotonic", lambda: now + sum(slept))
    monkeypatch.setattr(lock_module.time, "sleep", slept.append)
    with pytest.raises(Locked, match="run 7-1-a"):
        lock("8-1-b").take()
    assert sum(slept) == lock_module.LEFT


def test_a_wait_that_was_asked_for_is_told(lock):
    lock("7-1-a").take()
    with pytest.raises(Waits, match="shop is being deployed here by run 7-1-a of mona, since .*: waiting up to 300 s"):
        lock("8-1-b").take(wait=300, is_told=False)


def test_a_step_is_told_that_its_runner_is_gone(lock):
    mine = lock("7-1-a")
    mine.take()
    assert not mine.is_asked_to_stop()
    lock("7-1-a").ask_to_stop()
    assert mine.is_asked_to_stop()
    assert not lock("8-1-b").is_asked_to_stop()
    mine.go_on()
    assert not mine.is_asked_to_stop()


def test_step_that_fails_gives_the_lock_back(lock):
    mine = lock("1-1-a")
    mine.take()
    with pytest.raises(ValueError), mine.step():
        raise ValueError
    assert mine.holder() is None


def test_step_stops_when_the_lock_was_taken_over(lock):
    mine = lock("7-1-a")
    mine.take()
    lock("7-2-b").take()
    with pytest.raises(Locked, match="is not this run's any more, it is run 7-2-b"), mine.step():
        pytest.fail("a step ran without the lock")


def test_nobody_takes_over_in_the_middle_of_a_step(lock, monkeypatch):
    monkeypatch.setattr(lock_module, "STEP", 0.1)
    mine = lock("7-1-a")
    mine.take()
    with open(mine.path, encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(Locked, match="a step of another deploy of shop .* still works"):
            lock("7-2-b").take()


def in_another_process(work, ends=signal.SIGKILL) -> None:
    """Does something in a process that is killed right after it."""
    if pid := os.fork():
        os.waitpid(pid, 0)
        return
    work()
    os.kill(os.getpid(), ends)


def test_a_lock_is_free_once_the_process_is_killed_that_took_it_and_handed_it_to_nobody(lock):
    in_another_process(lock("7-1-a").take)
    assert lock("8-1-b").describe() is None
    later = lock("8-1-b")
    later.take()
    assert "took the deploy lock over from run 7-1-a" in later.notice
    assert later.describe().startswith("run 8-1-b of mona")


def test_a_process_that_goes_on_keeps_its_lock_also_where_its_number_was_used_before(lock):
    mine = lock("7-1-a")
    mine.take()
    with pytest.raises(Locked, match="run 7-1-a"):
        lock("8-1-b").take()
    pid, begun = mine.holder()["process"]
    change(mine, process=[pid, begun - 1])
    assert mine.holder() is None, "the one that took it has ended, and another one has its number"


def test_a_process_that_has_ended_holds_nothing_before_it_is_asked_for_its_code(lock):
    pid = os.fork()
    if not pid:
        lock("7-1-a").take()
        os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert lock("7-1-a").holder() is None
    os.waitpid(pid, 0)


def test_a_run_that_nothing_hears_outlives_the_process_that_took_its_lock(lock):
    def work():
        mine = lock("7-1-a")
        mine.take()
        mine.outlive()

    in_another_process(work)
    assert lock("7-1-a").holder()["run"] == "7-1-a"
    with lock("7-1-a").step():
        pass
    with pytest.raises(Locked, match="run 7-1-a"):
        lock("8-1-b").take()


def test_a_run_that_is_heard_outlives_the_process_that_took_its_lock(lock, tmp_path):
    alive = os.open(tmp_path / "alive", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(alive, fcntl.LOCK_EX)

    def work():
        mine = lock("7-1-a")
        mine.take()
        mine.hear(str(tmp_path / "alive"), "socket")

    in_another_process(work)
    # Its connection broke, and Ansible asks again: it is killed as well, and what hears the run goes on to.
    in_another_process(lock("7-1-a").take)
    found = lock("7-1-a").holder()
    assert (found["run"], found["heard"], found["keeper"]) == ("7-1-a", str(tmp_path / "alive"), "socket")
    os.close(alive)


def test_two_who_ask_at_the_same_moment_do_not_take_each_other_for_the_holder(tmp_path):
    (tmp_path / "alive").touch()
    with open(tmp_path / "alive", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert not living.is_locked(str(tmp_path / "alive"))


def test_no_run_means_no_lock(lock):
    free = lock("")
    free.take()
    with free.step():
        pass
    assert not free.release()
    assert not os.path.exists(free.path)


def test_step_that_is_asked_for_again_waits_for_the_first_one(lock, monkeypatch):
    monkeypatch.setattr(lock_module, "STEP", 0)
    monkeypatch.setattr(lock_module, "OWN_STEP", 5)
    mine = lock("1-1-a")
    mine.take()
    first = open(mine.path, encoding="utf-8")
    fcntl.flock(first, fcntl.LOCK_EX)
    monkeypatch.setattr(lock_module.time, "sleep", lambda seconds: first.close())
    with mine.step():
        assert first.closed


def test_second_run_is_refused_at_once_in_the_middle_of_a_step(lock, monkeypatch):
    mine = lock("7-1-a")
    mine.take()
    monkeypatch.setattr(lock_module.time, "sleep", lambda seconds: pytest.fail("it waited"))
    with open(mine.path, encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(Locked, match="is being deployed here by run 7-1-a"):
            lock("8-1-b").take()
