"""What hears the heartbeat on a host: the lock lives by it, and the host goes back when it ends."""
from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import types

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import keeper as module
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import agreement, elsewhere
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.evidence import Elsewhere
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.keeper import Keeper
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.progress import Progress

SILENCE = 0.8


@pytest.fixture
def kept(tmp_path):
    """A lock whose keeper runs in a thread, with what it did."""
    lock = DeployLock("shop", "7-1-a", "mona", str(tmp_path / "locks"))
    lock.take()
    lock.did = []
    lock.noted = []
    lock.went = None
    lock.may_finish = True

    def tell(went):
        lock.did.append("told of %s, lock of %s" % (went["release"], lock.holder()))

    def look(seconds, part):
        return Elsewhere(1, seconds, 2, len(part), 1.5)

    keeper = Keeper(lock, str(tmp_path), lambda: lock.did.append("back") or lock.went, lambda: lock.did.append("confirmed"), lock.noted.append, tell, look, lambda: lock.did.append("finished") or lock.may_finish, SILENCE)
    thread = threading.Thread(target=keeper.run)
    thread.start()
    deadline = time.monotonic() + 30
    while not (tmp_path / "socket").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    lock.socket = str(tmp_path / "socket")
    lock.thread = thread
    yield lock
    lock.release()
    thread.join(timeout=30)
    assert not thread.is_alive()


def call(lock):
    runner = socket.socket(socket.AF_UNIX)
    runner.settimeout(30)
    deadline = time.monotonic() + 30
    while True:
        try:
            runner.connect(lock.socket)
            return runner
        except ConnectionRefusedError:  # It is there, and nobody listens yet.
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_a_run_that_is_heard_keeps_the_lock_and_gets_an_answer(kept):
    runner = call(kept)
    for _ in range(8):
        runner.sendall(b"beat\n")
        assert runner.recv(64) == b"here\n"
        time.sleep(SILENCE / 4)
    assert kept.is_held()
    assert kept.did == []


def test_a_host_that_hears_no_more_goes_back_and_frees_the_lock(kept):
    call(kept).sendall(b"beat\n")
    begun = time.monotonic()
    kept.thread.join(timeout=30)
    assert SILENCE <= time.monotonic() - begun < 20
    assert kept.did == ["back"]
    assert kept.holder() is None


def test_who_rolled_back_says_so_once_the_lock_is_free(kept):
    kept.went = {"release": "r1"}
    call(kept).sendall(b"beat\n")
    kept.thread.join(timeout=30)
    assert kept.did == ["back", "told of r1, lock of None"]


def test_a_step_that_still_works_is_waited_for(kept):
    with kept.step():
        time.sleep(2 * SILENCE)
        assert kept.did == []
        assert kept.is_asked_to_stop()
    kept.thread.join(timeout=30)
    assert kept.did == ["back"]


STEP = """
import sys, time
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock
lock = DeployLock("shop", "7-1-a", "mona", sys.argv[1])
with lock.step():
    print("works", flush=True)
    while not lock.is_asked_to_stop():
        time.sleep(0.01)
"""


