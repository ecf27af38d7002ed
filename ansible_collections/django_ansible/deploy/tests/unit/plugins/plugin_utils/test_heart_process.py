"""The process that lets all hosts of a run hear that it lives. Hosts are small programs here, in the place of ssh."""
from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest
from ansible_collections.django_ansible.deploy.plugins.plugin_utils import heart_channel, heart_process, heart_progress, heart_questions
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.heart import begin
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.heart_process import Heart

# Answers each line as a host does, and writes down what came.
HOST = """
import sys
log = open(sys.argv[1], "a", buffering=1)
for line in sys.stdin:
    log.write(line)
    if line.strip() in ("ask", "beat", "confirm"):
        print("confirmed" if line.strip() == "confirm" else "here", flush=True)
"""
# Says what it sees, and once that it wants to know what the others see.
SEES = HOST.replace("    log.write(line)", """    log.write(line)
    words = line.split()
    if words[0] == "look":
        print("seen %s 3 90 0 400 290" % words[1], flush=True)""")
ASKS = "print('elsewhere 12 web', flush=True)\n" + HOST
# Is ready for what it says, goes over when it may, and says so.
TURNS = HOST.replace("    log.write(line)", """    log.write(line)
    if line.strip() == "go":
        print("moved %s", flush=True)""").replace("for line", "print('agree %s', flush=True)\nfor line", 1)
AGREES = "print('agree %s', flush=True)\n" + HOST
SAME = "20260102T030405Z-0123456 " + "0" * 40
DEAF = "import time; time.sleep(60)"


