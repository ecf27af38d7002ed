"""What waits in a container ends with its run, and what has begun there does not."""
from __future__ import annotations

import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import ending, one_off
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.one_off import ContainerApplication, OneOff
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.giving_up import RunEnded

# Waits in C, where no handler of Python's own is run.
WAITS = "import threading; lock = threading.Lock(); lock.acquire(); print('waits', flush=True); lock.acquire()"
BEGUN = "import time; signal.signal(signal.SIGTERM, lambda number, frame: None); print('begun', flush=True); time.sleep(1); print('done'); raise SystemExit(3)"


def first_process(program):
    return subprocess.Popen([sys.executable, "-c", ending.PASSED_ON + program], stdout=subprocess.PIPE, text=True)


def test_what_waits_ends_by_the_signal_and_what_has_begun_comes_to_its_own_end():
    with first_process(WAITS) as waits, first_process(BEGUN) as begun:
        assert (waits.stdout.readline(), begun.stdout.readline()) == ("waits\n", "begun\n")
        for process in (waits, begun):
            process.send_signal(signal.SIGTERM)
        assert waits.wait(timeout=30) == ending.ENDED
        assert begun.wait(timeout=30) == 3
        assert begun.stdout.read() == "done\n"


def test_its_second_process_reads_the_input_and_has_children_of_its_own():
    program = "import subprocess, sys; print(sys.stdin.read(), subprocess.call(['false']), os.getppid() != 1)"
    done = subprocess.run([sys.executable, "-c", ending.PASSED_ON + program], input="asked", stdout=subprocess.PIPE, text=True, timeout=30, check=True)
    assert done.stdout == "asked 1 True\n"


class Engine:
    def __init__(self):
        self.signals, self.dropped = [], []

    def signal_container(self, name, which):
        self.signals.append((name, which))
        if len(self.signals) == 1:
            raise ComposeError("there is none of that name yet")

    def drop_container(self, name):
        self.dropped.append(name)


def test_it_is_asked_again_until_it_ends_and_not_before_its_run_has(monkeypatch):
    monkeypatch.setattr(ending, "LOOK", 0.01)
    engine, ended = Engine(), []
    with ending.asked_to_end(engine, "shop-web-run-1", lambda: bool(ended)) as was_asked:
        time.sleep(0.05)
        assert not was_asked() and engine.signals == []
        ended.append(True)
        deadline = time.monotonic() + 10
        while len(engine.signals) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert was_asked()
    count = len(engine.signals)
    assert count >= 3 and set(engine.signals) == {("shop-web-run-1", "SIGTERM")}
    time.sleep(0.05)
    assert len(engine.signals) == count


class Waiting:
    """A one-off whose container ends with a code once it was asked to, or by itself."""

    service, timeout = "web", None

    def __init__(self, code, seconds):
        self.engine, self.code, self.seconds = Engine(), code, seconds

    def environment(self):
        return set()

    def new_name(self):
        return "shop-web-run-1"

    def run(self, argv, *, name, **_options):
        assert name == "shop-web-run-1" and argv[2].startswith(ending.PASSED_ON)
        time.sleep(self.seconds)
        return self.code, '{"migrate": {"migrations": [], "times": []}}', ""


@pytest.mark.parametrize(("code", "ended", "gives_up"), [(ending.ENDED, True, True), (0, True, False), (0, False, False)])
def test_a_step_is_given_up_only_when_it_was_asked_to_end_and_did(monkeypatch, code, ended, gives_up):
    monkeypatch.setattr(ending, "LOOK", 0.01)
    application = ContainerApplication(Waiting(code, 0.1), "python", "", "")
    if gives_up:
        with pytest.raises(RunEnded):
            application.drive("migrate", has_ended=lambda: ended)
    else:
        assert application.drive("migrate", has_ended=lambda: ended) == {"migrate": {"migrations": [], "times": []}}


def test_nothing_is_left_of_a_container_that_nobody_waits_for_any_more(monkeypatch):
    engine, started = Engine(), []

    def call(arguments, **_options):
        started.append(arguments[arguments.index("--name") + 1])
        raise RunEnded

    monkeypatch.setattr(OneOff, "_image", lambda self: "sha256:1")
    monkeypatch.setattr(OneOff, "dependencies", lambda self: ["--no-deps"])
    monkeypatch.setattr(one_off, "memory_folder", lambda: None)
    facts = {"summary": {"name": "shop", "services": {"web": {"depends_on": []}}}, "file": "/srv/shop/compose.yml"}
    of = OneOff(SimpleNamespace(engine=engine, call=call), "/config.json", facts, "web")
    with pytest.raises(RunEnded):
        of.run(["pg_dump"], entrypoint=False)
    assert engine.dropped == started and started[0].startswith("shop-web-run-")