def test_a_step_that_was_stopped_goes_on_and_ends(kept):
    step = subprocess.Popen([sys.executable, "-c", STEP, os.path.dirname(kept.path)], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert step.stdout.readline() == b"works\n"
    step.send_signal(signal.SIGSTOP)
    kept.thread.join(timeout=30)
    assert step.wait(timeout=30) == 0
    assert (kept.did, kept.holder()) == (["back"], None)


def test_a_run_that_is_heard_again_in_time_goes_on(kept):
    with kept.step():
        time.sleep(1.5 * SILENCE)
        call(kept).sendall(b"beat\n")
        time.sleep(SILENCE / 2)
    assert not kept.is_asked_to_stop()
    assert kept.did == []
    assert kept.is_held()


def test_a_confirmation_is_written_down_before_it_is_answered(kept):
    runner = call(kept)
    runner.sendall(b"confirm\n")
    assert runner.recv(64) == b"confirmed\n"
    assert kept.did == ["confirmed"]


def test_a_run_with_nothing_left_to_do_here_ends_and_all_who_listen_hear_so(kept):
    runner, other = call(kept), call(kept)
    for caller in (other, runner):
        caller.sendall(b"ask\n")
        assert caller.recv(64) == b"here\n"
    runner.sendall(b"finish\n")
    kept.thread.join(timeout=30)
    assert (kept.did, kept.holder()) == (["finished"], None)
    assert (runner.recv(64), other.recv(64)) == (b"end\n", b"end\n")


def test_one_that_has_something_left_to_do_keeps_the_lock_and_says_so_at_once(kept):
    kept.may_finish = False
    runner = call(kept)
    runner.sendall(b"finish\n")
    assert runner.recv(64) == b"stays\n"
    assert (kept.did, kept.is_held()) == (["finished"], True)


def test_a_run_does_not_end_under_a_step_that_works(kept):
    with kept.step():
        runner = call(kept)
        runner.sendall(b"finish\n")
        assert runner.recv(64) == b"stays\n"
        assert kept.is_held()
    assert kept.did == []


def test_it_ends_when_the_lock_is_given_back_and_tells_the_runner(kept):
    runner = call(kept)
    runner.sendall(b"beat\n")
    assert runner.recv(64) == b"here\n"
    kept.release()
    runner.sendall(b"beat\n")
    kept.thread.join(timeout=30)
    assert not kept.thread.is_alive()
    assert b"end\n" in runner.recv(64)
    assert kept.did == []


def test_connections_that_broke_unnoticed_keep_nobody_out(kept):
    """The host hears nothing of the end of a connection that its network lost."""
    runner, left = call(kept), []
    for _ in range(2 * module.MOST_CALLERS):
        left.append(call(kept))
        runner.sendall(b"beat\n")
        assert runner.recv(64) == b"here\n"
    again = call(kept)
    again.sendall(b"beat\n")
    assert again.recv(64) == b"here\n"


def test_a_runner_that_only_slept_hears_that_the_host_went_back_without_it(kept):
    runner = call(kept)
    runner.sendall(b"beat\n")
    assert runner.recv(64) == b"here\n"
    kept.thread.join(timeout=30)
    assert runner.recv(64) == b"back\n"


def test_one_that_was_killed_starts_again_where_its_socket_still_is(tmp_path):
    lock = DeployLock("shop", "7-1-a", "mona", str(tmp_path / "locks"))
    lock.take()
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "socket"))
    left.close()
    did = []
    Keeper(lock, str(tmp_path), lambda: did.append("back"), None, lambda is_connected: None, None, None, None, 0.1).run()
    assert (did, lock.holder()) == (["back"], None)


@pytest.fixture
def started(tmp_path, monkeypatch):
    """What a keeper is started with, where nobody speaks to it."""
    monkeypatch.setattr(module.boot, "UNITS", str(tmp_path / "units"))
    monkeypatch.setattr(module.boot, "FOLDER", str(tmp_path / "kept"))
    monkeypatch.setattr(Keeper.__init__, "__defaults__", (0.1,))
    os.makedirs(tmp_path / "units")
    os.makedirs(tmp_path / "heard")
    lock = DeployLock("shop", "7-1-a", "mona", str(tmp_path / "locks"))
    lock.take()
    told = {
        "app_name": "shop", "run": "7-1-a", "actor": "mona", "locks": str(tmp_path / "locks"), "folder": str(tmp_path / "heard"), "alive": str(tmp_path / "alive"),
        "way_back": "slots.fake", "params": {}, "place": "/nowhere", "notify": "",
    }
    (tmp_path / "told").write_text(json.dumps(told))
    went = types.ModuleType("fake_way_back")
    monkeypatch.setitem(sys.modules, module.shipped.OURS + "slots.fake", went)
    lock.spec, lock.way_back, lock.files = str(tmp_path / "told"), went, lambda: sorted(path.name for path in tmp_path.rglob("*") if not path.is_dir())
    return lock


def test_what_is_killed_finds_what_it_was_told_and_what_ends_leaves_nothing(started):
    seen = []
    started.way_back.go_back = lambda params, run: seen.append(started.files())
    module.main(started.spec)
    unit = "django-ansible-deploy-shop-boot.service"
    assert seen == [["alive", unit, unit, "shop.lock", "shop.notify", "shop.stop", "socket", "told"]]
    assert (started.files(), started.holder()) == (["shop.lock"], None)