@pytest.fixture
def heart(tmp_path, monkeypatch):
    for name, value in {"BEAT": 0.1, "LOST": 1.0, "GONE": 1.2, "AGAIN": 0.1}.items():
        monkeypatch.setattr(heart_channel, name, value)
    for name, value in {"TURN": 0.02, "ANSWER": 2.0}.items():
        monkeypatch.setattr(heart_process, name, value)
    made = Heart(str(tmp_path), lambda: True)

    def add(name, program=HOST, may_fail=0, hosts=0, app="shop"):
        order = {"name": name, "app": app, "may_fail": may_fail, "hosts": hosts, "argv": [sys.executable, "-c", program, str(tmp_path / (name + ".log"))], "greeting": "/the/socket", "control_path": ""}
        (tmp_path / (name + ".host")).write_text(json.dumps(order))

    def beat(seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            made.go_on()

    def until(condition):
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline
            beat(0.05)

    made.until = until
    made.are_there = lambda: made.channels and all(channel.answered for channel in made.channels.values())
    made.lines = lambda name: [line for line in (tmp_path / (name + ".log")).read_text().splitlines() if line not in ("beat", "/the/socket")]
    made.add, made.go, made.heard = add, beat, lambda name: (tmp_path / (name + ".log")).read_text().split()
    yield made
    for channel in made.channels.values():
        channel.close()


def test_each_host_is_greeted_once_and_hears_beats(heart):
    heart.add("app1")
    heart.add("app2")
    heart.go(1.5)
    for name in ("app1", "app2"):
        said = heart.heard(name)
        assert said[0] == "/the/socket"
        assert said.count("beat") >= 5
        assert said.count("/the/socket") == 1


def test_a_channel_that_breaks_is_made_anew(heart):
    heart.add("app1")
    heart.go(0.8)
    heart.channels["app1"].process.kill()
    heart.go(1.2)
    assert heart.heard("app1").count("/the/socket") == 2
    assert heart.heard("app1")[-1] == "beat"


def test_a_host_that_is_gone_stops_the_beats_of_all(heart, tmp_path):
    heart.add("app1")
    heart.add("app2")
    heart.go(0.8)
    heart.channels["app2"].argv = [sys.executable, "-c", DEAF]
    heart.channels["app2"].process.kill()
    heart.go(2.0)
    before = heart.heard("app1").count("beat")
    heart.go(0.6)
    assert heart.heard("app1").count("beat") == before
    assert heart.heard("app1")[-1] == "ask"
    heart.channels["app2"].argv = [sys.executable, "-c", HOST, str(tmp_path / "app2.log")]
    heart.go(2.5)
    assert heart.heard("app1").count("beat") > before, "it is back"


def test_a_host_that_is_cut_off_before_anybody_listens_there_stops_the_beats_as_well(heart):
    heart.add("app1")
    heart.add("app2", HOST.replace('"confirmed" if line.strip() == "confirm" else "here"', '"waits"'))
    heart.go(0.1)
    heart.until(lambda: heart.channels and heart.channels["app1"].answered and heart.channels["app2"].waited)
    # Longer than a channel has to answer: it is there.
    heart.go(1.5)
    assert heart.heard("app2").count("/the/socket") == 1
    assert heart.heard("app1")[-1] == "beat"
    cut_off(heart, "app2")
    heart.until(lambda: heart.heard("app1")[-1] == "ask")
    assert heart.confirm(set())["confirmed"]


def test_a_host_that_was_restarted_is_gone_whatever_its_connection_says(heart, tmp_path):
    heart.add("app1")
    heart.add("app2")
    heart.go(0.1)
    heart.until(heart.are_there)
    heart.channels["app2"].argv = [sys.executable, "-c", HOST.replace('"confirmed" if line.strip() == "confirm" else "here"', '"waits"'), str(tmp_path / "app2.log")]
    heart.channels["app2"].process.kill()
    heart.until(lambda: heart.heard("app1")[-1] == "ask")
    assert heart.confirm(set())["silent"] == ["app2"]


def test_confirmation_goes_to_all_when_all_are_there(heart):
    heart.add("app1")
    heart.add("app2")
    heart.go(0.8)
    assert heart.confirm(set()) == {"confirmed": True, "silent": [], "unsure": [], "ended": []}
    for name in ("app1", "app2"):
        assert "confirm" in heart.heard(name)


def test_a_slow_confirmation_is_one_whatever_is_said_after_it(heart):
    slow = HOST.replace("    log.write(line)", "    log.write(line)\n    if line.strip() == 'confirm': __import__('time').sleep(0.3)")
    heart.add("app1", slow)
    heart.add("app2", slow)
    heart.go(0.8)
    assert heart.confirm(set()) == {"confirmed": True, "silent": [], "unsure": [], "ended": []}


def test_hosts_end_a_confirmed_run_by_themselves_where_nothing_is_left_to_do(heart):
    ends = HOST.replace("    log.write(line)", "    log.write(line)\n    if line.strip() == 'finish': print(%r, flush=True)")
    heart.add("app1", ends % "end")
    heart.add("app2", ends % "stays")
    heart.add("app3", ends % "end")
    heart.go(0.1)
    heart.until(heart.are_there)
    begun = time.monotonic()
    assert heart.confirm({"app3"}, ends=True) == {"confirmed": False, "silent": [], "unsure": [], "ended": []}
    assert heart.lines("app1") == ["ask"]
    assert heart.confirm(set(), ends=True) == {"confirmed": True, "silent": [], "unsure": [], "ended": ["app1", "app3"]}
    assert heart.lines("app2")[-3:] == ["ask", "confirm", "finish"]
    assert time.monotonic() - begun < 20
    assert heart.confirm(set()) == {"confirmed": True, "silent": [], "unsure": [], "ended": []}


def test_a_host_that_does_not_know_of_the_confirmation_is_not_asked_to_end(heart):
    heart.add("app1", HOST.replace('"confirmed" if line.strip() == "confirm" else "here"', '"here"'))
    heart.add("app2")
    heart.go(0.1)
    heart.until(heart.are_there)
    assert heart.confirm(set(), ends=True) == {"confirmed": True, "silent": [], "unsure": ["app1"], "ended": []}
    assert "finish" not in heart.lines("app1")
    assert heart.lines("app2")[-1] == "finish"


def test_nobody_is_told_when_one_does_not_answer(heart):
    heart.add("app1")
    heart.add("app2")
    heart.go(0.8)
    heart.channels["app2"].argv = [sys.executable, "-c", DEAF]
    heart.channels["app2"].process.kill()
    assert heart.confirm(set()) == {"confirmed": False, "silent": ["app2"], "unsure": [], "ended": []}
    assert "confirm" not in heart.heard("app1")


def cut_off(heart, name):
    heart.channels[name].argv = [sys.executable, "-c", DEAF]
    heart.channels[name].process.kill()


def test_a_run_that_may_lose_a_host_keeps_the_others_and_tells_them(heart):
    for name in ("app1", "app2", "app3"):
        heart.add(name, may_fail=1)
    heart.go(0.8)
    cut_off(heart, "app2")
    heart.go(2.0)
    before = heart.heard("app1").count("beat")
    heart.go(0.6)
    assert heart.heard("app1").count("beat") > before
    assert heart.confirm(set()) == {"confirmed": True, "silent": ["app2"], "unsure": [], "ended": []}
    assert "confirm" in heart.heard("app1")
    assert "confirm" in heart.heard("app3")


def test_a_host_that_the_run_lost_is_told_nothing_and_counts(heart):
    for name in ("app1", "app2", "app3"):
        heart.add(name, may_fail=1)
    heart.go(0.8)
    cut_off(heart, "app2")
    assert heart.confirm({"app3"}) == {"confirmed": False, "silent": ["app2"], "unsure": [], "ended": []}
    assert "confirm" not in heart.heard("app1")
    assert heart.confirm({"app2"}) == {"confirmed": True, "silent": [], "unsure": [], "ended": []}
    assert "confirm" in heart.heard("app1")


def test_a_host_with_nothing_to_do_is_not_waited_for(heart):
    heart.add("app1")
    heart.add("app2", DEAF)
    heart.add("app3", "print('end', flush=True)")
    heart.go(0.8)
    assert heart.confirm(set()) == {"confirmed": True, "silent": [], "unsure": [], "ended": []}
    assert "confirm" in heart.heard("app1")


def test_a_host_that_went_back_while_the_runner_slept_takes_the_others_along(heart):
    heart.add("app1")
    heart.add("app2")
    heart.go(0.1)
    heart.until(heart.are_there)
    heart.add("app3", "print('here\\nback', flush=True)")
    heart.go(0.1)
    heart.until(lambda: "app3" in heart.channels and heart.channels["app3"].ended)
    # Over several beats.
    heart.go(0.3)
    before = heart.heard("app1").count("beat")
    heart.go(0.5)
    assert heart.heard("app1").count("beat") == before
    assert heart.confirm(set()) == {"confirmed": False, "silent": ["app3"], "unsure": [], "ended": []}
    assert "confirm" not in heart.heard("app1")
    assert heart.confirm({"app3"}) == {"confirmed": False, "silent": [], "unsure": [], "ended": []}


def test_what_a_host_wants_to_know_is_asked_of_the_others_and_told_to_it_alone(heart):
    heart.add("app1", SEES)
    heart.add("app2", SEES)
    heart.go(0.1)
    heart.until(heart.are_there)
    heart.add("app3", ASKS)
    heart.go(0.1)
    heart.until(lambda: heart.are_there() and "all" in heart.lines("app3"))
    assert heart.lines("app1") == heart.lines("app2") == ["look 1 12 web"]
    assert heart.lines("app3") == ["seen 1 3 90 0 400 290"] * 2 + ["all"]


def test_a_host_that_does_not_say_what_it_sees_is_not_waited_for_long(heart, monkeypatch):
    monkeypatch.setattr(heart_questions, "SEE", 0.3)
    heart.add("app1")
    heart.go(0.1)
    heart.until(heart.are_there)
    heart.add("app2", ASKS)
    heart.go(0.1)
    heart.until(lambda: heart.are_there() and heart.lines("app2"))
    assert (heart.lines("app1"), heart.lines("app2")) == (["look 1 12 web"], ["all"])


@pytest.mark.parametrize("said", ["elsewhere 12 web confirm", "elsewhere 12 ../web", "elsewhere 123456 web", "seen 1 3 90 0 400 290", "look 1 12 web", "confirm"])
def test_what_a_host_makes_up_reaches_no_other(heart, said):
    heart.add("app1", SEES)
    heart.go(0.1)
    heart.until(heart.are_there)
    heart.add("app2", "print(%r, flush=True)\n" % said + HOST)
    heart.go(0.1)
    # What it says to a beat comes after that.
    heart.until(heart.are_there)
    heart.go(0.3)
    assert heart.lines("app1") == heart.lines("app2") == []


@pytest.mark.parametrize("same", [SAME, SAME[:25] + "-"])
def test_hosts_that_would_all_do_the_same_are_told_so(heart, same):
    heart.add("app1", AGREES % same, hosts=2)
    heart.go(0.1)
    heart.until(heart.are_there)
    heart.go(0.3)
    assert heart.lines("app1") == [], "another one is missing"
    heart.add("app2", AGREES % same, hosts=2)
    heart.until(lambda: "app2" in heart.channels and heart.are_there())
    heart.go(0.3)
    assert (heart.lines("app1"), heart.lines("app2")) == (["agreed"], ["agreed"])


@pytest.mark.parametrize("other", ["-", SAME.replace("0102T", "0101T"), SAME.replace("0" * 40, "1" * 40)])
def test_hosts_that_would_not_are_told_without_waiting_for_the_rest(heart, other):
    heart.add("app1", AGREES % SAME, hosts=3)
    heart.add("app2", AGREES % other, hosts=3)
    heart.go(0.1)
    heart.until(heart.are_there)
    heart.go(0.3)
    assert (heart.lines("app1"), heart.lines("app2")) == (["differs"], ["differs"])
    heart.add("app3", AGREES % SAME, hosts=3)
    heart.until(lambda: "app3" in heart.channels and heart.are_there())
    heart.go(0.3)
    assert heart.lines("app3") == ["differs"]


def test_a_host_that_failed_keeps_none_waiting(heart, tmp_path):
    heart.add("app1", AGREES % SAME, hosts=2)
    heart.go(0.1)
    heart.until(heart.are_there)
    (tmp_path / "differs").touch()
    heart.go(0.3)
    assert heart.lines("app1") == ["differs"]
    assert not (tmp_path / "differs").exists()


def test_a_host_that_says_something_else_later_has_not_agreed_to_it(heart):
    heart.add("app1", AGREES % SAME, hosts=1)
    heart.go(0.1)
    heart.until(heart.are_there)
    heart.go(0.3)
    heart.add("app1", AGREES % SAME.replace("0102T", "0101T"), hosts=1)
    heart.go(0.1)
    heart.until(heart.are_there)
    heart.go(0.3)
    assert heart.lines("app1") == ["agreed", "differs"]


@pytest.mark.parametrize("said", ["", "- -", "20260102T030405Z-0123456", SAME + " x", SAME.replace("T", "t")])
def test_what_is_no_proposal_counts_for_nothing(heart, said):
    heart.add("app1", AGREES % said, hosts=1)
    heart.go(0.1)
    heart.until(heart.are_there)
    heart.go(0.3)
    assert heart.lines("app1") == []


def turns(heart, tmp_path, *batches, what=SAME):
    release, commit = what.split()
    (tmp_path / "batches").write_text(json.dumps({"batches": batches, "release": release, "commit": commit}))


def test_hosts_move_batch_by_batch_and_hear_together_that_all_have(heart, tmp_path):
    turns(heart, tmp_path, ["app1"], ["app2", "app3"])
    for name in ("app3", "app2"):
        heart.add(name, TURNS % (SAME, SAME), hosts=3)
    heart.go(0.1)
    heart.until(heart.are_there)
    heart.go(0.3)
    assert (heart.lines("app2"), heart.lines("app3")) == ([], [])
    # The first is ready last, and takes its time.
    held = "import os, time\n        while not os.path.exists(%r): time.sleep(0.02)\n        print(\"moved" % str(tmp_path / "moves")
    heart.add("app1", (TURNS % (SAME, SAME)).replace('print("moved', held), hosts=3)
    heart.until(lambda: "app1" in heart.channels and heart.are_there() and "go" in heart.lines("app1") and heart.lines("app2") and heart.lines("app3"))
    assert (heart.lines("app2"), heart.lines("app3")) == (["agreed"], ["agreed"])
    (tmp_path / "moves").touch()
    heart.until(lambda: heart.lines("app3")[-1] == "through" and heart.lines("app1")[-1] == "through")
    assert heart.lines("app1") == ["go", "ask", "confirm", "through"]
    assert heart.lines("app2") == ["agreed", "go", "ask", "confirm", "through"]


def test_after_one_that_failed_nobody_has_a_turn_and_nobody_is_through(heart, tmp_path):
    turns(heart, tmp_path, ["app1"], ["app2"], ["app3"])
    heart.add("app1", TURNS % (SAME, SAME), hosts=3)
    heart.add("app2", AGREES % SAME, hosts=3)
    heart.add("app3", TURNS % (SAME, SAME), hosts=3)
    heart.until(lambda: heart.are_there() and "go" in heart.lines("app2"))
    (tmp_path / "differs").touch()
    heart.go(0.5)
    assert (heart.lines("app1"), heart.lines("app2"), heart.lines("app3")) == (["go", "differs"], ["agreed", "go", "differs"], ["agreed", "differs"])


def test_another_application_of_the_same_run_begins_anew(heart, tmp_path):
    turns(heart, tmp_path, ["app1"])
    heart.add("app1", TURNS % (SAME, SAME), hosts=1)
    heart.until(lambda: heart.are_there() and heart.lines("app1")[-1:] == ["through"])
    (tmp_path / "differs").touch()
    other = SAME.replace("0102T", "0103T")
    turns(heart, tmp_path, ["app1"], what=other)
    heart.add("app1", AGREES % other, hosts=1)
    # One of the two comes later, whichever was said last.
    (tmp_path / "differs").touch()
    heart.until(lambda: heart.lines("app1")[-1:] == ["differs"])
    turns(heart, tmp_path, ["app1"], what=SAME)
    heart.add("app1", TURNS % (SAME, SAME), hosts=1)
    heart.until(lambda: heart.lines("app1")[-1:] == ["through"])


@pytest.mark.parametrize(
    "agrees, moves, wanted",
    [(SAME, SAME, SAME.replace("0102T", "0101T")), (SAME, SAME.replace("0" * 40, "1" * 40), SAME)],
)
def test_what_the_run_does_not_want_is_no_turn(heart, tmp_path, agrees, moves, wanted):
    turns(heart, tmp_path, ["app1"], ["app2"], what=wanted)
    heart.add("app1", TURNS % (moves, agrees), hosts=2)
    heart.add("app2", TURNS % (SAME, SAME), hosts=2)
    heart.until(lambda: heart.are_there() and heart.lines("app2")[-1:] == ["differs"])
    assert "go" not in heart.lines("app2") and "confirm" not in heart.lines("app1")


def test_one_that_moves_before_its_turn_is_not_believed(heart, tmp_path):
    turns(heart, tmp_path, ["app1"], ["app2"])
    heart.add("app1", AGREES % SAME, hosts=2)
    heart.add("app2", (AGREES % SAME).replace("import sys", "print('moved %s', flush=True)\nimport sys" % SAME, 1), hosts=2)
    heart.until(lambda: heart.are_there() and heart.lines("app1")[-1:] == ["differs"])


def test_where_one_is_silent_at_the_end_nobody_is_through(heart, tmp_path):
    turns(heart, tmp_path, ["app1", "app2"])
    heart.add("app1", TURNS % (SAME, SAME), hosts=2)
    # It is cut off once it has moved.
    cut = "import os, sys, time\nif os.path.exists(sys.argv[1]): time.sleep(60)\n"
    heart.add("app2", cut + (TURNS % (SAME, SAME)).replace('%s", flush=True)' % SAME, '%s", flush=True); time.sleep(60)' % SAME), hosts=2)
    # What is said again meanwhile, in case it was lost, may come after that.
    heart.until(lambda: (tmp_path / "app1.log").exists() and "differs" in heart.lines("app1"))
    assert not {"confirm", "through"} & set(heart.lines("app1"))


def test_a_host_that_another_application_of_the_run_lost_stops_no_beat_and_no_confirmation(heart):
    heart.add("app1", may_fail=1)
    heart.add("app2", may_fail=1)
    heart.go(0.1)
    heart.until(heart.are_there)
    assert heart.confirm(set())["confirmed"]
    cut_off(heart, "app1")
    cut_off(heart, "app2")
    heart.add("app2", app="blog")
    heart.add("app3", app="blog")
    heart.until(lambda: "app3" in heart.channels and heart.channels["app2"].answered and heart.channels["app3"].answered and heart.channels["app1"].is_gone(time.monotonic()))
    heart.go(0.3)
    assert heart.heard("app2")[-1] == heart.heard("app3")[-1] == "beat"
    assert heart.confirm(set()) == {"confirmed": True, "silent": [], "unsure": [], "ended": []}
    assert heart.lines("app3")[-1] == "confirm"


def test_what_was_confirmed_of_one_application_is_not_of_the_next(heart):
    heart.add("app1")
    heart.go(0.1)
    heart.until(heart.are_there)
    assert heart.confirm(set())["confirmed"]
    heart.add("app1", app="blog")
    heart.add("app2", app="blog")
    heart.until(lambda: "app2" in heart.channels and heart.are_there())
    cut_off(heart, "app2")
    heart.until(lambda: heart.heard("app1")[-1] == "ask")


def test_one_for_a_run_and_it_ends_with_ansible(tmp_path):
    ansible = subprocess.Popen([sys.executable, "-c", DEAF])
    first = begin(str(tmp_path), ansible.pid)
    assert begin(str(tmp_path), ansible.pid) is None
    time.sleep(0.5)
    assert begin(str(tmp_path), ansible.pid) is None
    assert first.poll() is None
    # Nobody waits for it yet, as with a runner that was killed.
    ansible.kill()
    assert first.wait(timeout=5) == 0
    ansible.wait()


def test_it_takes_next_to_no_processor_time(heart):
    heart.add("app1")
    heart.go(0.5)
    before = os.times()
    heart_channel.BEAT, heart_process.TURN, heart_channel.LOST = 5.0, 0.25, 10.0
    heart.go(3)
    after = os.times()
    assert (after.user + after.system) - (before.user + before.system) < 0.03


def test_an_order_is_looked_at_when_it_comes(heart, tmp_path):
    heart_process.wake(str(tmp_path))
    started = time.monotonic()
    heart.turn(60.0)
    assert time.monotonic() - started < 30
    # Where nobody works, nobody is waited for.
    heart_process.wake(str(tmp_path / "nobody"))


def test_the_connection_that_a_channel_goes_over_is_looked_for_often(heart, tmp_path, monkeypatch):
    waited = []
    monkeypatch.setattr(heart_process.select, "select", lambda read, write, error, seconds: waited.append(seconds) or ([], [], []))
    order = {"name": "app1", "app": "shop", "may_fail": 0, "hosts": 1, "argv": [sys.executable, "-c", HOST, str(tmp_path / "app1.log")], "greeting": "/the/socket"}
    (tmp_path / "app1.host").write_text(json.dumps({**order, "control_path": str(tmp_path / "master")}))
    heart.take_orders()
    heart.turn(0.25)
    assert (waited, heart.channels["app1"].process) == ([heart_process.SOON], None)
    (tmp_path / "master").touch()
    heart.turn(0.25)
    assert heart.channels["app1"].process is not None
    heart.turn(0.25)
    assert waited[-1] == 0.25


def test_a_login_lasts_as_long_as_it_takes_and_no_longer_than_ansible(heart, tmp_path):
    quick, slow = tmp_path / "a.login", tmp_path / "b.login"
    quick.write_text(json.dumps([sys.executable, "-c", "open(%r, 'w')" % str(tmp_path / "logged in")]))
    slow.write_text(json.dumps([sys.executable, "-c", DEAF]))
    (tmp_path / "c.login").write_text(json.dumps([str(tmp_path / "nowhere")]))
    deadline = time.monotonic() + 30
    while quick.exists() and time.monotonic() < deadline:
        heart.take_orders()
        heart.turn(0.02)
    assert (tmp_path / "logged in").exists()
    assert sorted(path.name for path in tmp_path.glob("*.login")) == ["b.login"]
    login = heart.logins[str(slow)]
    heart.runs = lambda: False
    heart.beat()
    assert login.wait(timeout=30) != 0


def test_what_a_host_applies_is_written_down_for_its_task(heart, tmp_path):
    said = ["migration shop.0002_x begun", "migration shop.0002_x done in 1.0 s", "migration \x1b[31m begun", "migration shop.0002_x failed", "migration %s begun" % ("x" * 200)]
    heart.add("app1", "import sys\nfor line in %r: print(line, flush=True)\n" % said + HOST)
    heart.add("app2")
    heart.until(lambda: os.path.exists(heart_progress.progress_of(str(tmp_path), "app1")) and heart.are_there())
    with open(heart_progress.progress_of(str(tmp_path), "app1"), encoding="utf-8") as file:
        assert file.read().splitlines() == said[:2]
    assert not os.path.exists(heart_progress.progress_of(str(tmp_path), "app2"))


def test_a_host_does_not_fill_the_disk_of_the_runner(heart, tmp_path, monkeypatch):
    monkeypatch.setattr(heart_channel, "MOST_PROGRESS", 3)
    heart.add("app1", "for _ in range(9): print('migration shop.0002_x waits', flush=True)\n" + HOST)
    heart.until(heart.are_there)
    with open(heart_progress.progress_of(str(tmp_path), "app1"), encoding="utf-8") as file:
        assert len(file.read().splitlines()) == 3
