"""Commands with the live release: what was printed is answered in whole lines, once, and what has ended is forgotten in time."""
from __future__ import annotations

import json
import os
import time

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.sandbox import Done
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import runs
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


@pytest.fixture
def layout(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "FOLDER", str(tmp_path / "runs"))
    return Layout("mysite", str(tmp_path / "app"), "/run/mysite/gunicorn.sock")


def made(layout, name="1-1-a", printed=b"", **facts):
    run = runs.Run(layout, name)
    os.makedirs(run.folder)
    with open(run.output, "wb") as file:
        file.write(printed)
    run.note(**{"words": ["check"], "actor": "ada", "release": "20260102T030405Z-0123456", "started": time.time(), "pid": os.getpid(), **facts})
    return run


def test_a_run_that_goes_on_answers_whole_lines_only(layout):
    run = made(layout, printed=b"one\ntwo\nthr")
    found = run.follow(0, 0)
    assert (found["output"], found["ended"], found["code"]) == ("one\ntwo\n", False, None)
    assert run.follow(found["offset"], 0)["output"] == ""


def test_what_is_left_is_answered_when_it_has_ended(layout):
    run = made(layout, printed=b"one\nthr", ended=1.0, code=3)
    found = run.follow(4, 0)
    assert (found["output"], found["ended"], found["code"]) == ("thr", True, 3)


def test_more_than_a_piece_takes_several_calls(layout, monkeypatch):
    monkeypatch.setattr(runs, "PIECE", 8)
    run, offset, printed = made(layout, printed=b"one\ntwo\nthree\nfour\n", ended=1.0, code=0), 0, ""
    for _ in range(10):
        found = run.follow(offset, 0)
        offset, printed = found["offset"], printed + found["output"]
        if found["ended"]:
            break
    assert (printed, found["ended"]) == ("one\ntwo\nthree\nfour\n", True)


def test_a_run_whose_watcher_died_has_ended(layout):
    run = made(layout, started=time.time() - 60, pid=1 << 22)
    found = run.follow(0, 5)
    assert (found["ended"], found["code"]) == (True, runs.KILLED)
    assert not runs.is_going(run.known())


class Application:
    """Prints as it runs, as a command would."""

    python = "/venv/bin/python"

    def __init__(self, code=0, trouble=None):
        self.code, self.trouble = code, trouble

    def watched(self, argv, *, timeout, unit, output):
        output(("%s in %s\n" % (" ".join(argv), unit)).encode())
        time.sleep(0.3)
        output(b"x" * runs.MOST_OUTPUT + b"past the end")
        if self.trouble:
            raise CommandFailed(self.trouble)
        return Done(self.code, "", "")


@pytest.mark.parametrize("application, code", [(Application(), 0), (Application(7), 7), (Application(trouble="it did not end within 5 s"), runs.TIMED_OUT)])
def test_a_command_goes_on_by_itself_and_is_recorded(layout, monkeypatch, application, code):
    monkeypatch.setattr(runs, "MOST_OUTPUT", 100)
    monkeypatch.setattr(runs, "ensure_directory", lambda path, mode: os.makedirs(path))
    os.makedirs(layout.app_dir)
    run = runs.Run(layout, "1-1-a")
    run.start(application, ["check"], "ada", "20260102T030405Z-0123456", 5)
    first = run.follow(0, 0)
    assert first["ended"] is False
    deadline = time.monotonic() + 20
    while "ended" not in run.known() and time.monotonic() < deadline:
        time.sleep(0.05)
    found = run.follow(0, 20)
    assert found["output"].startswith("/venv/bin/python manage.py check in django-ansible-deploy-mysite-run-1-1-a.service\n")
    assert (len(found["output"]), found["cut"], found["code"], found["trouble"]) == (100, True, code, application.trouble or "")
    while not os.path.exists(layout.journal) and time.monotonic() < deadline:
        time.sleep(0.05)
    with open(layout.journal, encoding="utf-8") as file:
        record = json.loads(file.read())
    assert (record["operation"], record["actor"], record["code"], record["command"]) == ("run", "ada", code, ["check"])


def test_only_the_newest_that_have_ended_are_kept(layout):
    for number in range(runs.KEPT + 2):
        made(layout, "1-1-%d" % number, started=float(number), ended=1.0, code=0)
    made(layout, "1-1-going", started=0.5)
    runs.prune("mysite")
    assert [run["run"] for run in runs.known_runs("mysite")] == ["1-1-going", "1-1-2", "1-1-3", "1-1-4"]
    assert runs.releases_in_use("mysite") == {"20260102T030405Z-0123456"}


@pytest.mark.parametrize("name", ["../x", "", "a/b", "x" * 101])
def test_a_name_never_becomes_another_path(layout, name):
    with pytest.raises(CommandFailed):
        runs.Run(layout, name)
    assert not runs.stop(layout, name)