def test_a_rollback_that_fails_is_tried_again_as_after_a_boot(started, monkeypatch):
    asked = []
    monkeypatch.setattr(module.boot, "run", lambda argv, **options: asked.append(argv))

    def fail(params, run):
        raise RuntimeError("the engine is away")

    started.way_back.go_back = fail
    module.main(started.spec)
    unit = "django-ansible-deploy-shop-boot.service"
    assert asked == [["systemctl", "start", "--no-block", unit]]
    assert (started.files(), started.holder()) == ([unit, unit, "shop.lock", "shop.notify"], None)
    started.way_back.go_back = lambda params, run: asked.append(run)
    module.boot.main(json.dumps({**json.loads(facts_of(module.boot.UNITS, unit)), "locks": os.path.dirname(started.path)}))
    assert (asked[1:], started.files()) == (["7-1-a"], ["shop.lock"])


def facts_of(folder, unit):
    with open(os.path.join(folder, unit), encoding="utf-8") as file:
        line = next(line for line in file.read().splitlines() if line.startswith("ExecStart="))
    return line[line.rindex(' "{') + 2 : -1].replace('\\"', '"')


def test_one_that_is_killed_at_its_end_leaves_a_later_run_alone(started):
    later = DeployLock("shop", "8-1-a", "mona", os.path.dirname(started.path))
    started.release()
    later.take()
    module.boot.arm("shop", "of the later run")
    module.main(started.spec)
    unit = "django-ansible-deploy-shop-boot.service"
    assert started.files() == [unit, unit, "shop.lock", "shop.notify"]
    assert later.is_held()


def test_the_end_of_the_last_connection_is_noted_at_once(kept):
    first, second = call(kept), call(kept)
    for runner in (first, second):
        runner.sendall(b"beat\n")
        assert runner.recv(64) == b"here\n"
    first.close()
    second.sendall(b"beat\n")
    assert second.recv(64) == b"here\n"
    second.close()
    deadline = time.monotonic() + 30
    while False not in kept.noted and time.monotonic() < deadline:
        time.sleep(0.01)
    assert kept.noted == [True, True, True, False]


def test_what_visitors_of_this_host_see_is_said_to_the_runner(kept):
    # With a step that works, as one does then, the keeper waits however slow this test is.
    with kept.step():
        runner = call(kept)
        runner.sendall(b"look 7 60 web\n")
        assert runner.recv(64) == b"seen 7 1 60 2 3 150\n"


def test_what_this_host_wants_to_know_goes_to_the_runner_and_comes_back(kept):
    answers = []
    with kept.step():
        runner = call(kept)
        runner.sendall(b"beat\n")
        assert runner.recv(64) == b"here\n"
        asking = threading.Thread(target=lambda: answers.extend(elsewhere.ask(kept.socket, 12.7, "20260102T000000Z-1111111", 30)))
        asking.start()
        assert runner.recv(64) == b"elsewhere 12 20260102T000000Z-1111111\n"
        runner.sendall(b"seen 7 3 90 0 400 290\nseen 7 9 2 0 400 290\nsomething else\nseen 7 0 80 0 0 0\nall\n")
        asking.join(timeout=30)
    assert [(one.failed, one.count, one.failed_before, one.count_before, one.slower) for one in answers] == [(3, 90, 0, 400, 2.9), (0, 80, 0, 0, None)]


@pytest.mark.parametrize("commit, said", [("a" * 40, b"a" * 40), ("", b"-")])
@pytest.mark.parametrize("word, agreed", [(b"agreed", True), (b"differs", False), (b"here", False)])
def test_whether_all_would_do_the_same_is_asked_of_the_runner(kept, word, agreed, commit, said):
    answers: list = []
    with kept.step():
        runner = call(kept)
        runner.sendall(b"beat\n")
        assert runner.recv(64) == b"here\n"
        asking = threading.Thread(target=lambda: answers.append(agreement.ask(kept.socket, "20260102T030405Z-0123456", commit, 2)))
        asking.start()
        assert runner.recv(128) == b"agree 20260102T030405Z-0123456 " + said + b"\n"
        runner.sendall(word + b"\n")
        asking.join(timeout=30)
    assert answers == [agreed]


@pytest.mark.parametrize("release, commit", [(None, None), ("20260102T030405Z-0123456", None), ("20260102T030405Z-0123456", "a" * 40 + "\nconfirm"), ("../x", "a" * 40)])
def test_a_host_that_would_do_nothing_says_so_and_waits_for_nobody(kept, release, commit):
    with kept.step():
        runner = call(kept)
        runner.sendall(b"beat\n")
        assert runner.recv(64) == b"here\n"
        assert agreement.ask(kept.socket, release, commit, 30) is False
        assert runner.recv(64) == b"agree -\n"
        assert agreement.ask(None, release, commit, 30) is False
    assert "confirmed" not in kept.did


