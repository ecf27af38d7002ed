"""A pull that waits for a network that was cut ends with its run, so that the lock is free."""
from __future__ import annotations

import os
import subprocess
import sys
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock

PULLS = """
import signal, sys, threading, time
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock
from ansible_collections.django_ansible.deploy.plugins.modules import compose_pull
signal.signal(signal.SIGTERM, compose_pull.stop)
lock = DeployLock("shop", "7-1-a", "mona", sys.argv[1])
with lock.step():
    threading.Thread(target=compose_pull.end_with_run, args=(lock,), daemon=True).start()
    print("pulls", flush=True)
    time.sleep(300)
"""


def test_a_pull_ends_when_its_run_is_gone(tmp_path):
    lock = DeployLock("shop", "7-1-a", "mona", str(tmp_path))
    lock.take()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "-c", PULLS, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout.readline() == "pulls\n"
    time.sleep(1.5)
    assert process.poll() is None
    lock.ask_to_stop()
    assert process.wait(timeout=60) == 143
    process.stdout.close()
    assert lock.holder() is None
