"""What waits for a network that was cut, and changes nothing that serves, ends with its run."""
from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import giving_up
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.giving_up import RunEnded, ending_with
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock

PLUGINS = Path(__file__).parents[5] / "plugins"
WAITS = """
import subprocess, sys
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.giving_up import RunEnded
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock
lock = DeployLock("shop", "7-1-a", "mona", sys.argv[1])
try:
    with lock.step(), lock.while_run_lives():
        print("works", flush=True)
        try:
            subprocess.run(["sleep", "300"])
        except Exception:
            print("handled", flush=True)
except RunEnded as error:
    print(error, flush=True)
"""


def test_a_step_that_waits_for_a_program_ends_when_its_run_is_gone_and_leaves_the_lock_to_who_heard_that(tmp_path):
    lock = DeployLock("shop", "7-1-a", "mona", str(tmp_path))
    lock.take()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", WAITS, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout.readline() == "works\n"
        time.sleep(1.5)
        assert process.poll() is None
        assert lock.try_step() is None
        lock.ask_to_stop()
        assert process.wait(timeout=60) == 0
        assert process.stdout.read() == "this host did not hear of its run for too long: stopped here\n"
    with lock.try_step():
        assert lock.is_held()


def test_work_that_ends_in_time_is_not_interrupted_and_what_comes_after_neither(monkeypatch):
    monkeypatch.setattr(giving_up, "LOOK", 0.01)
    ended: list[bool] = []
    with ending_with(lambda: bool(ended)):
        time.sleep(0.05)
    ended.append(True)
    time.sleep(0.05)
    with pytest.raises(RunEnded), ending_with(lambda: bool(ended)):
        time.sleep(60)


def test_what_has_to_come_to_its_own_end_is_given_up_after_it(monkeypatch):
    monkeypatch.setattr(giving_up, "LOOK", 0.01)
    ended, did = [], []

    def install():
        with giving_up.whole():
            ended.append(True)
            time.sleep(0.1)
            did.append("whole")

    with pytest.raises(RunEnded), ending_with(lambda: bool(ended)):
        install()
        did.append("more")
    assert did == ["whole"]
    ended.clear()
    # Beside the main thread, it is nothing that this one waits for.
    with ThreadPoolExecutor(1) as beside, pytest.raises(RunEnded), ending_with(lambda: bool(ended)):
        beside.submit(install)
        time.sleep(60)


@pytest.mark.parametrize(
    ("file", "works"),
    [
        ("module_utils/slots/preparing.py", "prepare"), ("module_utils/slots/preparing.py", "wait"), ("modules/compose_pull.py", "run"),
        ("modules/app_migrate.py", "found_here"), ("modules/compose_migrate.py", "found_here"),
    ],
)
def test_what_downloads_and_builds_ends_with_its_run(file, works):
    calls = [
        call
        for block in ast.walk(ast.parse((PLUGINS / file).read_text()))
        if isinstance(block, ast.With) and any("while_run_lives" in ast.unparse(item) for item in block.items)
        for call in ast.walk(block)
        if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == works
    ]
    assert len(calls) == 1