WHAT = ("20260102T030405Z-0123456", "a" * 40)


@pytest.mark.parametrize("words, moves", [([b"agreed", b"go"], True), ([b"go"], True), ([b"differs"], False), ([b"agreed", b"differs"], False), ([b"agreed", b"through", b"differs"], False)])
def test_a_turn_comes_once_all_have_agreed(kept, words, moves):
    answers: list = []
    with kept.step():
        runner = call(kept)
        asking = threading.Thread(target=lambda: answers.append(agreement.take_turn(kept.socket, *WHAT, lambda: True, 20)))
        asking.start()
        heard = b""
        for word in words:
            while b"agree" not in heard:
                heard += runner.recv(256)
            runner.sendall(word + b"\n")
            heard = b"" if word == b"agreed" else heard
        asking.join(timeout=30)
    assert answers == [moves]


def test_what_was_lost_is_said_again(kept, monkeypatch):
    monkeypatch.setattr(agreement, "AGAIN", 0.2)
    answers: list = []
    with kept.step():
        runner = call(kept)
        asking = threading.Thread(target=lambda: answers.append(agreement.is_through(kept.socket, *WHAT, lambda: True)))
        asking.start()
        heard = b""
        while heard.count(b"moved") < 3:
            heard += runner.recv(256)
        runner.sendall(b"agreed\ngo\nthrough\n")
        asking.join(timeout=30)
    assert answers == [True]


def test_nobody_waits_for_a_run_that_is_dead_or_not_ready(kept, tmp_path):
    with kept.step():
        runner = call(kept)
        assert agreement.is_through(kept.socket, *WHAT, lambda: False) is False
        assert agreement.take_turn(kept.socket, *WHAT, lambda: True, 0.3) is False
        heard = b""
        while b"agree -" not in heard:
            heard += runner.recv(256)
        assert agreement.take_turn(str(tmp_path / "none"), *WHAT, lambda: True, 0.3) is False


def test_nobody_is_waited_for_where_nobody_could_answer(kept, tmp_path):
    with kept.step():
        begun = time.monotonic()
        assert elsewhere.ask(kept.socket, 12, "web", 30) == []
        assert elsewhere.ask(str(tmp_path / "none"), 12, "web", 30) == []
        assert elsewhere.ask(None, 12, "web", 30) == []
        assert elsewhere.ask(kept.socket, 12, "web x\nconfirm", 30) == []
        assert time.monotonic() - begun < 20
    assert "confirmed" not in kept.did


def test_what_is_applied_here_is_said_to_the_runner(kept):
    with kept.step():
        runner = call(kept)
        runner.sendall(b"beat\n")
        assert runner.recv(64) == b"here\n"
        heard = Progress(kept.socket, ["shop.0002_x", "shop.0003_y"])
        heard(b"Operations to perform:\nmigration shop.0002_x be")
        heard(b"gun\nmigration shop.0009_z begun\nconfirm\nmigration shop.0002_x done in 12.3 s\nmigration shop.0003_y waits\n")
        said = b""
        while said.count(b"\n") < 3:
            said += runner.recv(256)
    assert said == b"migration shop.0002_x begun\nmigration shop.0002_x done in 12.3 s\nmigration shop.0003_y waits\n"
    assert "confirmed" not in kept.did


def test_a_step_goes_on_where_nobody_listens(tmp_path):
    heard = Progress(str(tmp_path / "none"), ["shop.0002_x"])
    for _ in range(3):
        heard(b"migration shop.0002_x begun\n" + b"x" * 100000)


@pytest.mark.parametrize("said", [b"migration shop.0002_x begun\n", b"ask\n", b"look 1 60 web\n", b"elsewhere 60 web\n", b"agree -\n", b"agreed\n", b"go back\n", b"\x00" * 200, b"beat " * 4000, b"BEAT\n"])
def test_nothing_else_counts(kept, said):
    runner = call(kept)
    for _ in range(20):
        try:
            runner.sendall(said)
        except OSError:
            break
        time.sleep(SILENCE / 10)
    kept.thread.join(timeout=30)
    assert kept.did == ["back"]


def test_a_run_that_is_never_heard_leaves_no_lock(kept):
    kept.thread.join(timeout=30)
    assert kept.did == ["back"]
    assert kept.holder() is None
