"""Commands with the live release: what was printed is answered in whole lines, once, and what has ended is forgotten in time."""
from __future__ import annotations

import json
import os
import time

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import runs
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "FOLDER", str(tmp_path / "runs"))


def made(name="1-1-a", printed=b"", **facts):
    run = runs.Run("mysite", name)
    os.makedirs(run.folder)
    with open(run.output, "wb") as file:
        file.write(printed)
    run.note(**{"words": ["check"], "actor": "ada", "release": "20260102T030405Z-0123456", "started": time.time(), "pid": os.getpid(), **facts})
    return run


def test_a_run_that_goes_on_answers_whole_lines_only():
    run = made(printed=b"one\ntwo\nthr")
    found = run.follow(0, 0)
    assert (found["output"], found["ended"], found["code"]) == ("one\ntwo\n", False, None)
    assert run.follow(found["offset"], 0)["output"] == ""


def test_what_is_left_is_answered_when_it_has_ended():
    run = made(printed=b"one\nthr", ended=1.0, code=3)
    found = run.follow(4, 0)
    assert (found["output"], found["ended"], found["code"]) == ("thr", True, 3)


def test_more_than_a_piece_takes_several_calls(monkeypatch):
    monkeypatch.setattr(runs, "PIECE", 8)
    run, offset, printed = made(printed=b"one\ntwo\nthree\nfour\n", ended=1.0, code=0), 0, ""
    for _ in range(10):
        found = run.follow(offset, 0)
        offset, printed = found["offset"], printed + found["output"]
        if found["ended"]:
            break
    assert (printed, found["ended"]) == ("one\ntwo\nthree\nfour\n", True)


def test_a_run_whose_watcher_died_has_ended():
    run = made(started=time.time() - 60, pid=1 << 22)
    found = run.follow(0, 5)
    assert (found["ended"], found["code"]) == (True, runs.KILLED)
    assert not runs.is_going(run.known())


def command(code=0, trouble=None):
    """Prints as it runs, as a command does."""

    def work(keep):
        keep(b"one line\n")
        time.sleep(0.3)
        keep(b"x" * runs.MOST_OUTPUT + b"past the end")
        if trouble:
            raise CommandFailed(trouble)
        return code

    return work


@pytest.mark.parametrize("work, code, trouble", [(command(), 0, ""), (command(7), 7, ""), (command(trouble="it did not end within 5 s"), runs.TIMED_OUT, "it did not end within 5 s")])
def test_a_command_goes_on_by_itself_and_is_recorded(tmp_path, monkeypatch, work, code, trouble):
    monkeypatch.setattr(runs, "MOST_OUTPUT", 100)
    monkeypatch.setattr(runs, "ensure_directory", lambda path, mode: os.makedirs(path))
    journal = tmp_path / "journal"
    run = runs.Run("mysite", "1-1-a")
    run.start(["check"], "ada", "20260102T030405Z-0123456", work, lambda **entry: journal.write_text(json.dumps(entry)))
    first = run.follow(0, 0)
    assert first["ended"] is False
    deadline = time.monotonic() + 20
    while not journal.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    found = run.follow(0, 20)
    assert found["output"].startswith("one line\n")
    assert (len(found["output"]), found["cut"], found["code"], found["trouble"]) == (100, True, code, trouble)
    time.sleep(0.1)
    record = json.loads(journal.read_text())
    assert (record["operation"], record["actor"], record["code"], record["command"]) == ("run", "ada", code, ["check"])


def test_it_is_told_in_words():
    run = {"words": ["shell", "-c", "print(1)"], "started": 0, "actor": "ada", "ended": 1, "code": 3}
    assert runs.told(run, "manage.py") == "manage.py shell -c 'print(1)', since 1970-01-01T00:00:00Z, by ada: ended with 3"


def test_only_the_newest_that_have_ended_are_kept():
    for number in range(runs.KEPT + 2):
        made("1-1-%d" % number, started=float(number), ended=1.0, code=0)
    made("1-1-going", started=0.5)
    runs.prune("mysite")
    assert [run["run"] for run in runs.known_runs("mysite")] == ["1-1-going", "1-1-2", "1-1-3", "1-1-4"]
    assert runs.releases_in_use("mysite") == {"20260102T030405Z-0123456"}


@pytest.mark.parametrize("name", ["../x", "", "a/b", "x" * 101])
def test_a_name_never_becomes_another_path(name):
    with pytest.raises(CommandFailed):
        runs.Run("mysite", name)
    assert runs.going("mysite", name) is None
